"""Connections from the command line: what is not named stays, secrets are never seen, unused ones go."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.metroport import Simulator
from tollbook.connections.models import Connection
from tollbook.connections.operations import site_of
from tollbook.connections.secrets import KEY_VARIABLE
from tollbook.usage.models import CollectRun, UsageCursor

Tollbook = Callable[..., Any]

ADD = ("connection", "add", "mvno", "--kind", "metroport", "--set", "login=dolny")


@pytest.fixture(scope="module")
def metroport() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password where `--secret password` finds it."""
    monkeypatch.setenv("TOLLBOOK_SECRET_PASSWORD", "metroport-na-niby")


@pytest.fixture
def mvno(db: None, secret: None, tollbook: Tollbook, metroport: Simulator) -> Connection:
    run = tollbook(*ADD, "--set", f"api_url={metroport.url}", "--set", "chunk_days=3", "--secret", "password")
    assert (run.status, run.stdout) == (0, "connection mvno: try it with `tollbook connection test mvno`\n")
    return Connection.objects.get()


def test_a_change_leaves_what_it_does_not_name(mvno: Connection, tollbook: Tollbook) -> None:
    change = ("connection", "add", "mvno", "--change")
    tollbook(
        *change,
        "--timezone",
        "Europe/Warsaw",
        "--price-is",
        "cost",
        "--import-from",
        "2026-05-01",
        "--every",
        "6h",
    )
    tollbook(*change, "--set", "mode=provider", "--country", "PL", "--creates-customers")
    tollbook(*change, "--customer-default", "currency=PLN", "--customer-default", "tax_rate=23")
    run = tollbook(*change, "--customer-default", "language=pl", "--exit-code", "00", "--stale-after", "2d")

    assert run.status == 0, run.stderr
    mvno.refresh_from_db()
    assert mvno.settings == {
        "login": "dolny", "api_url": mvno.settings["api_url"], "chunk_days": "3", "mode": "provider",
    }  # fmt: skip
    assert site_of(mvno).secrets["password"].reveal() == "metroport-na-niby"
    assert (mvno.timezone, mvno.price_is, mvno.import_from) == ("Europe/Warsaw", "cost", date(2026, 5, 1))
    assert (mvno.is_scheduled, mvno.collect_every, mvno.stale_after) == (
        True,
        timedelta(hours=6),
        timedelta(days=2),
    )
    assert mvno.number_rules == {"country": "PL", "exit_codes": ["00"]}
    assert mvno.creates_customers
    assert mvno.customer_defaults == {"currency": "PLN", "tax_rate": "23", "language": "pl"}


def test_what_is_not_there_is_not_changed(mvno: Connection, tollbook: Tollbook) -> None:
    run = tollbook("connection", "add", "mvnno", "--change", "--set", "chunk_days=3")

    assert (run.status, "there is no connection 'mvnno' (there are: mvno)" in run.stderr) == (2, True)
    assert Connection.objects.get() == mvno


def test_a_secret_that_must_be_set_says_how(db: None, tollbook: Tollbook) -> None:
    run = tollbook("connection", "add", "mvno", "--kind", "metroport", "--set", "login=dolny")

    assert (run.status, run.stderr) == (
        2,
        "tollbook: connection 'mvno': password is missing (Password of the API user): give `--secret password`\n",
    )


def test_an_empty_value_puts_back_the_default(mvno: Connection, tollbook: Tollbook) -> None:
    change = ("connection", "add", "mvno", "--change")
    tollbook(*change, "--country", "PL", "--import-from", "2026-05-01", "--stale-after", "2d")

    tollbook(*change, "--set", "chunk_days=", "--country", "", "--import-from", "", "--stale-after", "0d")

    mvno.refresh_from_db()
    assert "chunk_days" not in mvno.settings
    assert (mvno.number_rules, mvno.import_from, mvno.stale_after) == ({}, None, None)


def test_when_usage_is_collected(mvno: Connection, tollbook: Tollbook) -> None:
    def schedule(*options: str) -> tuple[bool, time, timedelta | None]:
        run = tollbook("connection", "add", "mvno", "--change", *options)
        assert run.status == 0, run.stderr
        mvno.refresh_from_db()
        return mvno.is_scheduled, mvno.collect_at, mvno.collect_every

    assert schedule("--at", "02:30") == (True, time(2, 30), None)
    assert schedule("--no-schedule") == (False, time(2, 30), None)
    assert schedule("--scheduled") == (True, time(2, 30), None)
    assert schedule("--every", "30m") == (True, time(2, 30), timedelta(minutes=30))
    assert schedule("--no-schedule") == (False, time(2, 30), timedelta(minutes=30))
    assert schedule("--at", "03:00") == (True, time(3, 0), None)
    listed = json.loads(tollbook("connection", "list", "--json").stdout)
    assert listed[0]["collected"] == "daily at 03:00 UTC"


