"""Reading the catalog: which tariff a product names for a kind, and which version prices a call."""

from datetime import date
from decimal import Decimal
from typing import cast

import polars as pl
from django.db.models import Count, Prefetch

from tollbook.catalog.models import Product, ProductTariff, Tariff, TariffVersion
from tollbook.database import Params, copy_out
from tollbook.money import Rounding
from tollbook.rating.engine import Tariff as CompiledTariff
from tollbook.rating.engine import compile_tariff
from tollbook.rating.frames import RATES, Fraction, TariffSettings
from tollbook.records import UTC_TIME, table

PRODUCT_TARIFFS = pl.Schema({"product_id": pl.Int64, "kind": pl.String, "tariff_id": pl.Int64})
VERSIONS = table(
    {
        "tariff_id": pl.Int64,
        "version_id": pl.Int64,
        "version_from": UTC_TIME,  # the version prices calls that start then or later; null = from ever
        "currency": pl.String,
        "is_gross": pl.Boolean,
        "takes_platform_price": pl.Boolean,
    }
)
PRODUCTS = pl.Schema({"product_id": pl.Int64, "on_net": pl.String})


def products() -> pl.DataFrame:
    """Every product, as PRODUCTS."""
    return pl.DataFrame(list(Product.objects.values_list("id", "on_net")), schema=PRODUCTS, orient="row")


def product_codes() -> set[str]:
    """The codes by which accounts name products."""
    return set(Product.objects.values_list("code", flat=True))


def product_tariffs() -> pl.DataFrame:
    """Which tariff a product names for a kind (PRODUCT_TARIFFS). `tariff_id` null: the kind is not billed."""
    rows = ProductTariff.objects.values_list("product_id", "kind", "tariff_id")
    return pl.DataFrame(list(rows), schema=PRODUCT_TARIFFS, orient="row")


def tariff_versions() -> pl.DataFrame:
    """The versions that count, as VERSIONS: of two with the same `active_from`, the one with the higher number."""
    rows = TariffVersion.objects.order_by("tariff_id", "active_from", "number").values_list(
        "tariff_id", "id", "active_from", "tariff__currency", "tariff__is_gross", "markup_basis_points"
    )
    frame = pl.DataFrame([(*row, markup is not None) for *row, markup in rows], schema=VERSIONS, orient="row")
    return frame.unique(["tariff_id", "version_from"], keep="last", maintain_order=True)


def version_rates(version: TariffVersion) -> pl.DataFrame:
    """The version's price list, as RATES, in the order of its lines."""
    return _rates(version, "version_id = %s", (version.pk,))


def rates_of_prefixes(version: TariffVersion, prefixes: list[str]) -> pl.DataFrame:
    """The rows of the version's price list (RATES) that are for exactly these prefixes."""
    return _rates(version, "version_id = %s AND prefix = ANY(%s)", (version.pk, prefixes))


def _rates(version: TariffVersion, condition: str, params: Params) -> pl.DataFrame:
    columns = pl.Schema({name: dtype for name, dtype in RATES.items() if name != "recorded_at"})
    query = f"SELECT {', '.join(columns)} FROM catalog_rate WHERE {condition} ORDER BY line"
    rates = copy_out(query, columns, params)
    return rates.with_columns(pl.lit(version.recorded_at).cast(UTC_TIME).alias("recorded_at")).select(
        RATES.names()
    )


def version_settings(version: TariffVersion) -> TariffSettings:
    """What holds for every rate of the version."""
    return TariffSettings(
        currency=version.tariff.currency,
        timezone=version.timezone,
        decimals=version.decimals,
        rounding=Rounding(version.rounding),
        fraction=Fraction(version.fraction),
        is_gross=version.tariff.is_gross,
        country=version.country or None,
        markup_basis_points=version.markup_basis_points,
    )


def compiled_version(version_id: int) -> CompiledTariff:
    """The version ready to price calls. Compiling a large list takes seconds: keep what comes back."""
    version = TariffVersion.objects.select_related("tariff").get(pk=version_id)
    return compile_tariff(version_rates(version), version_settings(version), holidays=version_holidays(version))


def version_holidays(version: TariffVersion) -> dict[str, frozenset[date]]:
    """The holiday calendars that the version's windows name, as they were known when it was imported."""
    calendars = cast("dict[str, list[str]]", version.holidays)
    return {name: frozenset(map(date.fromisoformat, days)) for name, days in calendars.items()}


def newest_version(name: str) -> TariffVersion | None:
    """The version of a tariff that was imported last, or None when there is none yet."""
    return TariffVersion.objects.select_related("tariff").filter(tariff__name=name).order_by("-number").first()


def tariff_list() -> list[dict[str, object]]:
    """Every tariff by name, with its newest version."""
    rows: list[dict[str, object]] = []
    for tariff in Tariff.objects.order_by("name"):
        newest = newest_version(tariff.name)
        rows.append(
            {
                "name": tariff.name,
                "currency": tariff.currency,
                "prices": "gross" if tariff.is_gross else "net",
                "versions": tariff.versions.count(),
                "rates": newest.rate_count if newest else 0,
                "platform_price": _platform_price(newest),
                "in_force_from": newest.active_from if newest else None,
                "recorded_at": newest.recorded_at if newest else None,
                "source": newest.source_name if newest else "",
            }
        )
    return rows


def _platform_price(version: TariffVersion | None) -> str:
    """Of a tariff that takes the platform's price: with what markup."""
    if version is None or version.markup_basis_points is None:
        return ""
    return f"{Decimal(version.markup_basis_points) / 100:+f} %" if version.markup_basis_points else "as it is"


def product_list() -> list[dict[str, object]]:
    """Every product by code, with what it names for each kind of usage."""
    return [
        {
            "code": product.code,
            "name": product.name,
            "tariffs": ", ".join(
                f"{named.kind}={named.tariff.name if named.tariff else 'not billed'}"
                for named in product.tariffs.all()
            ),
            "on_net": product.on_net,
            "accounts": product.account_count,
        }
        for product in Product.objects.annotate(account_count=Count("accounts"))
        .prefetch_related(Prefetch("tariffs", ProductTariff.objects.select_related("tariff").order_by("kind")))
        .order_by("code")
    ]
