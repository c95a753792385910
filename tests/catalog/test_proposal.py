"""A price list before it goes live, and what is known of it afterwards."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tollbook.catalog.difference import change_counts
from tollbook.catalog.models import TariffVersion
from tollbook.catalog.price_list import BadPriceList
from tollbook.catalog.proposal import Proposal, propose_version, record_proposal
from tollbook.catalog.queries import version_holidays, version_rates
from tollbook.catalog.rate_lookup import rate_for_number, version_in_force
from tollbook.errors import BadInput

pytestmark = pytest.mark.django_db
Propose = Callable[..., Proposal]

AUTUMN = datetime(2025, 10, 1, tzinfo=UTC)
WINTER = datetime(2025, 12, 1, tzinfo=UTC)
CENT = 10_000_000


@pytest.fixture
def propose(tmp_path: Path) -> Propose:
    def read(text: str, *, name: str = "retail", options: dict[str, Any] | None = None, **more: Any) -> Proposal:
        path = tmp_path / "rates.csv"
        path.write_text(text)
        return propose_version(name=name, path=path, options=options or {}, **more)

    return read


OLD = "prefix,destination,price\n44,UK,0.01\n447,UK mobile,0.09\n"
NEW = "prefix,destination,price\n44,UK,0.02\n447,UK mobile,0.09\n"


def test_a_new_tariff_has_only_new_prefixes(propose: Propose) -> None:
    proposal = propose(OLD, options={"currency": "GBP", "prices": "gross", "decimals": 2})

    assert change_counts(proposal.changes)["new"] == 2
    assert not TariffVersion.objects.exists()  # proposing writes nothing
    version = record_proposal(proposal, recorded_at=AUTUMN)
    assert (version.number, version.tariff.currency, version.tariff.is_gross) == (1, "GBP", True)
    assert (version.decimals, version.rate_count, version.source_name) == (2, 2, "rates.csv")


def test_settings_that_nobody_gives_are_those_of_the_newest_version(propose: Propose) -> None:
    record_proposal(
        propose(OLD, options={"currency": "GBP", "decimals": 2, "timezone": "Europe/London"}), recorded_at=AUTUMN
    )

    proposal = propose(NEW, options={"rounding": "up"})

    assert (proposal.settings.currency, proposal.settings.decimals) == ("GBP", 2)
    assert proposal.changed_settings == ["rounding half_up → up"]


def test_an_identical_list_has_nothing_to_record(propose: Propose) -> None:
    record_proposal(propose(OLD, active_from="2026-01-01"), recorded_at=AUTUMN)

    reordered = "destination;prefix;price\nUK mobile;447;0,090\nUK;44;0,01\n"
    assert propose(OLD).is_identical
    assert propose(reordered, active_from="2026-01-01").is_identical
    assert not propose(OLD, active_from="2026-02-01").is_identical
    assert not propose(OLD, options={"decimals": 2}).is_identical
    assert not propose(NEW).is_identical


@pytest.mark.req("X4")
def test_a_call_is_priced_by_the_list_in_force_at_its_start_and_as_it_was_known(propose: Propose) -> None:
    record_proposal(propose(OLD), recorded_at=AUTUMN)
    record_proposal(propose(NEW, active_from="2026-01-01"), recorded_at=WINTER)

    last_second, first_second = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)

    def uk_landline(at: datetime, known_at: datetime | None = None) -> int:
        version = version_in_force("retail", at=at, known_at=known_at)
        price: int = rate_for_number(version, "442079460000", kind="voice_out", at=at)["next_per_min_nanos"].item()
        return price

    assert uk_landline(last_second) == 1 * CENT
    assert uk_landline(first_second) == 2 * CENT
    assert uk_landline(first_second, known_at=datetime(2025, 11, 30, tzinfo=UTC)) == 1 * CENT
    with pytest.raises(BadInput, match=r"no version in force at .* that was known at 2025-09-01"):
        uk_landline(first_second, known_at=datetime(2025, 9, 1, tzinfo=UTC))


def test_the_rate_of_a_number_is_the_longest_prefix_with_all_its_windows(propose: Propose) -> None:
    version = record_proposal(
        propose("""prefix,price,weekdays,from_time,until_time,min_digits
44,0.01,,,,
447,0.09,,,,
447,0.12,1-5,08:00,20:00,
4479,0.50,,,,12
"""),
        recorded_at=AUTUMN,
    )

    def lines(digits: str) -> list[int]:
        found = rate_for_number(version, digits, kind="voice_out", at=WINTER)
        return found["line"].to_list()

    assert lines("442079460000") == [2]
    assert lines("447700900123") == [3, 4]
    assert lines("447900900123") == [5]  # 12 digits
    assert lines("44790090012") == [3, 4]  # 11 digits: the longest prefix does not apply
    assert lines("48221234567") == []


def test_dates_without_a_zone_are_the_tariffs(propose: Propose) -> None:
    proposal = propose(OLD, options={"timezone": "Europe/Warsaw"}, active_from="2026-01-01")

    assert proposal.active_from == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_a_version_that_comes_in_between_is_not_overtaken(propose: Propose) -> None:
    record_proposal(propose(OLD), recorded_at=AUTUMN)
    seen_by_one, seen_by_other = propose(NEW), propose("prefix,price\n44,0.03\n")
    record_proposal(seen_by_one, recorded_at=WINTER)

    with pytest.raises(BadInput, match="'retail' got version 2 in the meantime; import the list again"):
        record_proposal(seen_by_other, recorded_at=WINTER)


def test_versions_that_begin_later_stay_in_force(propose: Propose) -> None:
    record_proposal(propose(OLD, active_from="2026-03-01"), recorded_at=AUTUMN)

    assert [version.number for version in propose(NEW).later_versions()] == [1]
    assert [version.number for version in propose(NEW, active_from="2026-01-01").later_versions()] == [1]
    assert propose(NEW, active_from="2026-03-01").later_versions() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"currency": "EUR"}, "is in GBP, the list in EUR; import it under another name"),
        ({"prices": "gross"}, "are net; import the list with --net or under another name"),
    ],
)
def test_a_tariff_keeps_its_money(propose: Propose, options: dict[str, str], message: str) -> None:
    record_proposal(propose(OLD, options={"currency": "GBP"}), recorded_at=AUTUMN)

    with pytest.raises(BadInput, match=message):
        propose(NEW, options=options)


def test_bad_rows_stop_the_list_or_are_left_out(propose: Propose) -> None:
    bad = "prefix,price\n44,0.01\n48,cheap\n"

    with pytest.raises(BadPriceList, match="line 3, price 'cheap'"):
        propose(bad)
    proposal = propose(bad, skip_bad_rows=True)
    assert (len(proposal.rates), [row.line for row in proposal.skipped]) == (1, [3])


def test_holidays_are_kept_as_they_were_known(propose: Propose, tmp_path: Path) -> None:
    own = tmp_path / "holidays.toml"
    own.write_text('Company = ["2026-12-24"]\n')
    with_holiday = "prefix,price,holiday\n44,0.02,\n44,0.01,Company\n"

    version = record_proposal(propose(with_holiday, holidays=own), recorded_at=AUTUMN)

    assert version_holidays(version) == {"Company": frozenset({date(2026, 12, 24)})}
    assert len(version_rates(version)) == 2
    own.write_text('Company = ["2026-12-24", "2026-12-31"]\n')
    assert propose(with_holiday, holidays=own).changed_settings == ["dates of holidays"]
