"""A price list before it goes live: what it would change, and then recording it as the tariff's next version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from django.db import transaction
from django.db.models import Q

from tollbook.catalog.calendars import holiday_calendars, read_own_calendars
from tollbook.catalog.difference import change_counts, difference
from tollbook.catalog.models import Tariff, TariffVersion
from tollbook.catalog.operations import import_tariff_version, require_same_money
from tollbook.catalog.price_list import BadRow, read_mapping, read_price_list
from tollbook.catalog.price_list.cells import moment
from tollbook.catalog.queries import newest_version, version_holidays, version_rates, version_settings
from tollbook.catalog.tariff_settings import tariff_sheet
from tollbook.errors import BadInput
from tollbook.rating.engine import compile_tariff
from tollbook.rating.frames import RATES, TariffSettings


@dataclass(frozen=True, slots=True)
class Proposal:
    """A price list that was read and checked, beside the version it would follow."""

    name: str  # of the tariff
    rates: pl.DataFrame  # RATES
    settings: TariffSettings
    holidays: dict[str, frozenset[date]]
    active_from: datetime | None
    source_name: str
    source_sha256: str
    skipped: list[BadRow]
    newest: TariffVersion | None  # null = the tariff is new
    changes: pl.DataFrame  # difference.DIFFERENCE against the newest version
    changed_settings: list[str]  # as "decimals 4 → 2"
    against: TariffVersion | None = None  # what it is compared with, when that is not the newest

    @property
    def compared(self) -> TariffVersion | None:
        """The version beside which it is shown; None = the tariff is new."""
        return self.against or self.newest

    @property
    def is_identical(self) -> bool:
        """Whether the newest version already says all this."""
        counts = change_counts(self.changes)
        return (
            self.compared is not None
            and not self.changed_settings
            and self.active_from in (None, self.compared.active_from)
            and counts["unchanged"] == len(self.changes)
        )

    def later_versions(self) -> list[TariffVersion]:
        """Versions that price calls from a later moment on, and go on doing so."""
        begun_later = Q(active_from__gt=self.active_from) if self.active_from else Q(active_from__isnull=False)
        return list(
            TariffVersion.objects.filter(begun_later, tariff__name=self.name).order_by("active_from", "number")
        )


def propose_version(
    *,
    name: str,
    path: Path,
    options: Mapping[str, object],
    active_from: str | None = None,
    mapping: Path | None = None,
    holidays: Path | None = None,
    skip_bad_rows: bool = False,
) -> Proposal:
    """Read a price list and compare it with the tariff's newest version. Writes nothing.

    Settings that neither `options` nor the TOML beside the list give are those of the newest version. A date
    without a zone is read in the tariff's. Calls that start before `active_from` are not the version's business.

    Raises:
        BadInput: the list, its mapping, its settings or its holidays cannot be used.
    """
    newest = newest_version(name)
    sheet = tariff_sheet(path, options, version_settings(newest) if newest else None)
    if newest:
        require_same_money(newest.tariff, sheet.settings)
    price_list = read_price_list(
        path,
        settings=sheet.settings,
        mapping=read_mapping(mapping) if mapping else None,
        skip_bad_rows=skip_bad_rows,
    )
    own = {**sheet.own_calendars, **(read_own_calendars(holidays) if holidays else {})}
    calendars = holiday_calendars(price_list.rates["holiday"].drop_nulls().unique(), own=own)
    compile_tariff(
        price_list.rates, sheet.settings, holidays=calendars
    )  # a list that contradicts itself is no list
    begin = _begin(active_from, sheet.settings.timezone)
    old_rates = version_rates(newest) if newest else pl.DataFrame(schema=RATES)
    return Proposal(
        name=name,
        rates=price_list.rates,
        settings=sheet.settings,
        holidays=calendars,
        active_from=begin,
        source_name=path.name,
        source_sha256=sha256(path.read_bytes()).hexdigest(),
        skipped=price_list.skipped,
        newest=newest,
        changes=difference(old_rates, price_list.rates),
        changed_settings=_changed_settings(newest, sheet.settings, calendars) if newest else [],
    )


@transaction.atomic
def record_proposal(proposal: Proposal, *, recorded_at: datetime) -> TariffVersion:
    """Make the proposal the tariff's next version.

    Raises:
        BadInput: another version came in between, so that the difference shown was not the true one.
    """
    list(Tariff.objects.select_for_update().filter(name=proposal.name))
    newest = newest_version(proposal.name)
    if (newest and newest.pk) != (proposal.newest and proposal.newest.pk):
        raise BadInput(
            f"tariff {proposal.name!r} got version {newest and newest.number} in the meantime; import the list again"
            " to see the difference from that one"
        )
    return import_tariff_version(
        name=proposal.name,
        rates=proposal.rates,
        settings=proposal.settings,
        holidays=proposal.holidays,
        active_from=proposal.active_from,
        recorded_at=recorded_at,
        source_name=proposal.source_name,
        source_sha256=proposal.source_sha256,
    )


def _begin(active_from: str | None, zone: str) -> datetime | None:
    if active_from is None:
        return None
    try:
        return moment(active_from, zone=ZoneInfo(zone), date_format=None)
    except ValueError as error:
        raise BadInput(f"--active-from {active_from!r} {error}") from None


def _changed_settings(
    newest: TariffVersion,
    settings: TariffSettings,
    holidays: Mapping[str, frozenset[date]],
) -> list[str]:
    was = version_settings(newest)
    names = ("timezone", "decimals", "rounding", "fraction", "country")
    changed = [
        f"{name} {getattr(was, name) or 'none'} → {getattr(settings, name) or 'none'}"
        for name in names
        if getattr(was, name) != getattr(settings, name)
    ]
    if version_holidays(newest) != holidays:
        changed.append("dates of holidays")
    return changed
