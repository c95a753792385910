"""Imports, what they set aside, and the month's invoices, from the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import Office
from tollbook.billing.models import Invoice
from tollbook.usage.models import ImportRun

Tollbook = Callable[..., Any]

# A minute to London; a call of nobody's number; a line that is no record.
MONDAY = """
    record_id, start,                duration_s, cli,         cld
    london,    2017-06-19T08:00:00Z, 60,         48221000001, 442079460000
    nobody,    2017-06-19T08:08:00Z, 10,         48229999999, 48600000000
    broken
"""


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    opened = open_office(tmp_path, settings)
    opened.file(MONDAY, "monday.csv")
    return opened


@pytest.mark.usefixtures("office")
def test_an_import_says_its_equation_and_where_to_look(tollbook: Tollbook) -> None:
    shown = tollbook("usage", "import", "monday.csv", "-c", "office")

    run = ImportRun.objects.get()
    assert shown.stdout == (
        f"run {run.pk}: monday.csv from office, done: 3 records in = 1 charged + 2 set aside\n"
        "  charged EUR 0.012\n"
        "`tollbook set-aside list` says why records were set aside, and what to do\n"
    )
    assert tollbook("usage", "import", "monday.csv", "-c", "office").stdout.endswith(
        "3 records in = 3 duplicate\n"
    )


@pytest.mark.usefixtures("office")
def test_a_file_that_cannot_be_used_does_not_stop_the_others(tollbook: Tollbook) -> None:
    shown = tollbook("usage", "import", "missing.csv", "monday.csv", "-c", "office")

    assert shown.status == 2
    assert shown.stderr == "tollbook: missing.csv is not a file; name a file of calls\n"
    assert "3 records in" in shown.stdout


@pytest.mark.usefixtures("office")
def test_the_set_aside_list_says_what_to_do_and_shows_records_in_80_columns(tollbook: Tollbook) -> None:
    tollbook("usage", "import", "monday.csv", "-c", "office")

    shown = tollbook("set-aside", "list", "-n", "5").stdout

    assert "no_account: import the account that has the number, or sync the platform, then retry\n" in shown
    assert "  voice_out from 48229999999 to 48600000000, at 2017-06-19 08:08:00 UTC\n" in shown
    assert f"unreadable; monday.csv, line 4 (run {ImportRun.objects.get().pk})\n" in shown
    assert tollbook("set-aside", "list", "--reason", "no_acount").status == 2


@pytest.mark.usefixtures("office")
def test_retrying_says_what_it_cannot_help(tollbook: Tollbook) -> None:
    tollbook("usage", "import", "monday.csv", "-c", "office")

    assert tollbook("set-aside", "retry").stdout == (
        "office: 1 tried, 0 charged, 0 free, 1 still set aside\n"
        "1 not tried, as they cannot be read; see `tollbook set-aside list`\n"
    )


@pytest.mark.usefixtures("office")
def test_an_explanation_ends_with_what_to_do(tollbook: Tollbook) -> None:
    tollbook("usage", "import", "monday.csv", "-c", "office")
    listed = tollbook("set-aside", "list", "-n", "1", "--reason", "no_account").stdout
    record = listed.split("record ")[1].split(":")[0]

    assert tollbook("usage", "explain", record).stdout.endswith(
        "next: import the account that has the number, or sync the platform, then retry\n"
    )


@pytest.mark.usefixtures("office")
def test_an_import_is_undone_once(tollbook: Tollbook) -> None:
    tollbook("usage", "import", "monday.csv", "-c", "office")
    run = ImportRun.objects.get().pk

    assert tollbook("usage", "undo", run, "--yes").stdout == f"run {run}: 3 records undone\n"
    assert "was undone before" in tollbook("usage", "undo", run, "--yes").stderr


@pytest.mark.usefixtures("office")
def test_documents_that_could_not_be_written_come_with_the_next_bill(tollbook: Tollbook, tmp_path: Path) -> None:
    tollbook("usage", "import", "monday.csv", "-c", "office")
    tollbook("seller", "set", "--name", "Example Telecom", "--country", "IE")
    (tmp_path / "taken").write_text("not a folder")

    refused = tollbook("bill", "--month", "2017-06", "--out", "taken")
    assert refused.status == 2
    assert refused.stderr.startswith("tollbook: taken: File exists")
    assert not Invoice.objects.exists()

    tollbook("bill", "--month", "2017-06", "--out", "first")
    again = tollbook("bill", "--month", "2017-06", "--out", "second")
    assert again.stdout == "nothing new to invoice\n2 documents of 2017-06 in second\n"
    assert sorted(path.name for path in (tmp_path / "second").iterdir()) == [
        "2017-06-0001.csv",
        "2017-06-0001.pdf",
    ]


@pytest.mark.usefixtures("office")
def test_a_month_is_not_billed_before_its_end(tollbook: Tollbook) -> None:
    tollbook("seller", "set", "--name", "Example Telecom", "--country", "IE")

    assert tollbook("bill", "--month", "2999-01").stderr == (
        "tollbook: 2999-01 has not ended; bill it from 2999-02-01 on\n"
    )


@pytest.mark.usefixtures("office")
def test_a_balance_has_the_decimals_of_its_currency(tollbook: Tollbook, office: Office) -> None:
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld
        warsaw,    2017-06-19T08:00:00Z, 200,        48221000003, 48600000000
        """
    )  # 200 s at 0.03 a minute

    assert "0.10" in tollbook("ledger", "balance", "bob").stdout


@pytest.mark.usefixtures("office")
def test_what_would_spoil_every_invoice_is_refused_at_once(tollbook: Tollbook, tmp_path: Path) -> None:
    (tmp_path / "logo.txt").write_text("Example Telecom")
    seller = ("seller", "set", "--name", "Example Telecom", "--country", "IE")

    assert "'IE00' is not an IBAN" in tollbook(*seller, "--iban", "IE00").stderr
    assert "logo.txt is neither SVG nor PNG" in tollbook(*seller, "--logo", "logo.txt").stderr


@pytest.mark.usefixtures("office")
def test_an_iban_is_kept_without_its_blanks(tollbook: Tollbook) -> None:
    seller = ("seller", "set", "--name", "Example Telecom", "--country", "IE")

    assert "│ IE29AIBK93115212345678 │" in tollbook(*seller, "--iban", "IE29 AIBK 9311 5212 3456 78").stdout
