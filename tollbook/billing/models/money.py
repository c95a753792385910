"""Money that somebody enters: payments, charges, credits, refunds."""

from django.db import models
from django.db.models import Q

from tollbook.customers.models import Account, Customer


class MoneyAction(models.TextChoices):
    """What an entry does to what the customer owes."""

    PAYMENT = "payment", "less"
    REFUND = "refund", "more: a payment is given back"
    CHARGE = "charge", "more: something is sold"
    CREDIT = "credit", "less: something is remitted"


class MoneyEntry(models.Model):
    """An amount entered by hand or by another system. The same reference of a customer is booked once."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="money")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="money")
    action = models.CharField(max_length=10, choices=MoneyAction)
    amount = models.DecimalField(max_digits=20, decimal_places=9, help_text="positive; tax included")
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=100, blank=True, help_text="of who entered it; blank = none")
    comment = models.CharField(max_length=500, blank=True, help_text="for the customer too")
    note = models.CharField(max_length=500, blank=True, help_text="for staff alone")
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=150)
    transaction_id = models.BigIntegerField(unique=True, help_text="of the ledger")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "reference"], condition=~Q(reference=""), name="moneyentry_reference_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="moneyentry_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.amount} {self.currency}"
