"""The call list of a customer or account: every call with its price, or why it is free, and nothing that is hidden."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import Office

Tollbook = Callable[..., Any]

# Ann is in Warsaw, two hours before UTC in June; 44 is 0.0120 a minute, 48 is 0.0300 by the second.
JUNE = """
    record_id, start,                duration_s, cli,         cld
    last-may,  2017-05-31T21:59:59Z, 60,         48221000001, 442079460000
    first,     2017-05-31T22:00:00Z, 61,         48221000001, 442079460000
    busy,      2017-06-02T08:00:00Z, 0,          48221000001, 442079460000
    second,    2017-06-03T08:00:00Z, 10.2,       48221000002, 48600000000
    free,      2017-06-04T08:00:00Z, 60,         48221000001, 48800000000
    voicemail, 2017-06-05T08:00:00Z, 60,         48221000001, 48800111111
    no-rate,   2017-06-06T08:00:00Z, 60,         48221000001, 33142278186
    bob,       2017-06-08T08:00:00Z, 60,         48221000003, 442079460000
    last,      2017-06-30T21:59:59Z, 60,         48221000001, 442079460000
    july,      2017-06-30T22:00:00Z, 60,         48221000001, 442079460000
"""


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    opened = open_office(tmp_path, settings)
    opened.source.exclusions = [
        {"pattern": "48800000000", "is_hidden": False},
        {"pattern": "48800111111", "is_hidden": True},
    ]
    opened.source.save()
    opened.import_(JUNE)
    return opened


def listed(tollbook: Tollbook, *options: str) -> Any:
    shown = tollbook("usage", "calls", "--month", "2017-06", "--json", *options)
    assert (shown.status, shown.stderr) == (0, "")
    return json.loads(shown.stdout)


@pytest.mark.usefixtures("office")
def test_a_customers_month_is_their_zones(tollbook: Tollbook) -> None:
    found = listed(tollbook, "--customer", "ann")

    assert [
        (call["account"], call["start"], call["cld"], call["duration_s"], call["price"], call["free_because"])
        for call in found["calls"]
    ] == [
        ("ann-1", "2017-06-01 00:00:00", "442079460000", 61, "0.024", None),
        ("ann-1", "2017-06-02 10:00:00", "442079460000", 0, "0", "unanswered"),
        ("ann-1", "2017-06-04 10:00:00", "48800000000", 60, "0", "excluded"),
        ("ann-1", "2017-06-30 23:59:59", "442079460000", 60, "0.012", None),
        ("ann-2", "2017-06-03 10:00:00", "48600000000", 11, "0.0055", None),
    ]
    assert found["set_aside"] == 1
    assert {call["currency"] for call in found["calls"]} == {"EUR"}
    assert {call["destination"] for call in found["calls"] if call["free_because"] is None} == {
        "United Kingdom", "Poland",
    }  # fmt: skip


@pytest.mark.usefixtures("office")
def test_one_account_alone(tollbook: Tollbook) -> None:
    assert [call["cld"] for call in listed(tollbook, "--account", "ann-2")["calls"]] == ["48600000000"]
    assert listed(tollbook, "--account", "bob-1")["set_aside"] == 0


@pytest.mark.usefixtures("office")
def test_the_csv_has_a_row_for_each_call(tollbook: Tollbook, tmp_path: Path) -> None:
    shown = tollbook("usage", "calls", "--customer", "ann", "--month", "2017-06", "--csv", "june.csv")

    assert shown.stdout == (
        "june.csv: 5 calls\n5 calls, EUR 0.0415\n1 more have no price yet; `tollbook set-aside list` says why\n"
    )
    text = (tmp_path / "june.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["price"] for row in rows] == ["0.024", "0.00", "0.00", "0.012", "0.0055"]
    assert rows[0] == {
        "account": "ann-1", "account_name": "", "kind": "voice_out", "start": "2017-06-01T00:00:00+02:00",
        "cli": "48221000001", "cld": "442079460000", "destination": "United Kingdom", "duration_s": "61",
        "quantity": "", "billed": "120", "price": "0.024", "currency": "EUR", "free_because": "",
    }  # fmt: skip


def test_no_cell_is_a_formula(tollbook: Tollbook, office: Office, tmp_path: Path) -> None:
    office.import_(
        """
        record_id, start,                duration_s, account, cli,         cld
        formula,   2017-06-07T08:00:00Z, 60,         ann-1,   =2+5,        48600000000
        """,
        "formula.csv",
    )
    tollbook("usage", "calls", "--account", "ann-1", "--month", "2017-06", "--csv", "june.csv")

    assert ",'=2+5,48600000000," in (tmp_path / "june.csv").read_text("utf-8-sig")


@pytest.mark.usefixtures("office")
def test_on_a_screen(tollbook: Tollbook) -> None:
    lines = tollbook("usage", "calls", "--account", "ann-1", "--month", "2017-06").stdout.splitlines()

    assert lines[-2:] == ["4 calls, EUR 0.036", "1 more have no price yet; `tollbook set-aside list` says why"]
    assert tollbook("usage", "calls", "--account", "ann-1", "--month", "2017-08").stdout == "no calls of 2017-08\n"


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "give --customer, or --account"),
        (["--customer", "eve"], "there is no customer 'eve'; see `tollbook customers list`"),
        (["--account", "eve"], "there is no account 'eve'; see `tollbook accounts list`"),
        (["--account", "ann-1", "--customer", "bob"], "'ann-1' is none of 'bob'"),
    ],
)
def test_whose_calls_must_be_said(tollbook: Tollbook, options: list[str], says: str) -> None:
    shown = tollbook("usage", "calls", "--month", "2017-06", *options)

    assert (shown.status, shown.stderr) == (2, f"tollbook: {says}\n")
