"""Price lists over time: tariffs, their versions and rates."""

from django.db import models

from tollbook.records import KINDS

KIND_CHOICES = [(kind, kind) for kind in KINDS]


class Tariff(models.Model):
    """A price list over time. Its versions hold the prices."""

    name = models.CharField(max_length=200, unique=True)
    currency = models.CharField(max_length=3)
    is_gross = models.BooleanField(default=False, help_text="prices contain tax")
    base = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="derived",
        help_text="not null: its versions are this tariff's with a markup",
    )

    def __str__(self) -> str:
        return self.name


class Markup(models.Model):
    """What a derived tariff puts on its base's prices, from a moment on. Added to, never changed.

    Of two with the same `active_from` the later recorded holds.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="markups")
    basis_points = models.IntegerField(help_text="1250 = 12.5 %")
    active_from = models.DateTimeField(null=True, help_text="null = from ever")
    recorded_at = models.DateTimeField(help_text="when it became known here")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(basis_points__gte=-10_000, basis_points__lte=1_000_000),
                name="markup_is_possible",
            )
        ]

    def __str__(self) -> str:
        return f"{self.tariff}: {self.basis_points} basis points"


class PricesOf(models.TextChoices):
    """Where a version's prices come from."""

    LIST = "list", "its own rates"
    PLATFORM = "platform", "the price on the record, with a markup"
    BASE = "base", "another version's rates, with a markup"


class TariffVersion(models.Model):
    """One imported price list, whole. Never changed: an explanation cites it and is rebuilt from it.

    A call is rated by the version in force at its start: of those with `active_from` not after it the latest,
    and of two with the same `active_from` the one with the higher number.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="1, 2, 3 … inside the tariff")
    recorded_at = models.DateTimeField(help_text="when it became known here")
    active_from = models.DateTimeField(null=True, help_text="calls that start before it are not its business")
    timezone = models.CharField(max_length=64)
    decimals = models.PositiveSmallIntegerField()
    rounding = models.CharField(max_length=20)
    fraction = models.CharField(max_length=20)
    country = models.CharField(max_length=2, blank=True)
    holidays = models.JSONField(default=dict, help_text="calendar name to its ISO dates, as known at import")
    source_name = models.CharField(max_length=500)
    source_sha256 = models.CharField(max_length=64)
    rate_count = models.PositiveIntegerField()
    markup_basis_points = models.IntegerField(
        null=True,
        help_text="not null: no rates of its own, another price is taken with this markup; 1250 = 12.5 %",
    )
    base_version = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="derived",
        help_text="whose rates the markup is put on; null with a markup = the platform's own price",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tariff", "number"], name="tariffversion_number_once"),
            models.CheckConstraint(condition=models.Q(decimals__lte=9), name="tariffversion_decimals_at_most_9"),
            models.CheckConstraint(
                condition=models.Q(markup_basis_points=None)
                | models.Q(markup_basis_points__gte=-10_000, markup_basis_points__lte=1_000_000, rate_count=0),
                name="tariffversion_markup_or_rates",
            ),
            models.CheckConstraint(
                condition=models.Q(base_version=None) | models.Q(markup_basis_points__isnull=False),
                name="tariffversion_base_with_markup",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} v{self.number}"

    @property
    def prices_of(self) -> PricesOf:
        if self.base_version_id is not None:
            return PricesOf.BASE
        return PricesOf.LIST if self.markup_basis_points is None else PricesOf.PLATFORM


class Rate(models.Model):
    """One row of a version's price list, as `rating.frames.RATES` has it. Written by COPY, never changed."""

    # A foreign key would make the COPY of a million rates several times slower; the import checks instead.
    version = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    line = models.BigIntegerField()
    prefix = models.TextField(db_collation="C")
    cli_prefix = models.TextField(db_collation="C")
    destination = models.TextField()
    category = models.TextField(default="", db_default="", help_text="of destinations: national, mobile …")
    kind = models.TextField()
    from_s = models.BigIntegerField()
    first_per_min_nanos = models.BigIntegerField(null=True)
    next_per_min_nanos = models.BigIntegerField(null=True)
    first_increment = models.BigIntegerField()
    next_increment = models.BigIntegerField()
    per_unit_nanos = models.BigIntegerField(null=True)
    unit = models.TextField(null=True)
    connect_fee_nanos = models.BigIntegerField()
    minimum_charge_nanos = models.BigIntegerField()
    maximum_charge_nanos = models.BigIntegerField(null=True)
    grace_period_s = models.BigIntegerField()
    minimum_s = models.BigIntegerField()
    active_from = models.DateTimeField(null=True)
    active_until = models.DateTimeField(null=True)
    weekdays = models.SmallIntegerField(null=True)
    from_time_s = models.IntegerField(null=True)
    until_time_s = models.IntegerField(null=True)
    holiday = models.TextField(null=True)
    is_forbidden = models.BooleanField()
    min_digits = models.BigIntegerField(null=True)
    max_digits = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "line"], name="rate_line_once")]

    def __str__(self) -> str:
        return f"{self.prefix} {self.destination}"
