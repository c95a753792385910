"""Numbers that the operator has: in stock, or given to a customer, over time."""

from django.db import models

from tollbook.customers.models.customers import Customer


class StockNumber(models.Model):
    """A number of the operator's. On which account it is, is a `Number`: an alias of the account."""

    digits = models.BigIntegerField(unique=True, help_text="E.164")
    description = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166")
    is_frozen = models.BooleanField(default=False, help_text="given to nobody")
    added_at = models.DateTimeField()
    details = models.JSONField(default=dict, help_text="what clients of the API keep with it")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digits__gt=0, digits__lt=10**18), name="stocknumber_is_at_most_18_digits"
            )
        ]

    def __str__(self) -> str:
        return f"+{self.digits}"


class NumberGrant(models.Model):
    """A number given to a customer in `[active_from, active_until)`: only their accounts may have it."""

    number = models.ForeignKey(StockNumber, on_delete=models.PROTECT, related_name="grants")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="number_grants")
    active_from = models.DateTimeField()
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=models.Q(active_until=None), name="numbergrant_one_customer_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(active_until=None) | models.Q(active_until__gt=models.F("active_from")),
                name="numbergrant_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} is {self.customer_id}'s"
