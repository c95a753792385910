"""How numbers are written, told from the evidence, and mended by the command that the report gives."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import Office

Tollbook = Callable[..., Any]

# Three calls of a London switchboard, each number written in another way, and a name where a number should be.
LONDON = """
    record_id, start,                duration_s, cli,         cld
    national,  2017-06-19T08:00:00Z, 60,         48221000001, 02079460000
    again,     2017-06-19T09:00:00Z, 60,         48221000001, 02079460000
    abroad,    2017-06-20T08:00:00Z, 60,         48221000001, 0048221000003
    whole,     2017-06-20T09:00:00Z, 60,         48221000001, +442079460001
    name,      2017-06-21T08:00:00Z, 60,         48221000001, reception
"""


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    opened = open_office(tmp_path, settings)
    opened.import_(LONDON, "london.csv")
    return opened


def report(tollbook: Tollbook, *options: str) -> Any:
    shown = tollbook("usage", "quality", "office", "--json", *options)
    assert (shown.status, shown.stderr) == (0, "")
    return json.loads(shown.stdout)


def called(found: Any) -> dict[str, tuple[int, int, float]]:
    """Of the numbers called: different ones, records, share."""
    return {
        row["quality"]: (row["numbers"], row["records"], row["share"])
        for row in found["classes"]
        if row["field"] == "called"
    }


@pytest.mark.req("W2")
@pytest.mark.usefixtures("office")
def test_the_suggested_command_reads_what_it_says(tollbook: Tollbook) -> None:
    before = report(tollbook, "--country", "GB")

    assert called(before) == {"valid": (1, 1, 20.0), "invalid": (3, 4, 80.0)}
    fix = before["fix"]
    assert (before["records"], before["wanting"]) == (10, 4)  # five calls with two numbers each
    assert (fix["reads"], fix["of"], fix["spoils"]) == (3, 4, 0)
    assert fix["command"] == "tollbook connection add office --change --country GB"

    assert tollbook(*shlex.split(fix["command"])[1:]).status == 0
    after = report(tollbook)

    assert called(after) == {"valid": (3, 4, 80.0), "invalid": (1, 1, 20.0)}
    assert (after["country"], after["fix"]) == ("GB", None)
    # What was charged meanwhile keeps only digits; the report goes by what the platform wrote.
    tollbook("set-aside", "retry")
    assert called(report(tollbook)) == called(after)


@pytest.mark.usefixtures("office")
def test_a_period_is_of_the_connections_days(tollbook: Tollbook) -> None:
    assert called(report(tollbook, "--from", "2017-06-20", "--to", "2017-06-20")) == {
        "valid": (1, 1, 50.0),
        "invalid": (1, 1, 50.0),
    }
    assert tollbook("usage", "quality", "office", "--from", "2017-07-01").stdout == "office has no usage then\n"


def test_a_record_that_came_twice_or_was_taken_back_counts_as_it_stands(
    tollbook: Tollbook, office: Office
) -> None:
    office.import_(LONDON, "the-same.csv")
    assert report(tollbook)["records"] == 10

    grown = office.import_(LONDON + "more, 2017-06-22T08:00:00Z, 60, 48221000001, +442079460001", "grown.csv")
    assert report(tollbook)["records"] == 12

    tollbook("usage", "undo", grown.pk, "--yes")
    assert report(tollbook)["records"] == 10


def test_a_record_that_the_platform_corrected_counts_as_corrected(tollbook: Tollbook, office: Office) -> None:
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld
        name,      2017-06-21T08:00:00Z, 60,         48221000001, +442079460002
        """,
        "corrected.csv",
    )

    assert called(report(tollbook)) == {"valid": (2, 2, 40.0), "invalid": (2, 3, 60.0)}


@pytest.mark.usefixtures("office")
def test_for_people(tollbook: Tollbook) -> None:
    shown = tollbook("usage", "quality", "office", "--country", "GB").stdout

    assert shown.splitlines()[-5:] == [
        "4 of 10 numbers cannot be read, or are unlikely",
        "this reads 3 of them, 02079460000 as 442079460000, 0048221000003 as 48221000003:",
        "  tollbook connection add office --change --country GB",
        "then `tollbook set-aside retry` charges what waits, and `tollbook usage reprocess RUN` reads again what was "
        "charged as another number",
        "better still, let the platform's dial plan write numbers whole: +442079460000 instead of 02079460000",
    ]


def test_what_no_option_sets_is_written_into_a_file(tollbook: Tollbook, office: Office, tmp_path: Path) -> None:
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld
        tech-1,    2017-06-23T08:00:00Z, 60,         48221000001, 1234#442079460002
        tech-2,    2017-06-23T08:10:00Z, 60,         48221000001, 1234#442079460003
        """,
        "prefixed.csv",
    )
    lines = tollbook("usage", "quality", "office", "--from", "2017-06-23").stdout.splitlines()

    written = next(line for line in lines if line.startswith("  write into rules.toml: "))
    command = next(line for line in lines if line.startswith("  tollbook connection add"))
    assert written == "  write into rules.toml: strip_prefixes = ['1234#']"
    assert command == "  tollbook connection add office --change --number-rules rules.toml"
    (tmp_path / "rules.toml").write_text(written.partition(": ")[2])
    assert tollbook(*shlex.split(command)[1:]).status == 0
    assert called(report(tollbook, "--from", "2017-06-23")) == {"valid": (2, 2, 100.0)}


def test_evidence_that_cannot_be_read_any_more_is_named(tollbook: Tollbook, office: Office) -> None:
    office.source.layout = "asterisk"
    office.source.save()

    shown = tollbook("usage", "quality", "office")

    assert shown.status == 0
    assert shown.stdout.startswith("office has no usage then\nrun ")
