"""Prices that depend on how much was used in a period."""

from django.db import models
from django.db.models import Q

from tollbook.catalog.models.plans import DestinationGroup
from tollbook.catalog.models.products import Product
from tollbook.catalog.models.tariffs import KIND_CHOICES


class TierMode(models.TextChoices):
    """What a tier's price is for."""

    GRADUATED = "graduated", "each slice costs its own price"
    VOLUME = "volume", "everything costs the price of the tier that is reached"


class TierScheme(models.Model):
    """The tiers of a product for one kind of usage to some destinations, counted by the customer's billing period.

    Units are counted after allowances. The tiers' prices stand in place of those of the rate's steps; connect fee,
    minimum and maximum stay the rate's.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="tier_schemes")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    group = models.ForeignKey(
        DestinationGroup, on_delete=models.PROTECT, null=True, help_text="null = every destination"
    )
    mode = models.CharField(max_length=10, choices=TierMode)
    is_shared = models.BooleanField(default=False, help_text="all accounts of the customer count together")
    place = models.PositiveSmallIntegerField(default=0, help_text="of several that fit the first counts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "name"], name="tierscheme_name_once")]

    def __str__(self) -> str:
        return f"{self.product}: {self.name}"


class TierStep(models.Model):
    """From so many units on, another price."""

    scheme = models.ForeignKey(TierScheme, on_delete=models.CASCADE, related_name="steps")
    from_units = models.BigIntegerField(help_text="billed seconds, messages or bytes before it; the first is 0")
    per_min_nanos = models.BigIntegerField(null=True, help_text="kinds counted in time")
    per_unit_nanos = models.BigIntegerField(null=True, help_text="messages and data: of one `unit`")
    unit = models.CharField(max_length=10, blank=True, help_text="key of rating.frames.UNITS")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "from_units"], name="tierstep_once"),
            models.CheckConstraint(
                condition=Q(from_units__gte=0) & (Q(per_min_nanos=None) ^ Q(per_unit_nanos=None)),
                name="tierstep_is_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} from {self.from_units}"