@pytest.mark.usefixtures("mvno")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--set", "fax=3"),
            "'fax' is no setting of metroport; `tollbook connection settings metroport` lists them",
        ),
        (
            ("--set", "chunk_day=3"),
            "'chunk_day' is no setting of metroport, perhaps chunk_days is meant; `tollbook",
        ),
        (("--set", "mode=all"), "mode is 'all'; it can be customer, provider"),
        (("--set", "login="), "login is missing (Login of the API user): give `--set login=…`"),
        (("--set", "chunk_days"), "--set 'chunk_days': write a name and a value"),
        (("--set", "mode=provider", "--set", "mode=customer"), "--set: 'mode' is named twice"),
        (("--kind", "files"), "is of kind metroport and stays so"),
        (("--kind", "metroprot"), "there is no connector 'metroprot'; there are files"),
        (("--at", "25:00"), "--at '25:00': write a time of day in 24 hours, as 01:00"),
        (("--every", "often"), "--every 'often': write a whole number and its unit, as 30m, 6h or 2d"),
        (("--every", "30s"), "every 0:00:30 is not between"),
        (("--at", "01:00", "--every", "6h"), "give one of them"),
        (("--at", "01:00", "--no-schedule"), "leave out one of them"),
        (("--import-from", "1.5.2026"), "--import-from '1.5.2026': write a day as 2026-01-31"),
        (("--customer-default", "nip=1234563218"), "'nip' is nothing that customers share; there are street"),
        (("--customer-default", "currency=zł"), "currency 'zł' is not a currency"),
        (("--account-product", "sim"), "there is no product 'sim'; make it with `tollbook products set`"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    tollbook: Tollbook, options: tuple[str, ...], message: str
) -> None:
    before = tollbook("connection", "show", "mvno", "--json").stdout

    run = tollbook("connection", "add", "mvno", "--change", *options)

    assert run.status == 2
    assert message in run.stderr
    assert tollbook("connection", "show", "mvno", "--json").stdout == before


@pytest.mark.usefixtures("mvno")
def test_without_change_the_same_again_is_well_and_anything_else_is_refused(
    tollbook: Tollbook, metroport: Simulator
) -> None:
    same = (*ADD, "--set", f"api_url={metroport.url}", "--set", "chunk_days=3")

    assert tollbook(*same).status == 0
    assert "(settings); give --change" in tollbook(*same[:-2]).stderr
    assert "with another schedule; give --change" in tollbook(*same, "--at", "04:00").stderr
    assert not Connection.objects.get().is_scheduled


@pytest.mark.usefixtures("db")
def test_a_value_among_the_arguments_is_refused_and_not_shown(tollbook: Tollbook) -> None:
    for options in (("--set", "password=s3cr3t"), ("--secret", "password=s3cr3t")):
        run = tollbook(*ADD, *options)
        assert run.status == 2
        assert "was seen by everybody on this machine" in run.stderr
        assert "s3cr3t" not in run.stderr
    assert not Connection.objects.exists()


@pytest.mark.usefixtures("db")
def test_a_secret_comes_from_a_file(tollbook: Tollbook, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" blanks count \r\n")

    assert tollbook(*ADD, "--secret-file", f"password={tmp_path}/password").status == 0

    assert site_of(Connection.objects.get()).secrets["password"].reveal() == " blanks count "
    missing = tollbook(*ADD, "--secret-file", f"password={tmp_path}/passwort")
    assert missing.stderr.endswith("passwort cannot be read: No such file or directory\n")


