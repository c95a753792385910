"""Accounts that are made and changed at platforms as they are here: where that is wanted, and how far it has got."""

from django.db import models

from tollbook.connections.models import Connection
from tollbook.customers.models import Account


class Policy(models.Model):
    """Whether accounts of paired customers are made and changed at a connection."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="provisioning_policy")
    is_on = models.BooleanField(default=False)
    products = models.JSONField(default=dict, help_text="code of ours to the platform's product")

    def __str__(self) -> str:
        return f"{self.connection}: {'on' if self.is_on else 'off'}"


class Verb(models.TextChoices):
    CREATE = "create"
    CHANGE = "change"
    END = "end", "for good"


class State(models.TextChoices):
    WAITING = "waiting", "to be told"
    TOLD = "told", "told, or being told; not known to be done"
    DONE = "done", "the platform says so"
    FAILED = "failed"
    FOR_A_PERSON = "for_a_person", "only somebody can do it"
    SUPERSEDED = "superseded", "something else is wanted since"


UNDER_WAY = (State.WAITING, State.TOLD)


class ProvisioningOrder(models.Model):
    """How an account shall be at a platform. The one that is not superseded is what is wanted now."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="provisioning_orders")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="provisioning_orders")
    verb = models.CharField(max_length=10, choices=Verb)
    wanted = models.JSONField(help_text="customer_id, code, product, name …: facts of WantedAccount, no secrets")
    secret_mark = models.CharField(
        max_length=64, blank=True, help_text="another one is another service password; it does not tell which"
    )
    foreign_id = models.TextField(blank=True, db_collation="C", help_text="the platform's id, once it is known")
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="why it stands so, and the next step")
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="null = not tried any more")
    told_at = models.DateTimeField(null=True, help_text="written before the platform is told")
    read_at = models.DateTimeField(null=True, help_text="when the platform was last asked")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "account"],
                condition=~models.Q(state="superseded"),
                name="provisioningorder_one_wish",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "told"], next_try_at__isnull=False)
                | (~models.Q(state__in=["waiting", "told"]) & models.Q(next_try_at=None)),
                name="provisioningorder_under_way_is_due",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["failed", "for_a_person"]) | ~models.Q(reason=""),
                name="provisioningorder_failed_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="provisioningorder_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.account} at {self.connection}"
