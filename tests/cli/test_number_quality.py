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
from tollbook.catalog.operations import set_product
from tollbook.customers.models import Account, Customer

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


# A switch in Canada: Ann is in Toronto, Bob's people sit in London and dial as one does there.
TWO_COUNTRIES = """
    record_id, start,                duration_s, account, cli,         cld
    ann-a,     2017-06-24T08:00:00Z, 60,         ann-1,   48221000001, 4165550100
    ann-b,     2017-06-24T08:01:00Z, 60,         ann-1,   48221000001, 4165550100
    ann-c,     2017-06-24T08:02:00Z, 60,         ann-1,   48221000001, 4165550100
    ann-d,     2017-06-24T08:03:00Z, 60,         ann-1,   48221000001, 4165
    bob-a,     2017-06-24T08:10:00Z, 60,         bob-1,   48221000003, 02079460609
    bob-b,     2017-06-24T08:20:00Z, 60,         bob-1,   48221000003, 02079460609
    bob-c,     2017-06-24T08:30:00Z, 60,         bob-1,   48221000003, 0012045550193
    bob-d,     2017-06-24T08:40:00Z, 60,         bob-1,   48221000003, 911
    bob-e,     2017-06-24T08:50:00Z, 60,         bob-1,   48221000003, reception
"""


@pytest.fixture
def two_countries(office: Office) -> Office:
    office.source.number_rules = {"country": "CA"}
    office.source.save()
    Customer.objects.filter(code="bob").update(country="GB")
    office.import_(TWO_COUNTRIES, "two-countries.csv")
    return office


def give_bob_a_product(**number_rules: object) -> None:
    london = set_product(
        code="london", name="London", tariffs={"voice_out": "standard"}, number_rules=number_rules
    )
    Account.objects.filter(code="bob-1").update(product=london)


THAT_DAY = ("--from", "2017-06-24", "--to", "2017-06-24")


@pytest.mark.usefixtures("two_countries")
def test_a_products_rules_judge_the_numbers_its_accounts_call(tollbook: Tollbook) -> None:
    """911 is an emergency number on that switch, whoever dials it. Ann's four digits and Bob's name are left."""
    give_bob_a_product(country="GB")

    found = report(tollbook, *THAT_DAY)

    assert called(found) == {
        "valid": (3, 6, 66.7),
        "short": (1, 1, 11.1),
        "extension": (1, 1, 11.1),
        "invalid": (1, 1, 11.1),
    }
    assert (found["by_products"], found["wanting"], found["wanting_by_products"]) == (5, 2, 1)
    assert (found["fix"], found["elsewhere"]) == (None, None)
    lines = tollbook("usage", "quality", "office", *THAT_DAY).stdout.splitlines()
    assert lines[-5:-2] == [
        "5 numbers were read by the rules of products, not by the connection's",
        "2 of 18 numbers cannot be read, or are unlikely",
        "1 of them by rules of products: see `tollbook products list --json`",
    ]


@pytest.mark.usefixtures("two_countries")
def test_london_numbers_on_a_canadian_switch_are_a_matter_of_their_product(tollbook: Tollbook) -> None:
    """Only 00 1 204 … can be read without a doubt: that is Winnipeg in London too."""
    found = report(tollbook, *THAT_DAY)

    assert (found["by_products"], found["wanting"]) == (0, 5)
    assert found["fix"]["changes"] == {"exit_codes": ["011", "00"]}
    assert (found["fix"]["reads"], found["fix"]["of"]) == (1, 5)
    assert found["elsewhere"] == {
        "country": "GB",
        "records": 2,
        "examples": [{"written": "02079460609", "read": "442079460609"}],
    }
    lines = tollbook("usage", "quality", "office", *THAT_DAY).stdout.splitlines()
    place = lines.index("5 of 18 numbers cannot be read, or are unlikely")
    assert lines[place + 1 : place + 3] == [
        "2 of them look as dialled in GB, 02079460609 as 442079460609: if they are, give the",
        "  product of those who dial so its own rules: `tollbook products set … --country GB`",
    ]


def test_what_a_change_spoils_for_products_without_a_country_is_counted(
    tollbook: Tollbook, two_countries: Office
) -> None:
    """Bob's product has the connection's rules but for bare numbers, which have their country code already.

    With an 8 for a line out, as Ann's people dial it, his call to South Korea would be read as another number.
    """
    give_bob_a_product(add_country_code=False)
    two_countries.import_(
        """
        record_id, start,                duration_s, account, cli,         cld
        line-a,    2017-06-25T08:00:00Z, 60,         ann-1,   48221000001, 84165550100
        line-b,    2017-06-25T08:10:00Z, 60,         ann-1,   48221000001, 84165550101
        korea,     2017-06-25T08:20:00Z, 60,         bob-1,   48221000003, 821023456789
        """,
        "line-out.csv",
    )

    fix = report(tollbook, "--from", "2017-06-25")["fix"]

    assert fix["changes"] == {"strip_prefixes": ["8"]}
    assert (fix["reads"], fix["spoils"]) == (2, 1)


def test_a_switch_with_prefixes_and_no_usage(tollbook: Tollbook, two_countries: Office) -> None:
    two_countries.source.number_rules = {"country": "CA", "strip_prefixes": ["77"]}
    two_countries.source.save()
    nothing = tollbook("usage", "quality", "office", "--from", "2017-06-27")

    assert (nothing.status, nothing.stdout) == (0, "office has no usage then\n")
