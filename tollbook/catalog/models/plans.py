"""Fees by the period, and what is included in them."""

from django.db import models
from django.db.models import Q

from tollbook.catalog.models.tariffs import KIND_CHOICES


class ChargeModel(models.TextChoices):
    """When a period's fee is charged."""

    IN_ADVANCE = "in_advance", "before it begins, for one period or several"
    IN_ARREARS = "in_arrears", "when it has ended"
    BY_DAY = "by_day", "each day its part, when the day has ended"


class FeePeriod(models.TextChoices):
    """What a fee is for. Periods are those of the customer's calendar."""

    DAY = "day"
    WEEK = "week", "Monday to Sunday"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Start(models.TextChoices):
    """When a subscription becomes active."""

    ON_CREATION = "on_creation"
    ON_DATE = "on_date", "on the day it names"
    ON_FIRST_USE = "on_first_use", "with the first usage that is charged or free"


class WaiveReason(models.TextChoices):
    """Why a day's part of the fee may be credited."""

    BLOCKED_BY_CUSTOMER = "blocked_by_customer"
    BLOCKED_BY_STAFF = "blocked_by_staff"
    SUSPENDED = "suspended", "the customer, for money that is overdue"
    NO_FUNDS = "no_funds"
    EXPIRED = "expired", "the account"


class SubscriptionPlan(models.Model):
    """What is paid by the period: through a product by each account that has it, or by a customer directly."""

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    invoice_text = models.CharField(max_length=200, blank=True, help_text="on the invoice; blank = the name")
    currency = models.CharField(max_length=3)
    is_gross = models.BooleanField(default=False, help_text="the fees contain tax")
    period = models.CharField(max_length=10, choices=FeePeriod, default=FeePeriod.MONTH)
    fee = models.DecimalField(max_digits=20, decimal_places=9, help_text="for a period")
    activation_fee = models.DecimalField(max_digits=20, decimal_places=9, default=0, help_text="once")
    charge_model = models.CharField(max_length=12, choices=ChargeModel, default=ChargeModel.IN_ADVANCE)
    advance_periods = models.PositiveSmallIntegerField(
        default=1, help_text="charged in advance: how many full periods are paid before they begin"
    )
    starts = models.CharField(max_length=14, choices=Start, default=Start.ON_CREATION)
    prorates_start = models.BooleanField(default=True, help_text="a period that begins late costs its days only")
    prorates_end = models.BooleanField(default=True, help_text="days paid for after the end are credited")
    waives = models.JSONField(default=list, help_text="reasons (WaiveReason) for which days are credited")
    minimum_periods = models.PositiveSmallIntegerField(default=0, help_text="that must be paid for; 0 = none")
    penalty = models.DecimalField(
        max_digits=20, decimal_places=9, null=True, help_text="for ending before; null = the fees up to the term"
    )
    decimals = models.PositiveSmallIntegerField(default=5, help_text="of each amount charged")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="plan_currency_iso"),
            models.CheckConstraint(condition=Q(fee__gte=0, activation_fee__gte=0), name="plan_fees_are_charges"),
            models.CheckConstraint(
                condition=Q(advance_periods__gte=1, advance_periods__lte=36, decimals__lte=9),
                name="plan_is_possible",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class DestinationGroup(models.Model):
    """Prefixes under one name, for allowances and tiers: the EU, mobiles at home."""

    name = models.CharField(max_length=100, unique=True)
    prefixes = models.JSONField(default=list, help_text="leading digits of E.164; the empty one is any number")

    def __str__(self) -> str:
        return self.name


class AllowancePeriod(models.TextChoices):
    """How long an allowance lasts before it is there anew."""

    BILLING = "billing", "the customer's billing period"
    MONTH = "month", "the calendar month of the customer's zone"
    DAY = "day", "the day of the customer's zone"
    ONCE = "once", "never again"


class ConnectFee(models.TextChoices):
    """Whether usage that an allowance covers pays the connect fee."""

    ALWAYS = "always"
    WHEN_CHARGED = "when_charged", "when any part of the call is charged"
    NEVER = "never", "not even when only part of the call is covered"


class Allowance(models.Model):
    """Usage that is included in a plan. Each subscription to the plan has its own, or shares it with the customer."""

    plan = models.ForeignKey(SubscriptionPlan, on_delete=models.CASCADE, related_name="allowances")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    amount = models.BigIntegerField(help_text="seconds, messages or bytes, for a period")
    group = models.ForeignKey(
        DestinationGroup, on_delete=models.PROTECT, null=True, help_text="null = every destination"
    )
    windows = models.JSONField(
        default=list,
        help_text="[{weekdays, from_time, until_time}] as price lists write them; empty = always; the start counts",
    )
    period = models.CharField(max_length=10, choices=AllowancePeriod, default=AllowancePeriod.BILLING)
    ends_on = models.DateField(null=True, help_text="of one that is there once: the first day without it")
    carry_over = models.BigIntegerField(default=0, help_text="at most so much is taken into the next period")
    place = models.PositiveSmallIntegerField(default=0, help_text="its order number: the lowest is taken first")
    prorates = models.BooleanField(default=False, help_text="a part period has a part of the amount")
    is_shared = models.BooleanField(
        default=False, help_text="all accounts of the customer use it, after their own"
    )
    connect_fee = models.CharField(max_length=12, choices=ConnectFee, default=ConnectFee.WHEN_CHARGED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "name"], name="allowance_name_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, carry_over__gte=0), name="allowance_is_possible"),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.name}"
