"""Fees by the period: who subscribes to what, and what was charged for it."""

from django.db import models
from django.db.models import F, Q

from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.customers.models import Account, Customer


class Subscription(models.Model):
    """A plan that a customer pays for, in days `[starts_on, ends_on)` of their zone; of one account, or as a whole."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    account = models.ForeignKey(
        Account,
        null=True,
        on_delete=models.PROTECT,
        related_name="subscriptions",
        help_text="null = the customer's",
    )
    plan = models.ForeignKey(SubscriptionPlan, on_delete=models.PROTECT, related_name="subscriptions")
    product = models.ForeignKey(
        Product,
        null=True,
        on_delete=models.PROTECT,
        related_name="subscriptions",
        help_text="the product or add-on that brought it; null = it was made by itself",
    )
    fee = models.DecimalField(
        max_digits=20, decimal_places=9, null=True, help_text="for a period, instead of the plan's"
    )
    created_at = models.DateTimeField()
    starts_on = models.DateField(null=True, help_text="null = with the first use")
    ends_on = models.DateField(null=True, help_text="the first day without it; null = open end")
    charged_until = models.DateField(null=True, help_text="fees of days before it are charged; null = of none yet")
    due_on = models.DateField(
        null=True, help_text="the next day on which fees are owed; null = never, or not before the first use"
    )
    waived_until = models.DateField(
        null=True, help_text="days without service before it are credited; null = none was looked at"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gte=F("starts_on")),
                name="subscription_ends_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["account", "product"],
                condition=Q(ends_on=None, product__isnull=False),
                name="subscription_of_a_product_once",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(due_on__isnull=False), name="subscription_due"),
            models.Index(
                fields=["id"], condition=Q(starts_on=None, ends_on=None), name="subscription_waits_for_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} of {self.account or self.customer}"


class FeeKind(models.TextChoices):
    """What an amount is for."""

    ACTIVATION = "activation"
    FEE = "fee"
    WAIVER = "waiver", "a day without service, credited"
    GIVEN_BACK = "given_back", "days paid for after the end"
    PENALTY = "penalty", "ended before the minimum term"


class FeeCharge(models.Model):
    """An amount charged (positive) or credited (negative) for days `[since, until)`. Made once, never changed."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="charges")
    what = models.CharField(max_length=12, choices=FeeKind)
    since = models.DateField()
    until = models.DateField()
    reason = models.CharField(max_length=20, blank=True, help_text="of a waiver: a WaiveReason")
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    fee = models.DecimalField(
        max_digits=20,
        decimal_places=9,
        null=True,
        help_text="of the whole period then; null = it is no part of one",
    )
    transaction_id = models.BigIntegerField(unique=True, help_text="of the ledger")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "what", "since", "until", "reason"], name="feecharge_once"
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="feecharge_is_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.since}: {self.amount}"
