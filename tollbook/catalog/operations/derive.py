"""Tariffs derived from another: its price list with a markup, version for version."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.db import transaction

from tollbook.catalog.models import Markup, Tariff, TariffVersion
from tollbook.errors import BadInput

Held = TypeVar("Held")

LEAST_MARKUP, MOST_MARKUP = -10_000, 1_000_000  # basis points
# What a version says of the whole list, and a derived one repeats.
_SETTINGS = ("timezone", "decimals", "rounding", "fraction", "country", "holidays", "source_name", "source_sha256")


@transaction.atomic
def derive_tariff(
    *,
    name: str,
    base: str,
    markup_percent: Decimal,
    active_from: datetime | None = None,
    recorded_at: datetime,
) -> Tariff:
    """Make a tariff whose prices are always another's with a markup, or give it another markup. Safe to repeat.

    Every version of the base, those to come too, has one of the derived tariff, in force from the same moment.

    Args:
        name: of the derived tariff.
        base: name of the tariff with the price lists.
        markup_percent: from -100 to 10,000, with at most two decimals.
        active_from: calls that start before it keep the markup there was, or have no price; None = all.
        recorded_at: now.

    Raises:
        BadInput: the base does not exist, is derived itself or takes the platform's price; or a tariff of that name
            has prices of its own, or another base.
    """
    basis_points = read_markup(name, markup_percent)
    source = Tariff.objects.select_for_update().filter(name=base).first()
    if source is None:
        raise BadInput(f"tariff {name!r}: there is no tariff {base!r} to derive it from; import it first")
    if source.base is not None:
        raise BadInput(
            f"tariff {name!r}: {base!r} is derived itself, from {source.base.name!r}; "
            f"derive it from {source.base.name!r} with the whole markup"
        )
    if source.versions.exclude(markup_basis_points=None).exists():
        raise BadInput(
            f"tariff {name!r}: {base!r} takes the platform's price; "
            "give that a markup with `tollbook tariff platform NAME --markup PERCENT`"
        )
    derived, _ = Tariff.objects.select_for_update().get_or_create(
        name=name, defaults={"currency": source.currency, "is_gross": source.is_gross, "base": source}
    )
    if derived.base_id != source.pk:
        has = f"is derived from {derived.base.name!r}" if derived.base else "has prices of its own"
        raise BadInput(f"tariff {name!r} {has}; give the one derived from {base!r} another name")
    markup = derived.markups.filter(active_from=active_from).order_by("-pk").first()
    if markup is None or markup.basis_points != basis_points:
        Markup.objects.create(
            tariff=derived, basis_points=basis_points, active_from=active_from, recorded_at=recorded_at
        )
    follow_base(derived, recorded_at=recorded_at)
    return derived


def follow_base(derived: Tariff, *, recorded_at: datetime) -> None:
    """Give a derived tariff the versions it lacks: wherever another version or another markup comes into force."""
    base = _over_time((one.active_from, one) for one in _versions(derived.base))
    markups = _over_time((one.active_from, one.basis_points) for one in derived.markups.order_by("pk"))
    present = _over_time(
        (one.active_from, (one.base_version_id, one.markup_basis_points)) for one in _versions(derived)
    )
    number = derived.versions.count()
    for begin in sorted({*base, *markups}, key=_place):
        version, points = _at(base, begin), _at(markups, begin)
        if version is None or points is None or present.get(begin) == (version.pk, points):
            continue
        number += 1
        TariffVersion.objects.create(
            tariff=derived,
            number=number,
            recorded_at=recorded_at,
            active_from=begin,
            base_version=version,
            markup_basis_points=points,
            rate_count=0,
            **{name: getattr(version, name) for name in _SETTINGS},
        )


def derived_name(base: str, markup_percent: Decimal) -> str:
    """What a tariff is called that nobody has named: `retail +15 %`."""
    return f"{base} {markup_percent.normalize():+f} %"


def read_markup(name: str, percent: Decimal) -> int:
    """Basis points of a markup.

    Raises:
        BadInput: too small, too large, or with more than two decimals.
    """
    basis_points = percent * 100
    if (
        not basis_points.is_finite()
        or basis_points != int(basis_points)
        or not LEAST_MARKUP <= basis_points <= MOST_MARKUP
    ):
        raise BadInput(f"tariff {name!r}: markup {percent} %; write -100 to 10000 with at most two decimals")
    return int(basis_points)


def _versions(tariff: Tariff | None) -> Iterable[TariffVersion]:
    return tariff.versions.order_by("number") if tariff else ()


def _over_time(begun: Iterable[tuple[datetime | None, Held]]) -> dict[datetime | None, Held]:
    """What holds from each moment on, None being from ever: of two with one moment the later named."""
    return dict(begun)


def _at(over_time: dict[datetime | None, Held], moment: datetime | None) -> Held | None:
    """What holds at a moment; none when nothing has begun."""
    begun = [begin for begin in over_time if _place(begin) <= _place(moment)]
    return over_time[max(begun, key=_place)] if begun else None


def _place(begin: datetime | None) -> tuple[bool, datetime | None]:
    """To sort by: from ever comes before every moment."""
    return (begin is not None, begin)