@pytest.mark.usefixtures("db")
def test_a_secret_is_asked_for_at_a_terminal_and_nowhere_else(
    tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = tollbook(*ADD, "--secret", "password")
    assert (nobody.status, "set TOLLBOOK_SECRET_PASSWORD, or give --secret-file" in nobody.stderr) == (2, True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    asked: dict[str, object] = {}

    def prompt(question: str, **options: object) -> str:
        asked.update(options, question=question)
        return "typed"

    monkeypatch.setattr("typer.prompt", prompt)
    assert tollbook(*ADD, "--secret", "password").status == 0
    assert (asked["question"], asked["hide_input"]) == ("Password", True)
    assert site_of(Connection.objects.get()).secrets["password"].reveal() == "typed"


def test_secrets_are_set_or_not_and_never_shown(mvno: Connection, tollbook: Tollbook) -> None:
    for arguments in (
        ("show", "mvno"),
        ("show", "mvno", "--json"),
        ("list",),
        ("list", "--json"),
        ("test", "mvno"),
    ):
        run = tollbook("connection", *arguments)
        assert run.status == 0
        assert "na-niby" not in run.stdout + run.stderr
    shown = tollbook("connection", "show", "mvno").stdout.splitlines()
    assert "  password: set" in shown
    assert "  chunk_days: 3" in shown
    assert "  currency: PLN (default)" in shown
    assert "na-niby" not in mvno.secrets


@pytest.mark.usefixtures("mvno")
def test_secrets_whose_key_is_lost_are_entered_again(tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")

    assert "  password: cannot be decrypted with the key there is" in tollbook("connection", "show", "mvno").stdout
    lost = tollbook("connection", "test", "mvno")
    assert (lost.status, "enter all of them again" in lost.stderr) == (2, True)
    assert tollbook("connection", "add", "mvno", "--change", "--secret", "password").status == 0
    assert tollbook("connection", "test", "mvno").status == 0


@pytest.mark.usefixtures("mvno")
def test_a_connection_is_tried_out_step_by_step(
    tollbook: Tollbook, metroport: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = tollbook("connection", "test", "mvno")
    assert well.status == 0
    assert well.stdout.splitlines()[:2] == ["✓ reach: Metroport answers", "✓ log in: a session was opened"]
    assert well.stdout.endswith("\nmvno: all is well\n")
    monkeypatch.setenv("TOLLBOOK_SECRET_PASSWORD", "mistyped")
    tollbook("connection", "add", "mvno", "--change", "--secret", "password")

    wrong = tollbook("connection", "test", "mvno")

    assert (wrong.status, wrong.stdout.splitlines()[-1]) == (1, "mvno: 1 of 2 checks failed")
    assert wrong.stdout.splitlines()[1:3] == [
        "✗ log in: login 'dolny' was refused (answer 401)",
        "    → check login and password, and whether Metroport admits this machine's address",
    ]
    as_json = tollbook("connection", "test", "mvno", "--json")
    assert as_json.status == 1
    said = json.loads(as_json.stdout)
    assert (said["is_ok"], [check["is_ok"] for check in said["checks"]]) == (False, [True, False])


def test_what_can_be_connected_needs_no_connection(db: None, tollbook: Tollbook) -> None:
    kinds = {row["kind"]: row for row in json.loads(tollbook("connection", "kinds", "--json").stdout)}
    assert kinds["metroport"]["offers"] == ["customers", "accounts", "usage", "upload price list"]
    assert kinds["metroport"]["must_be_set"] == ["login", "password"]
    settings = {
        row["name"]: row for row in json.loads(tollbook("connection", "settings", "metroport", "--json").stdout)
    }
    assert (settings["password"]["is_secret"], settings["login"]["is_secret"]) == (True, False)
    assert settings["mode"]["choices"] == ["customer", "provider"]
    printed = tollbook("connection", "settings", "metroport").stdout
    assert printed.startswith("login  (must be set)\n")
    assert "password  (must be set; secret)" in printed
    assert "mode  (one of customer, provider; default customer)" in printed


@pytest.mark.usefixtures("db")
def test_a_preset_fills_in_what_is_known(tollbook: Tollbook) -> None:
    add = ("connection", "add", "office", "--preset", "asterisk")
    no_zone = tollbook(*add)
    assert (no_zone.status, "its times do not say their zone; give --timezone" in no_zone.stderr) == (2, True)
    assert not Connection.objects.exists()

    run = tollbook(*add, "--timezone", "Europe/Warsaw", "--set", "name_filter=Master.csv.*")

    assert run.status == 0
    assert run.stdout.splitlines()[1].startswith("Numbers are as they were dialled: give the country")
    office = Connection.objects.get()
    assert (office.layout, office.match_by) == ("asterisk", ["account", "number"])
    assert office.settings == {"name_filter": "Master.csv.*", "growing": "Master.csv"}
    unknown = tollbook("connection", "add", "desk", "--preset", "asterix")
    assert "there is no preset 'asterix'; there are 3cx, asterisk" in unknown.stderr
    assert "it is for files, not for metroport" in tollbook(*add, "--kind", "metroport").stderr
    listed = {row["preset"]: row for row in json.loads(tollbook("connection", "presets", "--json").stdout)}
    assert listed["asterisk"]["settings"]["growing"] == "Master.csv"
    assert "Master.csv*" in tollbook("connection", "presets").stdout


def test_an_unused_connection_goes_and_a_used_one_stays(
    mvno: Connection, tollbook: Tollbook, tmp_path: Path
) -> None:
    UsageCursor.objects.create(connection=mvno, scope="4711", first_asked_at=datetime(2026, 5, 1, tzinfo=UTC))
    CollectRun.objects.create(connection=mvno, asked_by="ann", started_at=datetime(2026, 5, 1, tzinfo=UTC))
    assert tollbook("connection", "remove", "mvno").stdout == "connection mvno: removed\n"
    assert not UsageCursor.objects.exists()
    calls = tmp_path / "calls.csv"
    calls.write_text("type,direction,start,duration_s,cld\ncall,out,2026-03-02T10:00:00Z,60,442079460000\n")
    tollbook("connection", "add", "office", "--layout", "neutral")
    assert tollbook("usage", "import", calls, "--connection", "office").status == 0

    used = tollbook("connection", "remove", "office")

    assert used.status == 2
    assert "connection 'office' stays: 1 import runs refer to it" in used.stderr
    assert Connection.objects.get().name == "office"
