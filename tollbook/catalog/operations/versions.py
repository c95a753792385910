"""New versions of price lists, and of tariffs that take the platform's price."""

import re
from datetime import date, datetime
from decimal import Decimal

import polars as pl
from django.db import transaction

from tollbook.catalog.models import Rate, Tariff, TariffVersion
from tollbook.catalog.operations.derive import follow_base, read_markup
from tollbook.database import copy_in
from tollbook.errors import BadInput
from tollbook.money import Rounding
from tollbook.rating.engine import compile_tariff
from tollbook.rating.frames import TariffSettings


@transaction.atomic
def import_tariff_version(
    *,
    name: str,
    rates: pl.DataFrame,
    settings: TariffSettings,
    holidays: dict[str, frozenset[date]],
    active_from: datetime | None,
    recorded_at: datetime,
    source_name: str,
    source_sha256: str,
) -> TariffVersion:
    """Record a whole price list (RATES) as the tariff's next version; the tariff is made when it is new.

    Nothing is written when the list contradicts itself. Tariffs derived from it get their version too.

    Raises:
        BadInput: two rows claim the same second, the currency or net/gross differs from the tariff's, or the tariff is
            derived from another.
    """
    compile_tariff(rates, settings, holidays=holidays)  # raises before anything is written
    tariff, _ = Tariff.objects.select_for_update().get_or_create(
        name=name, defaults={"currency": settings.currency, "is_gross": settings.is_gross}
    )
    require_same_money(tariff, settings)
    version = TariffVersion.objects.create(
        tariff=tariff,
        number=tariff.versions.count() + 1,
        recorded_at=recorded_at,
        active_from=active_from,
        timezone=settings.timezone,
        decimals=settings.decimals,
        rounding=settings.rounding,
        fraction=settings.fraction,
        country=settings.country or "",
        holidays={calendar: sorted(day.isoformat() for day in days) for calendar, days in holidays.items()},
        source_name=source_name,
        source_sha256=source_sha256,
        rate_count=len(rates),
    )
    rows = rates.drop("recorded_at").with_columns(pl.lit(version.pk).alias("version_id"))
    copy_in(Rate._meta.db_table, rows)
    for derived in tariff.derived.select_for_update():
        follow_base(derived, recorded_at=recorded_at)
    return version


@transaction.atomic
def set_platform_tariff(
    *,
    name: str,
    currency: str,
    markup_percent: Decimal = Decimal(0),
    is_gross: bool = False,
    decimals: int = 4,
    rounding: Rounding = Rounding.HALF_UP,
    active_from: datetime | None = None,
    recorded_at: datetime,
) -> TariffVersion:
    """A tariff that takes the platform's own price, as it is or with a markup. The same again makes no version.

    Args:
        name: of the tariff.
        currency: that the platform's prices are in.
        markup_percent: what is put on them; at most two decimals, from -100 to 10,000.
        is_gross: the platform's prices contain tax.
        decimals: to which a price with a markup is rounded; one without is not rounded.
        rounding: how.
        active_from: calls that start before it are not its business; None = all.
        recorded_at: now.

    Raises:
        BadInput: a markup or currency that cannot be, or the tariff is in another currency, or net and not gross, or
            other tariffs are derived from it.
    """
    if not re.fullmatch("[A-Z]{3}", currency):
        raise BadInput(f"tariff {name!r}: currency {currency!r}; write three capital letters like EUR")
    settings = TariffSettings(
        currency=currency,
        is_gross=is_gross,
        decimals=decimals,
        rounding=rounding,
        platform_markup_basis_points=read_markup(name, markup_percent),
    )
    tariff, _ = Tariff.objects.select_for_update().get_or_create(
        name=name, defaults={"currency": currency, "is_gross": is_gross}
    )
    require_same_money(tariff, settings)
    if derived := tariff.derived.first():
        raise BadInput(
            f"tariff {name!r} cannot take the platform's price: {derived.name!r} is derived from its price list; "
            "give it another name"
        )
    newest = tariff.versions.order_by("-number").first()
    facts = {
        "active_from": active_from,
        "decimals": decimals,
        "rounding": rounding,
        "markup_basis_points": settings.platform_markup_basis_points,
    }
    if newest and all(getattr(newest, field) == value for field, value in facts.items()):
        return newest
    return TariffVersion.objects.create(
        tariff=tariff,
        number=tariff.versions.count() + 1,
        recorded_at=recorded_at,
        timezone=settings.timezone,
        fraction=settings.fraction,
        source_name="the platform's prices",
        rate_count=0,
        **facts,
    )


def require_same_money(tariff: Tariff, settings: TariffSettings) -> None:
    """A tariff keeps its currency, and whether its prices are net or gross, through all its versions.

    Raises:
        BadInput: the settings of the list differ, or the tariff has no lists of its own.
    """
    if tariff.base is not None:
        raise BadInput(
            f"tariff {tariff.name!r} is derived from {tariff.base.name!r} and follows its versions; "
            f"import the list as {tariff.base.name!r} or under another name"
        )
    if tariff.currency != settings.currency:
        raise BadInput(
            f"tariff {tariff.name!r} is in {tariff.currency}, the list in {settings.currency}; "
            "import it under another name"
        )
    if tariff.is_gross != settings.is_gross:
        was = "gross" if tariff.is_gross else "net"
        raise BadInput(
            f"the prices of tariff {tariff.name!r} are {was}; import the list with --{was} or under another name"
        )
