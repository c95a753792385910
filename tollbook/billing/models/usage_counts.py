"""What of included and tiered usage is used up, and by which records."""

from django.db import models
from django.db.models import F, Q

from tollbook.billing.models.subscriptions import Subscription
from tollbook.catalog.models import Allowance, TierScheme
from tollbook.customers.models import Account, Customer


class AllowancePool(models.Model):
    """An allowance of one subscription in days `[since, until)` of the customer's zone."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="pools")
    allowance = models.ForeignKey(Allowance, on_delete=models.PROTECT, related_name="pools")
    since = models.DateField()
    until = models.DateField()
    amount = models.BigIntegerField(help_text="with what was carried over into it")
    carried_in = models.BigIntegerField(default=0)
    taken = models.BigIntegerField(default=0)
    carried_out = models.BigIntegerField(default=0, help_text="into the next period, so nobody takes it here")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "allowance", "since"], name="allowancepool_once"),
            models.CheckConstraint(
                condition=Q(
                    taken__gte=0,
                    carried_out__gte=0,
                    taken__lte=F("amount") - F("carried_out"),
                    until__gt=F("since"),
                ),
                name="allowancepool_is_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allowance} {self.since}"


class AllowanceTaken(models.Model):
    """What a usage record took of a pool. Written by COPY; a record taken back gives it back, and its row goes."""

    pk = models.CompositePrimaryKey("usage_id", "pool_id")
    usage_id = models.BigIntegerField()
    pool = models.ForeignKey(AllowancePool, on_delete=models.PROTECT, related_name="takers", db_constraint=False)
    amount = models.BigIntegerField(help_text="billed seconds, messages or bytes")
    pays_fee = models.BooleanField(default=True, help_text="the record paid the connect fee all the same")

    def __str__(self) -> str:
        return f"{self.usage_id} took {self.amount}"


class TierCount(models.Model):
    """How much of a tier scheme somebody used in days `[since, until)`, and what that came to.

    Where all costs the price of the tier reached, records keep the price they were given, and what the tier makes of
    them all, less what they were charged, is posted besides, rounded as a whole: `difference_nanos`.
    """

    scheme = models.ForeignKey(TierScheme, on_delete=models.PROTECT, related_name="counts")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tier_counts")
    account = models.ForeignKey(
        Account,
        null=True,
        on_delete=models.PROTECT,
        related_name="tier_counts",
        help_text="null = counted together",
    )
    since = models.DateField()
    until = models.DateField()
    units = models.BigIntegerField(default=0)
    value_sixtieths = models.DecimalField(
        max_digits=30,
        decimal_places=0,
        default=0,
        help_text="what its records came to, exactly, in 1/60 nano-units",
    )
    difference_nanos = models.BigIntegerField(default=0, help_text="posted besides, in entries of kind `tier`")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "customer", "account", "since"], nulls_distinct=False, name="tiercount_once"
            ),
            models.CheckConstraint(condition=Q(units__gte=0, until__gt=F("since")), name="tiercount_is_possible"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.since}: {self.units}"


class TierTaken(models.Model):
    """Which units of a count a usage record was. Written by COPY; a record taken back takes its row with it."""

    usage_id = models.BigIntegerField(primary_key=True)
    count = models.ForeignKey(TierCount, on_delete=models.PROTECT, related_name="takers", db_constraint=False)
    before = models.BigIntegerField(help_text="units counted before it")
    units = models.BigIntegerField()
    value_sixtieths = models.DecimalField(max_digits=30, decimal_places=0, help_text="what they cost, exactly")

    def __str__(self) -> str:
        return f"{self.usage_id}: {self.units}"
