"""Which products a customer may use, and how many of each."""

from django.db import models

from tollbook.catalog.models import Product
from tollbook.customers.models.customers import Customer


class Agreement(models.Model):
    """A product that a customer and their accounts may use, on so many accounts at the same time.

    Staff are not bound by it. Whether it is in the main or in the add-on list is what the product is.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="agreements")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="agreements")
    quantity = models.PositiveIntegerField(null=True, help_text="null = unlimited")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "product"], name="agreement_once"),
            models.CheckConstraint(
                condition=models.Q(quantity=None) | models.Q(quantity__gt=0), name="agreement_is_about_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.product} {self.quantity or 'unlimited'}"
