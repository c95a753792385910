"""Documents on top of the ledger: the seller, invoices and their lines."""

from django.db import models
from django.db.models import F, Q

from tollbook.customers.models import Customer


class Seller(models.Model):
    """The operator as it stands on invoices."""

    name = models.CharField(max_length=200, unique=True)
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2)
    tax_id = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    bank_name = models.CharField(max_length=100, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    logo = models.BinaryField(null=True, help_text="SVG or PNG")

    def __str__(self) -> str:
        return self.name


class InvoiceSeries(models.Model):
    """Numbers without gaps: the row is locked while a number is taken, and freed with the invoice or not at all."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT)
    prefix = models.CharField(max_length=40, unique=True, help_text="before the number, as FV/2017/")
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    def __str__(self) -> str:
        return self.prefix


class Invoice(models.Model):
    """What a customer is asked to pay for `[period_since, period_until)`, in days of the customer's zone."""

    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, related_name="invoices")
    sequence = models.PositiveIntegerField(help_text="gapless in its series")
    number = models.CharField(max_length=60, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    period_since = models.DateField()
    period_until = models.DateField()
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    is_gross = models.BooleanField(help_text="prices contain tax: tax was computed from the gross total")
    net = models.DecimalField(max_digits=20, decimal_places=3)
    tax = models.DecimalField(max_digits=20, decimal_places=3)
    gross = models.DecimalField(max_digits=20, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="invoice_sequence_once"),
            models.CheckConstraint(condition=Q(gross=F("net") + F("tax")), name="invoice_gross_is_net_plus_tax"),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """One kind of usage to one destination, at one tax rate; or a fee, or an amount entered by hand."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    usage_kind = models.CharField(max_length=20, help_text="or fee, charge, credit")
    destination = models.TextField(help_text="of money: its text, as the plan or the comment has it")
    what = models.CharField(max_length=12, blank=True, help_text="of a fee: a FeeKind; of usage: tier, or blank")
    since = models.DateField(null=True, help_text="of a fee: its first day")
    until = models.DateField(null=True, help_text="of a fee: the first day after it")
    records = models.PositiveIntegerField(help_text="calls, messages or sessions; subscriptions, or their days")
    billed = models.BigIntegerField(help_text="billed seconds, messages, or bytes of data")
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2)
    net = models.DecimalField(max_digits=20, decimal_places=3)
    tax = models.DecimalField(max_digits=20, decimal_places=3)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="invoiceline_position_once")]

    def __str__(self) -> str:
        return f"{self.invoice} {self.position}"


class InvoicedTransaction(models.Model):
    """A transaction, and so each of its postings, is on at most one invoice."""

    transaction_id = models.BigIntegerField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="transactions")

    def __str__(self) -> str:
        return f"{self.transaction_id} on {self.invoice_id}"


class StoredDocument(models.Model):
    """The invoice as it was sent. Kept as bytes: last year's paper must not change with a template."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "name"], name="storeddocument_name_once")]

    def __str__(self) -> str:
        return self.name
