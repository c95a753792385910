"""What makes usage: accounts, their numbers, and which account of a platform each is, all over time."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models.expressions import RawSQL

from tollbook.catalog.models import Product, Role
from tollbook.connections.models import Connection
from tollbook.customers.models.customers import Customer


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
    role = models.CharField(max_length=20, choices=Role, default=Role.UNIVERSAL)
    email = models.CharField(max_length=254, blank=True, help_text="for notifications")
    timezone = models.CharField(max_length=64, blank=True, help_text="blank = the customer's")
    created_at = models.DateTimeField(null=True, blank=True, help_text="null = before this was kept")
    expires_on = models.DateField(null=True, blank=True, help_text="the first day without service")
    first_used_at = models.DateTimeField(
        null=True, blank=True, help_text="its first usage that was charged or free"
    )
    service_secret = models.TextField(blank=True, help_text="its password at the switch, encrypted")
    features = models.JSONField(default=dict, help_text="service features that differ from the product's")
    follow_me = models.JSONField(default=list, help_text="where its calls go on to, in order")
    custom = models.JSONField(default=dict, help_text="values of custom fields, by the field's id")
    details = models.JSONField(
        default=dict, help_text="what clients of the API keep with the account and nothing here depends on"
    )

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


class AccountProduct(models.Model):
    """A product that an account had, or has, in `[active_from, active_until)`: its main one, or an add-on.

    Kept from the first change on: an account without main products here has always had `Account.product`, which is the
    main product of now in any case.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="products_over_time")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="accounts_over_time")
    is_addon = models.BooleanField()
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always had it")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "product", "is_addon"],
                condition=models.Q(active_until=None),
                name="accountproduct_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(active_until=None, is_addon=False),
                name="accountproduct_one_main_product",
            ),
            models.CheckConstraint(
                condition=models.Q(active_until__gt=models.F("active_from"))
                | models.Q(active_from=None)
                | models.Q(active_until=None),
                name="accountproduct_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} has {self.product}"


class Approval(models.Model):
    """An account that its customer made, and that staff are to activate: what was seen to, and what was decided."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="approval")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    checklist = models.JSONField(default=list, help_text="[{text, by, at}]; by and at once it was seen to")
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, help_text="null = it waits")
    is_approved = models.BooleanField(null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_at=None, is_approved=None)
                | models.Q(decided_at__isnull=False, is_approved__isnull=False),
                name="approval_decided_is_yes_or_no",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} asked {self.asked_at}"


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


class AccountLink(models.Model):
    """Which account of a platform an account is, in `[active_from, active_until)`."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="links")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="account_links")
    foreign_id = models.TextField(db_collation="C", help_text="the platform's id of the account, as text")
    foreign_customer_id = models.TextField(blank=True, help_text="whose it is there")
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")
    state_word = models.CharField(max_length=40, blank=True, help_text="the platform's own word, as last seen")
    numbers = models.JSONField(default=list, help_text="digits that the platform's account had, as last seen")
    seen_at = models.DateTimeField(help_text="when the platform last had it")
    gone_at = models.DateTimeField(null=True, blank=True, help_text="when a complete list no longer had it")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "foreign_id"],
                condition=models.Q(active_until=None),
                name="accountlink_one_account_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["connection", "foreign_id"], name="accountlink_by_foreign_id")]

    def __str__(self) -> str:
        return f"{self.account_id} is {self.foreign_id}"


class MarkKind(models.TextChoices):
    """What of a record says whose it is."""

    ACCOUNT = "account", "the platform's name of an account: extension and tenant"
    TRUNK = "trunk", "the trunk, peer or gateway it came over"
    TEXT = "text", "words in the name that stands in place of a number"
    LINK = "link", "a source that has nothing but this account's records"


class AccountMark(models.Model):
    """By what usage of an account is recognised at a connection, as somebody described it, in a time.

    An account may have several: the extensions of one service, a trunk, a text.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="marks")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="account_marks")
    kind = models.CharField(max_length=10, choices=MarkKind)
    tenant = models.TextField(
        db_collation="C", blank=True, help_text="only records of this tenant; blank = of any"
    )
    value = models.TextField(db_collation="C", help_text="exactly as records have it; a text in lower case")
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "tenant", "value"],
                condition=models.Q(active_until=None),
                name="accountmark_one_account_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(active_until__gt=models.F("active_from"))
                | models.Q(active_from=None)
                | models.Q(active_until=None),
                name="accountmark_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.kind} {self.value}"


class AccountEvent(models.Model):
    """Something that became of an account. Added to, never changed."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="events")
    what = models.CharField(max_length=40, help_text="created, blocked, moved … : data, not a choice")
    detail = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=150, help_text="sync, or who")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.what}"


class FormerCode(models.Model):
    """How an account was called until a moment. Usage from before that names it so is this account's."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="former_codes")
    code = models.CharField(max_length=64, db_index=True)
    until = models.DateTimeField(help_text="when the name became free for another account")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "code"], name="formercode_once")]

    def __str__(self) -> str:
        return f"{self.account_id} was {self.code}"


class ForeignNumber(models.Model):
    """A DID in a platform's list, and the account it was on there, as last seen."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="foreign_numbers")
    digits = models.BigIntegerField(help_text="E.164")
    account_id_there = models.TextField(db_collation="C", help_text="foreign id of the account")
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True, help_text="when a complete list no longer had it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "digits"], name="foreignnumber_once")]

    def __str__(self) -> str:
        return f"+{self.digits} on {self.account_id_there}"
