"""What somebody must look at, and the messages that tell them."""

from uuid import uuid4

from django.db import models

from tollbook.connections.models import Connection


class AlarmKind(models.TextChoices):
    """What is wrong. Kinds are data: another part may raise its own."""

    STALE_SOURCE = "stale_source", "nothing new for longer than the connection allows"
    GAP = "gap", "a file or number of a sequence is missing"
    ERRORS = "errors", "more records than usual are set aside"
    COLLECT_FAILED = "collect_failed", "usage could not be fetched"
    PASSWORD_EXPIRES = "password_expires", "the platform wants another password"
    SYNC_FAILED = "sync_failed", "customers and accounts could not be brought up to date"
    JOB_FAILED = "job_failed", "a job of the house failed"
    ORDER_FAILED = "order_failed", "a customer or account could not be suspended or resumed at a platform"
    ORDER_FOR_A_PERSON = "order_for_a_person", "somebody must suspend or resume by hand"
    ORDER_DRIFTED = "order_drifted", "a platform does not stand as it was brought to"
    FUNDS_USED_UP = "funds_used_up", "a customer owes as much as the credit limit, or more"
    MESSAGE_FAILED = "message_failed", "a message could not be delivered and is not tried any more"


class Alarm(models.Model):
    """Something that is wrong now. Raised once however often it is seen; cleared when it is seen no more."""

    kind = models.CharField(max_length=40)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE, related_name="alarms")
    subject = models.CharField(
        max_length=200, help_text="what it is about: a customer, a file; tells alarms apart"
    )
    text = models.TextField(help_text="the thing, the value and the next step")
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when it was last found to be so")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "connection", "subject"],
                condition=models.Q(cleared_at=None),
                nulls_distinct=False,
                name="alarm_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"


class Channel(models.TextChoices):
    MAIL = "mail"
    WEBHOOK = "webhook"


class AlarmSubscription(models.Model):
    """Who is told of alarms, and how."""

    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=500, help_text="of mail, or the URL")
    kinds = models.JSONField(default=list, help_text="of alarms; none = all")
    secret = models.TextField(
        blank=True, help_text="signs what goes to a webhook; encrypted (connections.secrets)"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"


class Message(models.Model):
    """The outbox: written with what it tells of, sent afterwards, tried again until it is."""

    key = models.UUIDField(default=uuid4, help_text="goes with it, so that a repeat is known as one")
    subscription = models.ForeignKey(
        AlarmSubscription, null=True, on_delete=models.SET_NULL, related_name="messages"
    )
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=500, help_text="of mail, or the URL")
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    written_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="null = sent, or given up")
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="of the last attempt")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(next_attempt_at__isnull=False), name="message_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"
