"""Who customers are at the platforms: the platform's list as last seen, what was decided, and by whom."""

from django.db import models

from tollbook.connections.models import Connection
from tollbook.customers.models.customers import Customer


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


class Standing(models.TextChoices):
    """How far we know who a platform's customer is."""

    PAIRED = "paired"
    SUGGESTED = "suggested", "somebody may accept a suggestion"
    CONFLICT = "conflict", "somebody must decide"
    UNMATCHED = "unmatched", "nobody here has its keys"
    IGNORED = "ignored", "no customer of ours; somebody said so"


class ForeignCustomer(models.Model):
    """A customer in a platform's list, as last seen."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="foreign_customers")
    foreign_id = models.TextField(db_collation="C")
    code = models.TextField(blank=True, help_text="another name by which people know them there")
    name = models.TextField(blank=True)
    state = models.CharField(max_length=20)
    state_word = models.CharField(max_length=40, blank=True, help_text="the platform's own word")
    identities = models.JSONField(default=list, help_text="[[scheme, value as written]]")
    email = models.TextField(blank=True)
    street = models.TextField(blank=True)
    postcode = models.TextField(blank=True)
    city = models.TextField(blank=True)
    country = models.TextField(blank=True)
    currency = models.TextField(blank=True)
    timezone = models.TextField(blank=True)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True, help_text="when a complete list no longer had it")
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.UNMATCHED)
    remark = models.TextField(blank=True, help_text="why it stands so, and what to do")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "foreign_id"], name="foreigncustomer_once")]

    def __str__(self) -> str:
        return f"{self.foreign_id} {self.name}"


class SuggestionState(models.TextChoices):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected", "never suggested nor paired by itself again"


class Suggestion(models.Model):
    """Who a platform's customer might be here. Only a person makes a pairing of it."""

    foreign = models.ForeignKey(ForeignCustomer, on_delete=models.CASCADE, related_name="suggestions")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="suggestions")
    score = models.PositiveSmallIntegerField(help_text="0 to 100")
    hints = models.JSONField(default=list, help_text="what speaks for it, in plain words")
    state = models.CharField(max_length=10, choices=SuggestionState, default=SuggestionState.OPEN)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["foreign", "customer"], name="suggestion_once")]

    def __str__(self) -> str:
        return f"{self.foreign_id} may be {self.customer_id}"


class PairingDeed(models.TextChoices):
    PAIRED = "paired"
    ENDED = "ended"
    REJECTED = "rejected"
    IGNORED = "ignored"
    NOTICED = "noticed", "no longer ignored"
    GONE = "gone", "a complete list no longer had it"
    RETURNED = "returned"


class PairingEvent(models.Model):
    """Who decided what about a platform's customer, and why. Added to, never changed."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pairing_events")
    foreign_id = models.TextField(db_collation="C")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="pairing_events")
    what = models.CharField(max_length=10, choices=PairingDeed)
    by = models.CharField(max_length=150, help_text="sync, or who")
    why = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["connection", "foreign_id"], name="pairingevent_by_foreign_id")]

    def __str__(self) -> str:
        return f"{self.foreign_id}: {self.what}"
