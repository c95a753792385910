"""Customers, accounts, products, tariffs and connections from the command line."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tollbook.catalog.models import TariffVersion
from tollbook.connections.models import Connection
from tollbook.customers.models import Customer

Tollbook = Callable[..., Any]

CUSTOMERS = "code,name,currency,timezone\nacme,Acme,PLN,Europe/Warsaw\n"
RATES = "prefix,destination,price\n44,UK,0.0120\n447,UK mobile,0.09\n33,France,0.02\n"
NEW_RATES = "prefix,destination,price\n44,UK,0.0100\n447,UK mobile,0.12\n49,Germany,0.02\n"


@pytest.fixture
def folder(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("customers.csv", CUSTOMERS), ("rates.csv", RATES), ("new.csv", NEW_RATES)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def retail(folder: Path, tollbook: Tollbook) -> None:
    assert tollbook("tariff", "import", "rates.csv", "--name", "retail", "--currency", "PLN", "--yes").status == 0


@pytest.mark.usefixtures("folder")
def test_customers_are_imported_and_listed(tollbook: Tollbook) -> None:
    assert tollbook("customers", "import", "customers.csv", "--dry-run").stdout == (
        "customers: 1 new, 0 changed, 0 unchanged (dry run: nothing was written)\n"
    )
    assert tollbook("customers", "import", "customers.csv").stdout == "customers: 1 new, 0 changed, 0 unchanged\n"
    assert json.loads(tollbook("customers", "import", "customers.csv", "--json").stdout)["unchanged"] == 1
    listed = json.loads(tollbook("customers", "list", "--json").stdout)
    assert [(row["code"], row["currency"], row["account_count"]) for row in listed] == [("acme", "PLN", 0)]
    assert "Europe/Warsaw" in tollbook("customers", "list").stdout


def test_a_bad_sheet_ends_with_every_cell_on_standard_error_and_status_2(tollbook: Tollbook, folder: Path) -> None:
    (folder / "bad.csv").write_text("code,name,currency\na,,EUR\nb,B,euro\n")

    run = tollbook("customers", "import", "bad.csv")

    assert (run.status, run.stdout) == (2, "")
    assert "line 2, name ''" in run.stderr
    assert "line 3, currency 'euro'" in run.stderr
    assert not Customer.objects.exists()
    skipping = tollbook("customers", "import", "bad.csv", "--skip-bad-rows")
    assert (skipping.status, skipping.stdout) == (0, "customers: 0 new, 0 changed, 0 unchanged\n")
    assert "2 rows were left out" in skipping.stderr


@pytest.mark.req("X4")
@pytest.mark.usefixtures("retail")
def test_the_difference_is_shown_before_a_list_goes_live(tollbook: Tollbook) -> None:
    run = tollbook("tariff", "import", "new.csv", "--name", "retail", "--active-from", "2026-02-01", "--dry-run")

    assert "prefixes: 1 new, 1 gone, 1 dearer, 1 cheaper, 0 otherwise changed, 0 unchanged" in run.stdout
    assert "in force for calls from 2026-02-01 on" in run.stdout
    mobile, landline = [line.replace("│", " ").split() for line in run.stdout.splitlines() if line.startswith("│")]
    assert mobile == ["447", "UK", "mobile", "dearer", "per", "minute", "0.09", "0.12", "+33.33"]
    assert landline == ["44", "UK", "cheaper", "per", "minute", "0.012", "0.01", "-16.67"]
    assert run.stdout.endswith("nothing was recorded\n")
    assert TariffVersion.objects.count() == 1


@pytest.mark.usefixtures("retail")
def test_nothing_is_recorded_where_nobody_can_be_asked(
    tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115  pytest puts the old one back

    run = tollbook("tariff", "import", "new.csv", "--name", "retail")

    assert run.status == 2
    assert "run the command again with --yes" in run.stderr
    assert TariffVersion.objects.count() == 1


@pytest.mark.usefixtures("retail")
@pytest.mark.parametrize(("answer", "versions"), [(True, 2), (False, 1)])
def test_a_person_at_a_terminal_is_asked(
    tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch, answer: bool, versions: int
) -> None:
    monkeypatch.setattr("tollbook.cli.tariff_options.sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda _question, **_options: answer)

    run = tollbook("tariff", "import", "new.csv", "--name", "retail")

    assert run.status == 0
    assert TariffVersion.objects.count() == versions


@pytest.mark.usefixtures("retail")
def test_an_identical_list_makes_no_version(tollbook: Tollbook) -> None:
    run = tollbook("tariff", "import", "rates.csv", "--name", "retail", "--yes")

    assert (run.status, TariffVersion.objects.count()) == (0, 1)
    assert "identical to that version: there is nothing to record" in run.stdout


@pytest.mark.usefixtures("retail")
def test_which_rate_for_this_number(tollbook: Tollbook) -> None:
    tollbook("tariff", "import", "new.csv", "--name", "retail", "--active-from", "2026-02-01", "--yes")

    def per_minute(*when: str) -> list[tuple[str, str]]:
        run = tollbook("tariff", "show", "retail", "--prefix", "+44 7700 900123", *when, "--json")
        return [(rate["destination"], rate["per minute"]) for rate in json.loads(run.stdout)["rates"]]

    assert per_minute("--at", "2026-01-31T23:59:59") == [("UK mobile", "0.09")]
    assert per_minute("--at", "2026-02-01") == [("UK mobile", "0.12")]
    none = tollbook("tariff", "show", "retail", "--prefix", "81312345678")
    assert (none.status, none.stdout.splitlines()[-1][:32]) == (1, "no rate for 81312345678 (voice_o")
    assert "1 more rates" in tollbook("tariff", "show", "retail", "--limit", "2").stdout
    unknown = tollbook("tariff", "show", "retial")
    assert (unknown.status, "there are: retail" in unknown.stderr) == (2, True)
    before = tollbook("tariff", "show", "retail", "--known-at", "2020-01-01")
    assert (before.status, "no version in force" in before.stderr) == (2, True)


@pytest.mark.usefixtures("retail")
def test_products_name_tariffs_and_accounts_use_them(tollbook: Tollbook, folder: Path) -> None:
    product = ("products", "set", "office", "--name", "Office", "--tariff", "voice_out=retail")
    run = tollbook(*product, "--not-billed", "voice_in", "--on-net", "customer")
    assert run.stdout == "product office: voice_out=retail, voice_in=not billed; on-net calls customer\n"
    assert "no tariff 'retial'" in tollbook(*product[:-1], "voice_out=retial").stderr
    assert "named twice" in tollbook(*product, "--not-billed", "voice_out").stderr
    listed = json.loads(tollbook("products", "list", "--json").stdout)
    assert listed[0]["tariffs"] == "voice_in=not billed, voice_out=retail"

    tollbook("customers", "import", "customers.csv")
    sheet = folder / "accounts.csv"
    sheet.write_text("customer,code,product,numbers\nacme,100,office,+48221234567 +48221234568\n")
    assert tollbook("accounts", "import", "accounts.csv").stdout == (
        "accounts: 1 new, 0 changed, 0 unchanged\nnumbers: 2 new, 0 with new dates, 0 ended\n"
    )
    sheet.write_text("customer,code,product,numbers\nacme,100,office,+48221234567\n")
    kept = tollbook("accounts", "import", "accounts.csv").stdout
    assert "kept, though the file does not list them" in kept
    assert "100: +48221234568: always to open end" in kept
    ended = tollbook("accounts", "import", "accounts.csv", "--end-missing-numbers", "2020-03-01", "--json").stdout
    assert json.loads(ended)["numbers_ended"] == [
        {"account": "100", "number": "+48221234568", "from": None, "until": "2020-03-01T00:00:00+01:00"}
    ]
    accounts = json.loads(tollbook("accounts", "list", "--customer", "acme", "--json").stdout)
    assert [(row["code"], row["numbers"]) for row in accounts] == [("100", "+48221234567")]
    assert tollbook("accounts", "list", "--customer", "acne").status == 2


@pytest.mark.usefixtures("folder")
def test_a_connection_is_checked_when_it_is_added(tollbook: Tollbook, folder: Path) -> None:
    (folder / "own.toml").write_text('name = "own"\n[start]\ncolumn = "when"\n[duration]\ncolumn = "talked"\n')
    (folder / "rules.toml").write_text('service = ["118912"]\n')
    add = ("connection", "add", "office")
    run = tollbook(
        *add, "--layout", "own.toml", "--country", "US", "--number-rules", "rules.toml", "--match-by", "number"
    )

    assert run.status == 0
    office = Connection.objects.get()
    assert office.layout.startswith('name = "own"\n')
    assert (office.number_rules, office.match_by) == ({"country": "US", "service": ["118912"]}, ["number"])
    assert tollbook("connection", "show", "office").stdout.count("118912") == 1
    assert json.loads(tollbook("connection", "list", "--json").stdout)[0]["layout"] == "own mapping"
    assert "with other settings (layout, number_rules, match_by); give --change" in tollbook(*add).stderr
    assert tollbook(*add, "--change", "--layout", "asterisk", "--timezone", "America/New_York").status == 0
    assert Connection.objects.get().layout == "asterisk"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layout", "asterix"), "neither a file nor a built-in layout"),
        (("--timezone", "Mars/Base"), "'Mars/Base' is not a time zone"),
        (
            ("--match-by", "account,name"),
            "'name' in 'account,name'; name some of platform, extension, account, number",
        ),
        (("--match-by", ""), "no way to find the account"),
        (("--country", "XX"), "there is no country 'XX'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    tollbook: Tollbook, options: tuple[str, ...], message: str
) -> None:
    run = tollbook("connection", "add", "office", *options)

    assert run.status == 2
    assert message in run.stderr
    assert not Connection.objects.exists()


def test_the_first_command_on_a_new_machine_makes_the_tables() -> None:
    with tempfile.TemporaryDirectory(prefix="tollbook-first-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o711)  # as root the server runs as a user of its own, who must pass
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        run = subprocess.run(
            [sys.executable, "-m", "tollbook", "products", "list"],
            env=environment | {"TOLLBOOK_HOME": home},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    assert run.stdout.startswith("there are no products; make one with")
