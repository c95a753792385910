"""Single rates put into a price list. Versions are whole lists and never change, so the list is written anew with them.

A rate has its own beginning, so the new version holds what was in force before as well, and takes the place of the one
it was made of. Versions that come into force later get the rates too.
"""

import hashlib
from datetime import datetime

import polars as pl
from django.db import transaction

from tollbook.catalog.models import PricesOf, Tariff, TariffVersion
from tollbook.catalog.operations.versions import import_tariff_version
from tollbook.catalog.queries import version_holidays, version_rates, version_settings
from tollbook.errors import BadInput
from tollbook.rating.frames import RATES, TariffSettings

SAME_RATE = ("kind", "prefix", "cli_prefix", "active_from", "min_digits", "max_digits")


def open_tariff(*, name: str, currency: str, is_gross: bool = False) -> Tariff:
    """A tariff without rates.

    Raises:
        BadInput: there is one of the name.
    """
    tariff, is_new = Tariff.objects.get_or_create(name=name, defaults={"currency": currency, "is_gross": is_gross})
    if not is_new:
        raise BadInput(f"there is a tariff {name!r} already; choose another name, or add rates to it")
    return tariff


@transaction.atomic
def set_rates(
    *, tariff: Tariff, rates: pl.DataFrame, active_from: datetime, recorded_at: datetime, source_name: str
) -> TariffVersion:
    """Put rates (RATES; `line` is of no matter) into the tariff from `active_from` on, all in one version.

    Those without a beginning of their own begin then. A rate of the same prefix that begins at the same moment is
    replaced. The version in force at `active_from` comes back.

    Raises:
        BadInput: the tariff has no list of its own, or the rates contradict each other.
    """
    tariff = Tariff.objects.select_for_update().get(pk=tariff.pk)
    begun = rates.with_columns(pl.col("active_from").fill_null(pl.lit(active_from).cast(RATES["active_from"])))
    in_force, *later = _versions_from(tariff, active_from)
    made = _with_rates(tariff, in_force, begun, recorded_at, source_name)
    for version in later:
        _with_rates(tariff, version, begun, recorded_at, source_name)
    return made


def _versions_from(tariff: Tariff, moment: datetime) -> list[TariffVersion | None]:
    """The version in force at a moment (None = none is) and those that come into force after it.

    Of two from the same time on the later one counts.
    """
    newest = {version.active_from: version for version in tariff.versions.order_by("number")}
    begun = [since for since in newest if since is None or since <= moment]
    later = sorted(since for since in newest if since is not None and since > moment)
    in_force = max(begun, key=lambda since: (since is not None, since), default=None)
    return [newest.get(in_force), *(newest[since] for since in later)]


def _with_rates(
    tariff: Tariff, version: TariffVersion | None, rates: pl.DataFrame, recorded_at: datetime, source_name: str
) -> TariffVersion:
    if version is not None and version.prices_of is not PricesOf.LIST:
        raise BadInput(
            f"tariff {tariff.name!r} takes its prices from elsewhere; put rates into a list of their own"
        )
    settings = TariffSettings(currency=tariff.currency, is_gross=tariff.is_gross)
    old = pl.DataFrame(schema=RATES)
    if version is not None:
        settings = version_settings(version)
        old = version_rates(version).join(rates.select(SAME_RATE), on=SAME_RATE, how="anti", nulls_equal=True)
    highest = old["line"].max()
    assert highest is None or isinstance(highest, int)
    first = (highest or 1) + 1  # line 1 names the columns in a file
    numbered = rates.with_columns(pl.int_range(first, first + len(rates), dtype=pl.Int64).alias("line"))
    whole = pl.concat([old, numbered.select(RATES.names())])
    return import_tariff_version(
        name=tariff.name,
        rates=whole,
        settings=settings,
        holidays={} if version is None else version_holidays(version),
        active_from=None if version is None else version.active_from,
        recorded_at=recorded_at,
        source_name=source_name,
        source_sha256=hashlib.sha256(whole.drop("recorded_at").write_csv().encode()).hexdigest(),
    )
