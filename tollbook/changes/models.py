"""What changed here, as the database itself noted it, and who is told of it at which URL."""

from django.db import models


class Subject(models.TextChoices):
    """What a change is about, and what its `subject_id` is then."""

    CUSTOMER = "customer", "the customer's id"
    ACCOUNT = "account", "the account's id"
    NUMBER = "number", "the digits of a number in stock"
    INVOICE = "invoice", "the invoice's id"


class What(models.TextChoices):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted", "ended for good"


class Listener(models.Model):
    """Who wants to hear of changes. While nobody does, none are noted."""

    name = models.CharField(max_length=40, help_text="webhooks, provisioning")
    subject = models.CharField(max_length=10, choices=Subject)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "name"], name="listener_once")]

    def __str__(self) -> str:
        return f"{self.name} hears of {self.subject}"


class Change(models.Model):
    """Something changed. Written by triggers, once for a subject and a database transaction."""

    subject = models.CharField(max_length=10, choices=Subject)
    subject_id = models.BigIntegerField()
    what = models.CharField(max_length=10, choices=What)
    at = models.DateTimeField(help_text="when its transaction began")
    transaction = models.BigIntegerField(help_text="of the database that noted it")
    spread_at = models.DateTimeField(null=True, help_text="when listeners had it; null = not yet")

    class Meta:
        constraints = [
            # Of what is not spread yet only: another server, after a restore, counts its transactions anew.
            models.UniqueConstraint(
                fields=["transaction", "subject", "subject_id"],
                condition=models.Q(spread_at=None),
                name="change_once_a_transaction",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=models.Q(spread_at=None), name="change_to_be_spread")]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id} {self.what}"


class Auth(models.TextChoices):
    """How a receiver knows that it is us."""

    NONE = "none", "not at all"
    BASIC = "basic", "name and password"
    CUSTOM = "custom", "a value of the receiver's, after its type"
    SIGNATURE = "signature", "HMAC-SHA256 of what is sent"


class Webhook(models.Model):
    """A URL that is told of events whose names match one of the patterns."""

    url = models.CharField(max_length=500, unique=True)
    patterns = models.JSONField(default=list, help_text="as Customer/*; none = every event")
    auth = models.CharField(max_length=10, choices=Auth, default=Auth.NONE)
    auth_header = models.CharField(max_length=100, default="Authorization")
    auth_word = models.CharField(
        max_length=100, blank=True, help_text="the login of basic, the type of custom; blank = the value alone"
    )
    secret = models.TextField(blank=True, help_text="encrypted (connections.secrets)")
    verify = models.CharField(
        max_length=500, blank=True, help_text="yes, no, a file of certificates, or sha256: and a fingerprint"
    )
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.url


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "to be sent, or sent again"
    DONE = "done", "the receiver has it"
    REFUSED = "refused", "the receiver will not have it"
    GIVEN_UP = "given_up", "tried too often"


class Delivery(models.Model):
    """An event for a webhook: sent until the receiver has it, those of one subject in their order."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="deliveries")
    subject = models.CharField(max_length=10, choices=Subject)
    subject_id = models.BigIntegerField()
    event_type = models.CharField(max_length=40)
    body = models.TextField(help_text="as it is posted")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="null = not sent any more")
    settled_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, help_text="of the last attempt, or why there was none")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "change"], name="delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", next_attempt_at__isnull=False)
                | (~models.Q(state="waiting") & models.Q(next_attempt_at=None)),
                name="delivery_waiting_is_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["webhook", "subject", "subject_id", "change"],
                condition=models.Q(state="waiting"),
                name="delivery_in_order",
            ),
            models.Index(
                fields=["webhook", "next_attempt_at"], condition=models.Q(state="waiting"), name="delivery_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.webhook}"
