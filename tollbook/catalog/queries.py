"""Reading the catalog: which tariff a product names for a kind, and which version prices a call."""

from collections.abc import MutableMapping
from datetime import date
from decimal import Decimal
from typing import cast

import polars as pl
from django.db.models import Count, Prefetch, Q, QuerySet

from tollbook.catalog.models import PricesOf, Product, ProductSpecial, ProductTariff, Tariff, TariffVersion
from tollbook.database import Params, copy_out
from tollbook.money import Rounding
from tollbook.rating.engine import Tariff as CompiledTariff
from tollbook.rating.engine import compile_tariff, with_markup
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
# Special price lists, whoever they are of: the owner is an account, a customer or a product.
SPECIALS = table(
    {
        "owner_id": pl.Int64,
        "kind": pl.String,
        "tariff_id": pl.Int64,
        "place": pl.Int64,  # the order in which the owner's lists are asked
        "special_from": UTC_TIME,
        "special_until": UTC_TIME,
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


def product_specials() -> pl.DataFrame:
    """The special price lists of products, as SPECIALS."""
    rows = ProductSpecial.objects.values_list("product_id", "kind", "tariff_id", "place")
    return pl.DataFrame([(*row, None, None) for row in rows], schema=SPECIALS, orient="row")


def products_with_reading() -> list[Product]:
    """Products that say how numbers are read, or what costs nothing."""
    return list(Product.objects.exclude(number_rules={}, exclusions=[]).order_by("pk"))


def tariff_versions() -> pl.DataFrame:
    """The versions that count, as VERSIONS: of two with the same `active_from`, the one with the higher number."""
    rows = TariffVersion.objects.order_by("tariff_id", "active_from", "number").values_list(
        "tariff_id",
        "id",
        "active_from",
        "tariff__currency",
        "tariff__is_gross",
        "markup_basis_points",
        "base_version_id",
    )
    versions = [(*row, markup is not None and base is None) for *row, markup, base in rows]
    frame = pl.DataFrame(versions, schema=VERSIONS, orient="row")
    return frame.unique(["tariff_id", "version_from"], keep="last", maintain_order=True)


def version_rates(version: TariffVersion) -> pl.DataFrame:
    """The version's price list, as RATES, in the order of its lines. Of a derived version its base's."""
    return _rates(version, "version_id = %s", (version.base_version_id or version.pk,))


def rates_of_prefixes(version: TariffVersion, prefixes: list[str]) -> pl.DataFrame:
    """The rows of the version's price list (RATES) that are for exactly these prefixes."""
    return _rates(
        version, "version_id = %s AND prefix = ANY(%s)", (version.base_version_id or version.pk, prefixes)
    )


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
        platform_markup_basis_points=version.markup_basis_points
        if version.prices_of is PricesOf.PLATFORM
        else None,
        rate_markup_basis_points=(version.markup_basis_points or 0) if version.prices_of is PricesOf.BASE else 0,
    )


def compiled_version(
    version_id: int, compiled: MutableMapping[int, CompiledTariff] | None = None
) -> CompiledTariff:
    """The version ready to price calls. Compiling a large list takes seconds: keep what comes back.

    `compiled` is what is kept already, by version: a derived version shares its base's tables, which join it.
    """
    kept = {} if compiled is None else compiled
    if version_id in kept:
        return kept[version_id]
    version = TariffVersion.objects.select_related("tariff").get(pk=version_id)
    if version.base_version_id is not None:
        base = compiled_version(version.base_version_id, kept)
        kept[version_id] = with_markup(base, version.markup_basis_points or 0)
    else:
        kept[version_id] = _compiled(version)
    return kept[version_id]


def _compiled(version: TariffVersion) -> CompiledTariff:
    return compile_tariff(version_rates(version), version_settings(version), holidays=version_holidays(version))


def version_holidays(version: TariffVersion) -> dict[str, frozenset[date]]:
    """The holiday calendars that the version's windows name, as they were known when it was imported."""
    calendars = cast("dict[str, list[str]]", version.holidays)
    return {name: frozenset(map(date.fromisoformat, days)) for name, days in calendars.items()}


def named_tariff(name: str) -> Tariff | None:
    """The tariff of that name, or None."""
    return Tariff.objects.filter(name=name).first()


def newest_version(name: str) -> TariffVersion | None:
    """The version of a tariff that was imported last, or None when there is none yet."""
    versions = TariffVersion.objects.select_related("tariff", "base_version__tariff")
    return versions.filter(tariff__name=name).order_by("-number").first()


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
                "rates": (newest.base_version or newest).rate_count if newest else 0,
                "platform_price": _platform_price(newest),
                "derived_from": _derived_from(newest),
                "in_force_from": newest.active_from if newest else None,
                "recorded_at": newest.recorded_at if newest else None,
                "source": newest.source_name if newest else "",
            }
        )
    return rows


def _platform_price(version: TariffVersion | None) -> str:
    """Of a tariff that takes the platform's price: with what markup."""
    if version is None or version.prices_of is not PricesOf.PLATFORM:
        return ""
    return _percent(version) if version.markup_basis_points else "as it is"


def _derived_from(version: TariffVersion | None) -> str:
    """Of a derived tariff: which one it follows, and with what markup."""
    if version is None or version.base_version is None:
        return ""
    return f"{version.base_version.tariff.name} {_percent(version)}"


def _percent(version: TariffVersion) -> str:
    return f"{Decimal(version.markup_basis_points or 0) / 100:+f} %"


def product_list() -> list[dict[str, object]]:
    """Every product by code, with what it names for each kind of usage."""
    products = (
        Product.objects.select_related("plan")
        .annotate(account_count=Count("accounts"))
        .prefetch_related(
            "goes_with",
            "tier_schemes",
            Prefetch("tariffs", ProductTariff.objects.select_related("tariff").order_by("kind")),
            Prefetch("specials", ProductSpecial.objects.select_related("tariff").order_by("place")),
        )
    )
    return [product_facts(product) | {"accounts": product.account_count} for product in products.order_by("code")]


def allowed_addons(product: Product) -> QuerySet[Product]:
    """The add-ons that an account with this main product may have, by code. What is hidden is not offered."""
    goes = Q(goes_with_any=True) | Q(goes_with=product)
    return Product.objects.filter(goes, is_addon=True, is_hidden=False).distinct().order_by("code")


def product_facts(product: Product) -> dict[str, object]:
    """What a product says, for people and programs."""
    return {
        "code": product.code,
        "name": product.name,
        "addon": product.is_addon,
        "goes_with": "any" if product.goes_with_any else ", ".join(one.code for one in product.goes_with.all()),
        "plan": product.plan.code if product.plan else "",
        "tariffs": ", ".join(
            f"{named.kind}={named.tariff.name if named.tariff else 'not billed'}"
            for named in sorted(product.tariffs.all(), key=lambda named: named.kind)
        ),
        "special": ", ".join(f"{one.kind}={one.tariff.name}" for one in product.specials.all()),
        "tiers": ", ".join(scheme.name for scheme in product.tier_schemes.all()),
        "on_net": product.on_net,
        "role": product.role,
        "is_hidden": product.is_hidden,
        "needs_approval": product.needs_approval,
        "checklist": product.checklist,
        "features": product.features,
        "description": product.description,
        "end_user_name": product.end_user_name,
        "end_user_description": product.end_user_description,
        "number_rules": product.number_rules,
        "excluded": ", ".join(one["pattern"] for one in product.exclusions if not one["is_hidden"]),
        "hidden": ", ".join(one["pattern"] for one in product.exclusions if one["is_hidden"]),
    }
