"""What a file would bring before it is imported: the same that the import then does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import Office, price_tariff
from tollbook.usage.models import Evidence, ImportRun, UsageRecord

Tollbook = Callable[..., Any]

PRICES = """\
prefix,destination,category,price,increment
44,United Kingdom,international,0.0120,60/60
48,Poland,national,0.0300,1/1
"""
MONDAY = """
    record_id, start,                duration_s, cli,         cld
    london,    2017-06-19T08:00:00Z, 61,         48221000001, 442079460000
    warsaw,    2017-06-19T08:05:00Z, 10,         48221000003, 48600000000
    busy,      2017-06-19T08:06:00Z, 0,          48221000003, 48600000000
    nobody,    2017-06-19T08:08:00Z, 10,         48229999999, 48600000000
    paris,     2017-06-19T08:09:00Z, 10,         48221000001, 33142278186
"""


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    opened = open_office(tmp_path, settings)
    price_tariff("standard", PRICES, tmp_path)
    opened.file(MONDAY, "monday.csv")
    return opened


@pytest.mark.usefixtures("office")
def test_a_file_before_it_is_imported(tollbook: Tollbook) -> None:
    shown = json.loads(tollbook("usage", "preview", "monday.csv", "-c", "office", "--json").stdout)

    rows = [
        (
            row["customer"],
            row["account"],
            row["destination"],
            row["category"],
            row["billed"],
            row["price"],
            row["reason"],
        )
        for row in shown["rows"]
    ]
    # Two minutes at 0.012; ten seconds at 0.03 a minute.
    assert rows == [
        ("ann", "ann-1", "United Kingdom", "international", 120, "0.024", None),
        ("bob", "bob-1", "Poland", "national", 10, "0.005", None),
        ("bob", "bob-1", None, None, 0, "0", "unanswered"),
        (None, None, None, None, None, None, "no_account"),
        ("ann", "ann-1", None, None, None, None, "no_rate"),
    ]
    assert shown["outcomes"] == {"charged": 2, "free": 1, "set_aside": 2}
    assert (shown["set_aside"], shown["charged"]) == ({"no_account": 1, "no_rate": 1}, {"EUR": "0.029"})
    assert not ImportRun.objects.exists()
    assert not UsageRecord.objects.exists()
    assert not Evidence.objects.exists()


@pytest.mark.usefixtures("office")
def test_on_a_screen_and_what_is_there_already(tollbook: Tollbook) -> None:
    lines = tollbook("usage", "preview", "monday.csv", "-c", "office").stdout.splitlines()
    assert lines[-5:-3] == [
        "monday.csv would be: 5 records in = 2 charged + 1 free + 2 set aside",
        "  charged EUR 0.029",
    ]
    assert lines[-1] == "nothing was written"
    imported = tollbook("usage", "import", "monday.csv", "-c", "office").stdout
    assert "5 records in = 2 charged + 1 free + 2 set aside\n  charged EUR 0.029\n" in imported

    again = tollbook("usage", "preview", "monday.csv", "-c", "office")
    assert (
        again.stdout
        == "no records to show\nmonday.csv would be: 5 records in = 5 duplicate\nnothing was written\n"
    )


@pytest.mark.usefixtures("office")
def test_only_what_could_not_be_charged(tollbook: Tollbook) -> None:
    words = ("usage", "preview", "monday.csv", "-c", "office", "--json")
    some = json.loads(tollbook(*words, "--set-aside", "--rows", "1").stdout)
    assert [(row["line"], row["reason"]) for row in some["rows"]] == [(5, "no_account")]
    assert json.loads(tollbook(*words, "--rows", "0").stdout)["rows"] == []
    assert tollbook("usage", "preview", "gone.csv", "-c", "office").stderr == (
        "tollbook: gone.csv is not a file; name a file of calls\n"
    )
