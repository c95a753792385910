"""Changing the catalog: new versions of price lists, products and what they name."""

from datetime import date, datetime

import polars as pl
from django.db import transaction

from tollbook.catalog.models import Product, ProductTariff, Rate, Tariff, TariffVersion
from tollbook.database import copy_in
from tollbook.errors import BadInput
from tollbook.rating.engine import compile_tariff
from tollbook.rating.frames import TariffSettings
from tollbook.records import KINDS


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

    Nothing is written when the list contradicts itself.

    Raises:
        BadInput: two rows claim the same second, the currency or net/gross differs from the tariff's.
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
    return version


def require_same_money(tariff: Tariff, settings: TariffSettings) -> None:
    """A tariff keeps its currency, and whether its prices are net or gross, through all its versions.

    Raises:
        BadInput: the settings of the list differ.
    """
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


def set_product(*, code: str, name: str, tariffs: dict[str, str | None], on_net: str = "charged") -> Product:
    """Make or change a product. `tariffs` is usage kind to tariff name; None = the kind is not billed.

    Safe to repeat. Kinds that are not named any more are removed.

    Raises:
        BadInput: an unknown kind or tariff.
    """
    for kind, tariff_name in tariffs.items():
        if kind not in KINDS:
            raise BadInput(f"product {code!r}: unknown kind {kind!r}; kinds are {', '.join(KINDS)}")
        if tariff_name is not None and not Tariff.objects.filter(name=tariff_name).exists():
            raise BadInput(f"product {code!r}: there is no tariff {tariff_name!r}; import it first")
    with transaction.atomic():
        product, _ = Product.objects.update_or_create(code=code, defaults={"name": name, "on_net": on_net})
        ProductTariff.objects.filter(product=product).exclude(kind__in=tariffs).delete()
        for kind, tariff_name in tariffs.items():
            tariff = Tariff.objects.get(name=tariff_name) if tariff_name is not None else None
            ProductTariff.objects.update_or_create(product=product, kind=kind, defaults={"tariff": tariff})
    return product
