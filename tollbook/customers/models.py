"""Who pays, what makes their usage, and who they are at the platforms, each over time."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models.expressions import RawSQL

from tollbook.catalog.models import Product
from tollbook.connections.models import Connection


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


class AccountState(models.TextChoices):
    INACTIVE = "inactive", "not in use yet"
    ACTIVE = "active"
    BLOCKED = "blocked"
    TERMINATED = "terminated", "ended for good; its record stays"


class BlockedBy(models.TextChoices):
    STAFF = "staff"
    CUSTOMER = "customer"
    CREDIT = "credit"
    PLATFORM = "platform", "found blocked there"


class Account(models.Model):
    """What makes usage: an extension, SIM, trunk, number. Active in `[active_from, active_until)`."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="accounts")
    code = models.CharField(max_length=64, unique=True, help_text="how platforms name it in `account_ref`")
    name = models.CharField(max_length=200, blank=True)
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")
    state = models.CharField(max_length=10, choices=AccountState, default=AccountState.ACTIVE)
    blocked_by = models.CharField(max_length=10, choices=BlockedBy, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(active_until__gt=models.F("active_from"))
                | models.Q(active_from=None)
                | models.Q(active_until=None),
                name="account_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(state="blocked") ^ models.Q(blocked_by=""), name="account_blocked_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Number(models.Model):
    """A number on an account in `[active_from, active_until)`: E.164 digits without plus."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="numbers")
    digits = models.BigIntegerField(db_index=True, help_text="E.164 has no leading zero, so nothing is lost")
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")

    class Meta:
        constraints = [
            # The embedded server has no btree_gist, so equality of numbers is written as overlap of
            # one-number ranges, which core PostgreSQL can index.
            ExclusionConstraint(
                name="number_has_one_owner_at_a_time",
                expressions=[
                    (RawSQL("int8range(digits, digits, '[]')", ()), "&&"),
                    (RawSQL("tstzrange(active_from, active_until)", ()), "&&"),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(digits__gt=0, digits__lt=10**18), name="number_is_at_most_18_digits"
            ),
        ]

    def __str__(self) -> str:
        return f"+{self.digits}"


class Pairing(models.Model):
    """Who a customer is at a platform, in `[active_from, active_until)`.

    A customer may be several at the platform, and one of the platform several here. What was decided is never
    changed, only ended; the next decision is another row.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="pairings")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pairings")
    foreign_id = models.TextField(db_collation="C", help_text="the platform's id, as text")
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, help_text="sync, or who")
    why = models.CharField(max_length=500)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "foreign_id", "customer"],
                condition=models.Q(active_until=None),
                name="pairing_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(active_until__gt=models.F("active_from"))
                | models.Q(active_from=None)
                | models.Q(active_until=None),
                name="pairing_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["connection", "foreign_id"], name="pairing_by_foreign_id")]

    def __str__(self) -> str:
        return f"{self.customer_id} is {self.foreign_id}"


class AccountLink(models.Model):
    """Which account of a platform an account is, in `[active_from, active_until)`."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="links")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="account_links")
    foreign_id = models.TextField(db_collation="C", help_text="the platform's id of the account, as text")
    foreign_customer_id = models.TextField(blank=True, help_text="whose it is there")
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")
    state_word = models.CharField(max_length=40, blank=True, help_text="the platform's own word, as last seen")
    seen_at = models.DateTimeField(help_text="when the platform last had it")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "foreign_id"],
                condition=models.Q(active_until=None),
                name="accountlink_one_account_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} is {self.foreign_id}"
