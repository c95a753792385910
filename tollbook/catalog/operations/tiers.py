"""Tiers: prices that depend on how much was used in a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from django.db import transaction

from tollbook.catalog.models import TierMode, TierScheme, TierStep
from tollbook.catalog.operations import checks
from tollbook.catalog.quantities import BYTE_UNITS, MAX_QUANTITY
from tollbook.errors import BadInput
from tollbook.money import NANOS_PER_UNIT
from tollbook.records import KINDS, Measure

MAX_STEPS = 100
MESSAGE_UNIT = "message"


@dataclass(frozen=True, slots=True)
class TierPrice:
    """What usage costs from so many units of the period on."""

    from_units: int  # seconds, messages or bytes
    price: Decimal  # per minute of kinds counted in time, else per `unit`
    unit: str = ""  # of data: key of rating.frames.UNITS


@transaction.atomic
def set_tiers(
    *,
    product: str,
    name: str,
    kind: str,
    mode: str,
    steps: Sequence[TierPrice],
    group: str | None = None,
    is_shared: bool = False,
    place: int = 0,
) -> TierScheme:
    """Give a product tiers for a kind of usage, or say anew what they are: the steps replace those there were.

    Args:
        product: code of the product.
        name: of the tiers, once in a product.
        kind: of usage.
        mode: one of `models.TierMode`.
        steps: the first from 0 units, each later one from more.
        group: name of a destination group; None = every destination.
        is_shared: all accounts of the customer count together.
        place: of several that fit a call the lowest counts.

    Raises:
        BadInput: an unknown product, kind, mode or group; steps that do not begin at 0 or do not grow, or whose
            price is not for what the kind is counted in.
    """
    whose = f"tiers {name!r} of product {product!r}"
    of = checks.named_product(whose, product)
    checks.text(whose, TierScheme, "name", name, is_required=True)
    if of.is_addon:
        raise BadInput(f"{whose}: it is an add-on; tiers are the main product's")
    checks.usage_kind(whose, kind)
    _check_steps(whose, kind, steps)
    facts = {
        "kind": kind,
        "group": checks.named_group(whose, group),
        "mode": checks.choice(whose, "mode", mode, TierMode),
        "is_shared": is_shared,
        "place": place,
    }
    known = TierScheme.objects.select_for_update().filter(product=of, name=name).first()
    if known is not None and known.counts.exists() and (known.kind, known.mode) != (kind, mode):
        raise BadInput(f"{whose}: usage is counted in them already, so kind and mode stay; use another name")
    scheme, _ = TierScheme.objects.update_or_create(product=of, name=name, defaults=facts)
    scheme.steps.all().delete()
    per_minute = KINDS[kind] is Measure.TIME
    TierStep.objects.bulk_create(
        TierStep(
            scheme=scheme,
            from_units=step.from_units,
            per_min_nanos=_nanos(step.price) if per_minute else None,
            per_unit_nanos=None if per_minute else _nanos(step.price),
            unit=step.unit,
        )
        for step in steps
    )
    return scheme


@transaction.atomic
def remove_tiers(*, product: str, name: str) -> None:
    """Take tiers away in which nothing is counted yet.

    Raises:
        BadInput: there are none of that name, or usage is counted in them.
    """
    whose = f"tiers {name!r} of product {product!r}"
    found = TierScheme.objects.filter(product=checks.named_product(whose, product), name=name).first()
    if found is None:
        raise BadInput(f"{whose}: there are none; see `tollbook tiers list --product {product}`")
    if found.counts.exists():
        raise BadInput(f"{whose}: usage is counted in them; give accounts a product without them instead")
    found.delete()


def _check_steps(whose: str, kind: str, steps: Sequence[TierPrice]) -> None:
    if not steps or len(steps) > MAX_STEPS:
        raise BadInput(f"{whose}: {len(steps)} steps; there are 1 to {MAX_STEPS}")
    if steps[0].from_units != 0:
        raise BadInput(f"{whose}: the first step is from {steps[0].from_units}; add a step from 0")
    for before, step in pairwise(steps):
        if step.from_units <= before.from_units or step.from_units > MAX_QUANTITY:
            raise BadInput(
                f"{whose}: a step from {step.from_units} after one from {before.from_units}; steps grow"
            )
    units = {Measure.TIME: ("",), Measure.MESSAGES: (MESSAGE_UNIT,), Measure.BYTES: tuple(BYTE_UNITS)}[KINDS[kind]]
    for step in steps:
        checks.amount(whose, f"price from {step.from_units}", step.price)
        if step.unit not in units:
            allowed = ", ".join(units) or "none"
            raise BadInput(f"{whose}: the price of {kind} is per {step.unit or 'minute'}; units are {allowed}")


def _nanos(price: Decimal) -> int:
    return int(price * NANOS_PER_UNIT)
