"""Which rate somebody has for a number, or a destination: the same that prices their calls."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import Office, price_tariff
from tollbook.catalog.operations import set_product
from tollbook.catalog.operations.derive import derive_tariff
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations.special_lists import set_special
from tollbook.jobs.explain_usage import explain_record
from tollbook.usage.queries import select_records

Tollbook = Callable[..., Any]

JUNE = datetime(2017, 6, 1, tzinfo=UTC)
MAY = datetime(2017, 5, 1, tzinfo=UTC)


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings) -> Office:
    """Standard has 44, 447, 4470 and 48; the product's list 4420, Ann's 442 since June, her first account's 4428."""
    opened = open_office(tmp_path, settings)
    for name, prefix, price in (
        ("london", "4420", "0.0050"),
        ("friends", "442", "0.0070"),
        ("home", "44287", "0.0010"),
    ):
        price_tariff(
            name, f"prefix,destination,price,increment\n{prefix},{name.title()},{price},60/60\n", tmp_path
        )
    tariffs = {"voice_out": "standard", "voice_in": None}
    set_product(code="voice", name="Voice", tariffs=tariffs, specials=[("voice_out", "london")])
    ann = Customer.objects.get(code="ann")
    set_special(owner=ann, kind="voice_out", tariff="friends", since=JUNE, until=None)
    home = Account.objects.get(code="ann-1")
    set_special(owner=home, kind="voice_out", tariff="home", since=None, until=None)
    return opened


def search(tollbook: Tollbook, *words: str) -> list[tuple[str, str, str, str]]:
    """Product, tariff, prefix and price a minute."""
    found = tollbook("tariff", "search", *words, "--json")
    assert found.status == 0, found.stderr
    return [
        (one["product"], one["tariff"], rate["prefix"], rate["per minute"])
        for one in json.loads(found.stdout)
        for rate in one["rates"]
    ]


# number, whose, from when, tariff, price a minute
RATES = """
    442871234567  --account ann-1   2017-06-15  home      44287  0.001
    442871234567  --account ann-2   2017-06-15  friends   442    0.007
    442079460000  --account ann-1   2017-06-15  friends   442    0.007
    442079460000  --customer ann    2017-06-15  friends   442    0.007
    442079460000  --customer ann    2017-05-31  london    4420   0.005
    442079460000  --customer bob    2017-06-15  london    4420   0.005
    442079460000  --product voice   2017-06-15  london    4420   0.005
    447700900123  --account ann-1   2017-06-15  standard  447    0.06
    441614960000  --account bob-1   2017-06-15  standard  44     0.012
"""


@pytest.mark.usefixtures("office")
def test_the_most_specific_list_answers(tollbook: Tollbook) -> None:
    for line in RATES.strip().splitlines():
        number, owner, code, day, tariff, prefix, price = line.split()
        assert search(tollbook, f"+{number}", owner, code, "--at", day) == [("voice", tariff, prefix, price)], line


def test_what_is_found_is_what_is_charged(tollbook: Tollbook, office: Office) -> None:
    rows = [row.split() for row in RATES.strip().splitlines() if "--account" in row]
    lines = [
        f"call-{place}, {day}T08:00:00Z, 60, {account}, {number}"
        for place, (number, _, account, day, *_) in enumerate(rows)
    ]
    office.import_("record_id, start, duration_s, account, cld\n" + "\n".join(lines))

    charged = select_records("outcome = 'charged'", ()).sort("line")
    assert [explain_record(pk).tariff for pk in charged["id"]] == [row[4] for row in rows]


@pytest.mark.usefixtures("office")
def test_a_destination_by_its_name_with_the_lists_in_their_order(tollbook: Tollbook) -> None:
    assert search(tollbook, "kingdom", "--customer", "ann") == [
        ("voice", "standard", "44", "0.012"),
        ("voice", "standard", "447", "0.06"),
    ]
    # "Home" is in a list of the account, and in none of its customer's.
    assert search(tollbook, "HOME", "--account", "ann-1") == [("voice", "home", "44287", "0.001")]
    assert tollbook("tariff", "search", "home", "--customer", "ann").status == 1


