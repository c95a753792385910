"""Price lists changed as a whole and copied, from the command line: what calls cost before and after."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tollbook.catalog.models import Tariff, TariffVersion

Tollbook = Callable[..., Any]

RATES = """\
prefix,destination,category,price,increment,connect_fee
48,Poland,national,0.0200,60/60,
485,Poland mobile,mobile,0.0500,60/60,0.01
44,United Kingdom,international,0.0900,60/60,
447,United Kingdom mobile,mobile,0.1200,30/6,0.01
"""
MARCH, JULY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def retail(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tollbook: Tollbook) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rates.csv").write_text(RATES)
    made = tollbook("tariff", "import", "rates.csv", "--name", "retail", "--timezone", "Europe/Warsaw", "--yes")
    assert made.status == 0, made.stderr


def rate(tollbook: Tollbook, tariff: str, number: str, at: str) -> tuple[str, str, str]:
    shown = json.loads(tollbook("tariff", "show", tariff, "--prefix", number, "--at", at, "--json").stdout)
    found = shown["rates"][0]
    return found["category"], found["per minute"], found["connect fee"]


def test_a_category_costs_a_tenth_more_from_july_on(tollbook: Tollbook) -> None:
    change = ("tariff", "change", "retail", "--by", "10", "--category", "mobile", "--active-from", "2026-07-01")
    planned = tollbook(*change, "--dry-run")
    assert planned.stdout.splitlines()[:3] == [
        "tariff retail: 4 rates from version 1: price +10 %, of category mobile, "
        f"against version 1 of {datetime.now(UTC):%F}",
        "prefixes: 0 new, 0 gone, 2 dearer, 0 cheaper, 0 otherwise changed, 2 unchanged",
        "in force for calls from 2026-07-01 on",
    ]
    assert (planned.stdout.splitlines()[-1], TariffVersion.objects.count()) == ("nothing was recorded", 1)

    asked = tollbook(*change)
    assert (asked.status, "nobody can be asked here" in asked.stderr) == (2, True)
    assert tollbook(*change, "--yes").stdout.splitlines()[-1] == "tariff retail: version 2 recorded"

    assert rate(tollbook, "retail", "48500100200", "2026-06-30") == ("mobile", "0.05", "0.01")
    assert rate(tollbook, "retail", "48500100200", "2026-07-01") == ("mobile", "0.055", "0.01")
    assert rate(tollbook, "retail", "447700900123", "2026-07-01") == ("mobile", "0.132", "0.01")
    assert rate(tollbook, "retail", "48221234567", "2026-07-01") == ("national", "0.02", "0")
    assert TariffVersion.objects.get(number=2).timezone == "Europe/Warsaw"


def test_what_is_changed_is_what_is_in_force_then(tollbook: Tollbook) -> None:
    for by, day in (("100", "2026-07-01"), ("50", "2026-03-01")):
        tollbook("tariff", "change", "retail", "--by", by, "--prefix", "48", "--active-from", day, "--yes")

    # July's change was recorded first, of January's prices; March's does not reach it, and says so.
    assert [
        rate(tollbook, "retail", "48221234567", day)[1] for day in ("2026-02-28", "2026-03-01", "2026-07-01")
    ] == [
        "0.02",
        "0.03",
        "0.04",
    ]
    assert list(TariffVersion.objects.order_by("number").values_list("active_from", flat=True)) == [
        None,
        JULY,
        MARCH,
    ]
    again = tollbook(
        "tariff", "change", "retail", "--add", "0.01", "--prefix", "48", "--active-from", "2026-04-01", "-y"
    )
    assert "; but calls from 2026-07-01 on stay with version 2" in again.stdout
    assert "against version 3" in again.stdout
    assert rate(tollbook, "retail", "48221234567", "2026-04-01")[1] == "0.04"


def test_steps_and_fees_can_be_set(tollbook: Tollbook) -> None:
    words = (
        "--set",
        "increment=1/1",
        "--set",
        "connect_fee=0.02",
        "--category",
        "mobile",
        "--active-from",
        "2026-07-01",
    )
    changed = json.loads(tollbook("tariff", "change", "retail", *words, "--yes", "--json").stdout)
    assert (changed["recorded_version"], changed["prefixes"]["changed"]) == (2, 2)
    assert rate(tollbook, "retail", "447700900123", "2026-07-01") == ("mobile", "0.12", "0.02")


def test_a_copy_goes_its_own_way(tollbook: Tollbook) -> None:
    tollbook("tariff", "change", "retail", "--by", "10", "--active-from", "2026-01-01", "--yes")
    copied = tollbook("tariff", "copy", "retail", "wholesale")
    assert copied.stdout == "tariff wholesale: 4 rates, copy of retail, version 2\n"
    tollbook("tariff", "change", "wholesale", "--by", "-50", "--active-from", "2026-07-01", "--yes")

    assert rate(tollbook, "wholesale", "48221234567", "2026-06-30") == ("national", "0.022", "0")
    assert rate(tollbook, "wholesale", "48221234567", "2026-07-01") == ("national", "0.011", "0")
    assert rate(tollbook, "retail", "48221234567", "2026-07-01") == ("national", "0.022", "0")
    then = tollbook("tariff", "copy", "retail", "as it was", "--at", "2025-12-31")
    assert then.stdout == "tariff as it was: 4 rates, copy of retail, version 1\n"


def test_a_derived_tariff_is_copied_with_its_markup(tollbook: Tollbook) -> None:
    tollbook("tariff", "derive", "gold", "--from", "retail", "--markup", "15")
    tollbook("tariff", "copy", "gold", "silver")

    assert rate(tollbook, "silver", "447700900123", "2026-07-01") == ("mobile", "0.138", "0.0115")
    assert Tariff.objects.get(name="silver").base is None
    refused = tollbook("tariff", "change", "gold", "--by", "5", "--active-from", "2026-07-01", "--yes")
    assert "tariff 'gold' is derived from 'retail' and follows its versions" in refused.stderr


def test_rates_are_listed_by_category(tollbook: Tollbook) -> None:
    shown = json.loads(tollbook("tariff", "show", "retail", "--category", "mobile", "--json").stdout)
    assert [(one["prefix"], one["category"]) for one in shown["rates"]] == [("485", "mobile"), ("447", "mobile")]
    assert "international" in tollbook("tariff", "show", "retail").stdout
    none = tollbook("tariff", "show", "retail", "--category", "moon")
    assert (none.status, "no rate of category 'moon'" in none.stdout) == (1, True)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("change", "retial", "--by", "1", "--active-from", "2026-07-01"), "there is no tariff 'retial'"),
        (("change", "retail", "--by", "x", "--active-from", "2026-07-01"), "--by 'x' is not a number"),
        (("change", "retail", "--by", "1", "--active-from", "July"), "--active-from 'July' is not a date"),
        (("change", "retail", "--set", "price", "--active-from", "2026-07-01"), "--set 'price': write a column"),
        (("change", "retail", "--active-from", "2026-07-01"), "nothing is to be changed"),
        (("change", "asis", "--by", "1", "--active-from", "2026-07-01"), "takes the platform's price"),
        (("copy", "retail", "asis"), "there is a tariff 'asis' already"),
        (("copy", "retail", "x" * 201), "a name has 1 to 200 characters"),
        (("copy", "asis", "x"), "takes the platform's price"),
    ],
)
def test_what_cannot_be_done_is_said(tollbook: Tollbook, command: tuple[str, ...], message: str) -> None:
    tollbook("tariff", "platform", "asis", "--currency", "EUR")
    run = tollbook("tariff", *command)
    assert (run.status, message in run.stderr) == (2, True), run.stderr
    assert TariffVersion.objects.count() == 2
