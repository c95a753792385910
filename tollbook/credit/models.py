"""Who shall not call, why, and whether the platforms have been brought to it."""

from django.db import models

from tollbook.connections.models import Connection
from tollbook.connectors.base import Target
from tollbook.customers.models import Account, BlockedBy, Customer

TARGETS = [(one.value, one.value) for one in Target]


class HeldBy(models.TextChoices):
    """Whose hold it is. Each lifts its own only; who holds an account is also who blocked it."""

    STAFF = BlockedBy.STAFF.value, "a person"
    CREDIT = BlockedBy.CREDIT.value, "funds used up, or money overdue"
    CUSTOMER = BlockedBy.CUSTOMER.value, "the customer"


class Wanted(models.TextChoices):
    """How something shall stand at a platform."""

    SUSPENDED = "suspended", "no calls"
    OUTBOUND_ONLY = "outbound_only", "no outgoing calls; calls in and emergency calls go on"
    ACTIVE = "active", "calls as ever"


class Manner(models.TextChoices):
    """How calls are stopped."""

    KEEP_EMERGENCY = (
        "keep_emergency",
        "all calls where emergency calls go on all the same, else outgoing calls only",
    )
    SUSPENDED = Wanted.SUSPENDED.value, "all calls"
    OUTBOUND_ONLY = Wanted.OUTBOUND_ONLY.value, "outgoing calls only, where the platform can do that"


class Hold(models.Model):
    """Somebody's reason for which a customer, or one account, shall not call. Suspended while there is any."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="holds")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="holds", help_text="null = all of them"
    )
    held_by = models.CharField(max_length=10, choices=HeldBy)
    manner = models.CharField(
        max_length=20, choices=Manner, blank=True, help_text="blank = the connection's policy"
    )
    cuts_calls = models.BooleanField(null=True, help_text="null = the connection's policy")
    why = models.CharField(max_length=500, blank=True)
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=150, blank=True)
    lifted_at = models.DateTimeField(null=True, help_text="null = it holds")
    lifted_why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "account", "held_by"],
                condition=models.Q(lifted_at=None),
                nulls_distinct=False,
                name="hold_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.held_by} holds {self.account or self.customer}"


class OrderState(models.TextChoices):
    WAITING = "waiting", "to be told"
    TOLD = "told", "told, or being told; not known to be done"
    DONE = "done", "the platform says so, or a person"
    FAILED = "failed"
    FOR_A_PERSON = "for_a_person", "only somebody can do it"
    SUPERSEDED = "superseded", "something else is wanted since"


UNDER_WAY = (OrderState.WAITING, OrderState.TOLD)


class SuspensionOrder(models.Model):
    """How one thing at a platform shall stand, and how far that has got.

    The one that is not superseded is what is wanted now. It is done when the platform, asked, says so.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="suspension_orders")
    target = models.CharField(max_length=10, choices=TARGETS)
    foreign_id = models.TextField(db_collation="C", help_text="the platform's id, as text")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="suspension_orders")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="suspension_orders")
    wanted = models.CharField(max_length=20, choices=Wanted)
    cuts_calls = models.BooleanField(default=False, help_text="calls in progress are ended too")
    keeps_emergency = models.BooleanField(null=True, help_text="emergency calls go on; null = nobody can say")
    by_hand = models.BooleanField(default=False, help_text="no connector can tell or ask it")
    state = models.CharField(max_length=20, choices=OrderState, default=OrderState.WAITING)
    reason = models.TextField(blank=True, help_text="why it stands so, and the next step")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    why = models.CharField(max_length=500, blank=True, help_text="of who asked")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="tries that did not get on")
    next_try_at = models.DateTimeField(null=True, help_text="null = not tried any more")
    must_be_told = models.BooleanField(
        default=False, help_text="even if it stands so: another word may be on its way, or calls are to be cut"
    )
    told_at = models.DateTimeField(null=True, help_text="written before the platform is told")
    was_so = models.BooleanField(null=True, help_text="it stood so before it was told: somebody else's doing")
    read_state = models.CharField(max_length=20, blank=True, help_text="the platform's last word, as read back")
    read_word = models.CharField(max_length=40, blank=True, help_text="the same in its own words")
    read_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True, help_text="when it was done, had failed, or went to a person")
    drift = models.TextField(
        blank=True, help_text="how the platform differs from what was done; blank = it agrees"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "target", "foreign_id"],
                condition=~models.Q(state="superseded"),
                name="suspensionorder_one_wanted_state",
            ),
            # Nothing gets stuck: what is under way is due some time.
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "told"], next_try_at__isnull=False)
                | (~models.Q(state__in=["waiting", "told"]) & models.Q(next_try_at=None)),
                name="suspensionorder_under_way_is_due",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["waiting", "told"], by_hand=True),
                name="suspensionorder_by_hand_is_not_told",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["failed", "for_a_person"]) | ~models.Q(reason=""),
                name="suspensionorder_failed_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(next_try_at__isnull=False), name="suspensionorder_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.foreign_id} {self.wanted}"


class OrderEvent(models.Model):
    """Something that became of an order. Added to, never changed (a trigger sees to it)."""

    order = models.ForeignKey(SuspensionOrder, on_delete=models.PROTECT, related_name="events")
    what = models.CharField(max_length=20, help_text="asked, telling, told, done, drifted … : data, not a choice")
    detail = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.order_id}: {self.what}"


class OnDrift(models.TextChoices):
    """What is done when a platform no longer stands as it was brought to."""

    REPORT = "report", "raise an alarm"
    ENFORCE = "enforce", "tell the platform again"
    ACCEPT = "accept", "take it over: what is wanted follows"


class Policy(models.Model):
    """How calls are stopped at a connection, and what is done about drift."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="suspension_policy")
    manner = models.CharField(max_length=20, choices=Manner, default=Manner.KEEP_EMERGENCY)
    cuts_calls = models.BooleanField(default=False)
    on_drift = models.CharField(max_length=10, choices=OnDrift, default=OnDrift.REPORT)

    def __str__(self) -> str:
        return f"{self.connection}: {self.manner}, {self.on_drift}"


class WhenUsedUp(models.TextChoices):
    """What is done when a customer's funds are used up. The alarm is raised in any case."""

    ALARM = "alarm", "nothing but the alarm"
    SUSPEND = "suspend", "suspended, as the connection's policy says"
    OUTBOUND_ONLY = "outbound_only", "outgoing calls only"


class FundsPolicy(models.Model):
    """What credit control may do to a customer. Without one: the alarm only."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="funds_policy")
    when_used_up = models.CharField(max_length=20, choices=WhenUsedUp, default=WhenUsedUp.ALARM)

    def __str__(self) -> str:
        return f"{self.customer}: {self.when_used_up}"