def test_a_markup_is_in_the_rate(tollbook: Tollbook, office: Office) -> None:
    derive_tariff(name="gold", base="standard", markup_percent=Decimal(15), active_from=None, recorded_at=MAY)
    set_product(code="gold", name="Gold", tariffs={"voice_out": "gold"})

    # 0.0120 and 15 % of it.
    assert search(tollbook, "441614960000", "--product", "gold") == [("gold", "gold", "44", "0.0138")]
    assert search(tollbook, "poland", "--product", "gold") == [("gold", "gold", "48", "0.0345")]


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["33142278186", "--customer", "bob"], 1, "no list has a rate for 33142278186 (voice_out) at "),
        (["442079460000"], 2, "tollbook: whose rate? give one of --customer, --account and --product"),
        (["442079460000", "--product", "x"], 2, "tollbook: there is no product 'x'; see `tollbook products list`"),
        (["442079460000", "--product", "voice", "--at", "soon"], 2, "tollbook: --at 'soon' "),
        (["442079460000", "--product", "voice", "--kind", "voice_in"], 1, "no list has a rate for 442079460000"),
    ],
)
def test_what_it_cannot_say(tollbook: Tollbook, words: list[str], status: int, says: str) -> None:
    shown = tollbook("tariff", "search", *words)

    assert shown.status == status
    assert shown.stderr.startswith(says)


@pytest.mark.usefixtures("office")
def test_for_people(tollbook: Tollbook) -> None:
    lines = tollbook("tariff", "search", "442079460000", "--product", "voice").stdout.splitlines()

    assert lines[0] == "product voice: tariff london, version 1, EUR without tax"
    assert "London" in "".join(lines)


@pytest.mark.usefixtures("office")
def test_every_list_that_is_asked_and_which_of_them_counts(tollbook: Tollbook) -> None:
    words = ("tariff", "search", "442871234567", "--account", "ann-1", "--at", "2017-06-15", "--all")
    found = json.loads(tollbook(*words, "--json").stdout)

    assert [(one["tariff"], one["counts"], [rate["prefix"] for rate in one["rates"]]) for one in found] == [
        ("home", True, ["44287"]),
        ("friends", False, ["442"]),
        ("london", False, []),
        ("standard", False, ["44"]),
    ]
    shown = [line for line in tollbook(*words).stdout.splitlines() if line.startswith("product")]
    assert shown == [
        "product voice: tariff home, version 1, EUR without tax",
        "product voice: tariff friends, version 1, EUR without tax; it does not count",
        "product voice: tariff london, version 1, EUR without tax; it has no rate",
        "product voice: tariff standard, version 1, EUR without tax; it does not count",
    ]
    # In May Ann had no list of her own.
    before = json.loads(tollbook(*words[:6], "2017-05-15", "--all", "--json").stdout)
    assert [one["tariff"] for one in before] == ["home", "london", "standard"]
    nothing = tollbook("tariff", "search", "33142278186", "--customer", "bob", "--all")
    assert (nothing.status, nothing.stdout.count("it has no rate")) == (1, 2)


@pytest.mark.usefixtures("office")
def test_the_rates_of_a_category(tollbook: Tollbook, tmp_path: Path) -> None:
    text = (
        "prefix,destination,category,price\n441,UK,fixed,0.01\n447,UK mobile,Mobile,0.05\n48,Poland,fixed,0.02\n"
    )
    price_tariff("by category", text, tmp_path)
    set_product(code="plain", name="Plain", tariffs={"voice_out": "by category"})

    assert [found[2] for found in search(tollbook, "--product", "plain", "--category", "fixed")] == ["441", "48"]
    assert [found[2] for found in search(tollbook, "uk", "--product", "plain", "--category", "MOBILE")] == ["447"]


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "which rate? give a number, words of a destination's name, or --category"),
        (["442079460000", "--category", "fixed"], "is a number, which has one rate"),
        (["poland", "--all"], "--all is for a number"),
    ],
)
def test_a_question_must_be_clear(tollbook: Tollbook, words: list[str], says: str) -> None:
    asked = tollbook("tariff", "search", *words, "--product", "voice")
    assert (asked.status, says in asked.stderr) == (2, True)
