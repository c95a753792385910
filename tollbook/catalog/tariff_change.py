"""New versions made of what a tariff has: many of its prices changed, or all of them as a tariff of another name."""

from datetime import datetime
from hashlib import sha256

import polars as pl

from tollbook.catalog.difference import difference
from tollbook.catalog.models import PricesOf, Tariff, TariffVersion
from tollbook.catalog.operations import import_tariff_version, require_same_money
from tollbook.catalog.price_change import PriceChange, changed_rates, with_all_amounts
from tollbook.catalog.proposal import Proposal
from tollbook.catalog.queries import newest_version, version_holidays, version_rates, version_settings
from tollbook.catalog.rate_lookup import version_in_force
from tollbook.errors import BadInput
from tollbook.rating.engine import compile_tariff

MOST_NAME = 200  # characters, as the column has them
MOST_SOURCE = 500


def propose_change(*, name: str, change: PriceChange, active_from: datetime) -> Proposal:
    """The prices that calls from `active_from` on have now, with a change in them. Writes nothing.

    `record_proposal` makes it the next version.

    Raises:
        BadInput: no such tariff, none in force then, prices that are another tariff's or the platform's, or a change
            that cannot be (`changed_rates`).
    """
    base = version_in_force(name, at=active_from)
    _need_rates(base)
    settings, holidays = version_settings(base), version_holidays(base)
    require_same_money(base.tariff, settings)
    old = version_rates(base)
    rates = changed_rates(old, change)
    compile_tariff(rates, settings, holidays=holidays)
    return Proposal(
        name=name,
        rates=rates,
        settings=settings,
        holidays=holidays,
        active_from=active_from,
        source_name=f"version {base.number}: {change.in_words()}"[:MOST_SOURCE],
        source_sha256=_fingerprint(rates),
        skipped=[],
        newest=newest_version(name),
        changes=difference(old, rates),
        changed_settings=[],
        against=base,
    )


def copy_tariff(
    *, source: str, name: str, at: datetime, active_from: datetime | None = None, recorded_at: datetime
) -> TariffVersion:
    """Make a tariff of its own with the prices that calls which start `at` have in another.

    A derived tariff's prices are copied with its markup in them, to nine decimals.

    Args:
        source: name of the tariff whose prices are copied.
        name: of the new one.
        at: whose prices; the version in force then.
        active_from: calls that start before it are not its business; None = all.
        recorded_at: now.

    Raises:
        BadInput: there is no such tariff, none in force, it takes the platform's price, or the name is taken.
    """
    version = version_in_force(source, at=at)
    _need_rates(version)
    if not name.strip() or len(name) > MOST_NAME:
        raise BadInput(f"tariff {name!r}: a name has 1 to {MOST_NAME} characters")
    if Tariff.objects.filter(name=name).exists():
        raise BadInput(f"there is a tariff {name!r} already; copy into another name")
    rates = version_rates(version)
    if version.prices_of is PricesOf.BASE:
        rates = with_all_amounts(rates, version.markup_basis_points or 0)
    whose = version.base_version or version
    return import_tariff_version(
        name=name,
        rates=rates,
        settings=version_settings(whose),
        holidays=version_holidays(version),
        active_from=active_from,
        recorded_at=recorded_at,
        source_name=f"copy of {source}, version {version.number}"[:MOST_SOURCE],
        source_sha256=_fingerprint(rates),
    )


def _need_rates(version: TariffVersion) -> None:
    if version.prices_of is PricesOf.PLATFORM:
        raise BadInput(
            f"tariff {version.tariff.name!r} takes the platform's price; give it another markup with "
            "`tollbook tariff platform`"
        )


def _fingerprint(rates: pl.DataFrame) -> str:
    return sha256(rates.drop("recorded_at").write_csv().encode()).hexdigest()
