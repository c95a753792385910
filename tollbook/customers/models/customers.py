"""Who pays."""

from django.db import models


class CustomerState(models.TextChoices):
    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class TaxTreatment(models.TextChoices):
    """Why the tax rate is what it is, as the invoice says it."""

    STANDARD = "standard", "the percentage is printed"
    EXEMPT = "exempt", "not taxed by law"
    REVERSE_CHARGE = "reverse_charge", "the customer accounts for the tax"
    OUT_OF_SCOPE = "out_of_scope", "not subject to the seller's tax"


class Customer(models.Model):
    """Who pays."""

    code = models.CharField(max_length=64, unique=True, help_text="the operator's own name for the customer")
    name = models.CharField(max_length=200)
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    tax_id = models.CharField(max_length=40, blank=True, help_text="NIP or VAT id, printed on the invoice")
    email = models.CharField(max_length=254, blank=True)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=8, default="en")
    timezone = models.CharField(max_length=64, default="UTC", help_text="months are this zone's months")
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text="percent on usage")
    tax_treatment = models.CharField(max_length=20, choices=TaxTreatment, default=TaxTreatment.STANDARD)
    tax_note = models.CharField(max_length=300, blank=True, help_text="printed: why no or another tax")
    payment_days = models.PositiveSmallIntegerField(default=14)
    is_prepaid = models.BooleanField(default=False)
    credit_limit = models.DecimalField(max_digits=20, decimal_places=9, null=True, blank=True)
    state = models.CharField(max_length=20, choices=CustomerState, default=CustomerState.OPEN)
    created_at = models.DateTimeField(null=True, blank=True, help_text="null = before this was kept")
    needs_approval = models.BooleanField(
        null=True, help_text="accounts they make wait for staff; null = as the product says"
    )
    features = models.JSONField(default=dict, help_text="service features of all their accounts")
    custom = models.JSONField(default=dict, help_text="values of custom fields, by the field's id")
    details = models.JSONField(
        default=dict, help_text="what clients of the API keep with the customer and nothing here depends on"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tax_rate__gte=0, tax_rate__lt=100), name="customer_tax_rate_is_percent"
            ),
            models.CheckConstraint(
                condition=models.Q(tax_treatment="standard") | models.Q(tax_rate=0),
                name="customer_pays_tax_only_when_standard",
            ),
            models.CheckConstraint(condition=models.Q(currency__regex="^[A-Z]{3}$"), name="customer_currency_iso"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Identity(models.Model):
    """Something else that names the customer: NIP, PESEL, a platform's id. Used to pair, not to pay."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    scheme = models.CharField(max_length=40)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "scheme", "value"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}"


class CustomerEvent(models.Model):
    """Something that became of a customer. Added to, never changed."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="events")
    what = models.CharField(max_length=40, help_text="created, agreement, closed … : data, not a choice")
    detail = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.what}"


class CustomField(models.Model):
    """A field of the operator's own, with customers or with accounts."""

    class Of(models.TextChoices):
        CUSTOMER = "customer"
        ACCOUNT = "account"

    of = models.CharField(max_length=10, choices=Of)
    name = models.CharField(max_length=100)
    default = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "name"], name="customfield_name_once")]

    def __str__(self) -> str:
        return self.name
