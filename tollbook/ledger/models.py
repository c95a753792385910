"""Double entry. Transactions and postings are only ever added; the database refuses anything else."""

from django.db import models


class LedgerAccount(models.Model):
    """An account of the chart. Customers are the sub-ledger of `receivable`: see `Posting.customer_id`."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", "what customers owe"
        REVENUE = "revenue", "what was sold"
        TAX = "tax", "what is owed to the tax office"
        ROUNDING = "rounding", "differences between the sum of calls and the invoice"
        CASH = "cash", "payments received, less those given back"

    kind = models.CharField(max_length=20, choices=Kind)
    detail = models.CharField(max_length=40, blank=True, help_text="usage kind of revenue, percent of tax")
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "detail", "currency"], name="ledgeraccount_once"),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.detail, self.currency) if part)


class Transaction(models.Model):
    """Something that happened to money, with what it was for. Usage: one per batch, account, month, kind and tax."""

    class Kind(models.TextChoices):
        USAGE = "usage"
        USAGE_REVERSAL = "usage_reversal"
        INVOICE_ROUNDING = "invoice_rounding"
        TIER = "tier", "what reaching a tier changes of usage posted before"
        FEE = "fee", "fees of subscriptions, and what is credited of them"
        CHARGE = "charge", "by hand"
        CREDIT = "credit", "by hand"
        PAYMENT = "payment"
        REFUND = "refund", "a payment, or a part of one, given back"

    id = models.BigIntegerField(primary_key=True)
    kind = models.TextField(choices=Kind)
    posted_at = models.DateTimeField()
    customer_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True)
    month = models.DateField(help_text="first day of the customer's month it belongs to")
    usage_kind = models.TextField(null=True)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    is_gross = models.BooleanField(help_text="the tariff's prices contain tax")
    currency = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "month"], name="transaction_by_customer"),
            # Usage is found by its own index; there is much of it, and little else.
            models.Index(
                fields=["customer_id", "posted_at", "id"],
                condition=~models.Q(kind__in=["usage", "usage_reversal"]),
                name="transaction_money_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Posting(models.Model):
    """One leg of a transaction: positive = debit. Together they are zero (a trigger sees to it)."""

    pk = models.CompositePrimaryKey("transaction_id", "leg")
    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    leg = models.SmallIntegerField()
    ledger_account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    customer_id = models.BigIntegerField(null=True, help_text="whose receivable; null on the other legs")
    amount_nanos = models.BigIntegerField()
    currency = models.TextField()

    class Meta:
        indexes = [
            # All that balances are made of, so that those of a page of customers are read from the index alone.
            models.Index(
                fields=["customer_id", "currency"],
                include=["amount_nanos"],
                condition=models.Q(customer_id__isnull=False),
                name="posting_balance",
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id}/{self.leg}"
