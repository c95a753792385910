"""`tollbook metroport-sync` against the simulated Metroport: an operator's cron line, and its bad days.

The operator has the simulator's own books: most customers can be paired by a key, some are awkward.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.faults import Fault
from simulators.metroport import Simulator, users
from simulators.metroport.operator import customers_csv, prices_csv
from tollbook.billing.models import Invoice
from tollbook.catalog.models import Rate
from tollbook.catalog.operations import set_platform_tariff, set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, Customer, Number, Pairing
from tollbook.records import KINDS
from tollbook.usage.models import CollectRun, UsageRecord

pytestmark = pytest.mark.usefixtures("db", "data_home")
JUNE = ("-s", "2017-06-01 00:00:00", "-e", "2017-06-30 23:59:59")
Tollbook = Callable[..., Any]


@pytest.fixture
def data_home(tmp_path: Path, settings: Any) -> None:
    settings.TOLLBOOK_HOME = tmp_path


@pytest.fixture
def metroport() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def books(tollbook: Tollbook, tmp_path: Path) -> None:
    """The operator's customers, and a product whose prices are Metroport's."""
    file = tmp_path / "customers.csv"
    file.write_text(customers_csv(id_cards=True), encoding="utf-8")
    assert tollbook("customers", "import", file).status == 0
    set_platform_tariff(name="as Metroport says", currency="PLN", recorded_at=datetime(2017, 1, 1, tzinfo=UTC))
    set_product(code="metroport-mvno", name="SIM card", tariffs=dict.fromkeys(KINDS, "as Metroport says"))


@pytest.fixture
def office(metroport: Simulator, books: None) -> Connection:
    return set_connection(
        name="mvno",
        kind="metroport",
        settings={
            "api_url": metroport.url,
            "login": metroport.login,
            "attempts": "1",
            "retry_wait_s": "0",
            "chunk_days": "0",
        },
        secrets={"password": Secret(metroport.password)},
        timezone="Europe/Warsaw",
        number_rules={"country": "PL"},
        account_product="metroport-mvno",
    )


def config(metroport: Simulator, folder: Path) -> Path:
    file = folder / "lms.ini"
    file.write_text(
        f'[database]\ntype = postgres\n\n[metroportmvno]\napi_url = "{metroport.url}"\n'
        f"api_login = {metroport.login}\napi_password = '{metroport.password}'\ntariff_tag = metroport-mvno\n"
    )
    return file


def ledger() -> list[tuple[object, ...]]:
    """All usage with what was charged for it, without the ids of this database."""
    columns = ("record_key", "outcome", "reason", "kind", "price_nanos", "currency", "customer_id", "account_id")
    return sorted(map(repr, UsageRecord.objects.values_list(*columns)))  # type: ignore[arg-type]


def outcomes() -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in UsageRecord.objects.values_list("outcome", flat=True):
        found[outcome] = found.get(outcome, 0) + 1
    return found


# --- a month


@pytest.mark.req("L1")
def test_help_names_every_option_on_a_narrow_screen(tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run = tollbook("metroport-sync", "-h")
    assert run.status == 0
    for option in (
        *("--config-file", "-C", "--quiet", "-q", "--test", "-t", "--help", "-h", "--version", "-v"),
        *("--customers", "--accounts", "--billings", "--pricelist-file", "--start-date", "-s", "--end-date", "-e"),
        *("--customerid", "--update", "-u", "--mode", "-m", "--incremental", "-i", "--use-last-id"),
        *("--use-call-start-time", "--chunking", "--no-chunking", "--chunk-size"),
    ):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", run.stdout), option
    assert tollbook("metroport-sync", "-v").stdout.startswith("tollbook ")


@pytest.mark.req("L1")
def test_one_cron_line_does_it_all_and_again_changes_nothing(
    tollbook: Tollbook, metroport: Simulator, books: None, tmp_path: Path
) -> None:
    price_list = tmp_path / "prices.csv"
    price_list.write_text(prices_csv(), encoding="utf-8")
    line = ("-C", config(metroport, tmp_path), "--customers", "--accounts", "--billings", *JUNE)
    first = tollbook("metroport-sync", *line, "--pricelist-file", price_list)
    assert first.status == 0, first.stderr
    steps = ("price list: ", "metroport customers: ", "metroport accounts: ", "metroport, done, by metroport-sync")
    places = [first.stdout.index(step) for step in steps]
    assert places == sorted(places)
    assert "prices.csv was sent; answer 200: Imported prices.csv" in first.stdout
    assert Connection.objects.get().name == "metroport"
    assert len(metroport.price_lists) == 1
    before = ledger()
    assert outcomes()["charged"] > 2_000

    again = tollbook("metroport-sync", *line)
    assert again.status == 0
    assert ledger() == before
    assert re.search(r"([\d,]+) records in = \1 duplicate", again.stdout)


@pytest.mark.req("L5")
def test_what_is_charged_is_what_metroport_says_for_paired_customers(
    tollbook: Tollbook, metroport: Simulator, office: Connection
) -> None:
    """The sum of `retail_totalnetto` of each paired user's records in June, to the last of its five places."""
    tollbook("metroport-sync", "--customers", "--accounts")
    numbers = {(one.account.customer_id, str(one.digits)) for one in Number.objects.select_related("account")}
    assert tollbook("metroport-sync", "--billings", *JUNE).status == 0
    pairings = Pairing.objects.filter(connection=office)
    assert len(pairings) > 20
    for pairing in pairings:
        of_user = [one for one in metroport.records if str(one.userid) == pairing.foreign_id]
        theirs = sum(
            int(one.price * 1_000_000_000)
            for one in of_user
            if (pairing.customer_id, f"48{one.ano}") in numbers
            and one.traffic_types_id is None
            and one.dst != "112"
        )
        ours = UsageRecord.objects.filter(customer_id=pairing.customer_id, outcome="charged")
        assert sum(one.price_nanos or 0 for one in ours) == theirs, pairing.foreign_id
    paired = set(pairings.values_list("foreign_id", flat=True))
    assert set(UsageRecord.objects.values_list("tenant_ref", flat=True)) <= paired
    charged = UsageRecord.objects.filter(outcome="charged")
    assert set(charged.values_list("kind", flat=True)) == {
        *("voice_out", "voice_in", "sms_out", "sms_in", "mms_out", "data", "video_out")
    }
    in_kib = {str(one.id): one.quantity for one in metroport.records if one.kind == "data"}
    for record in charged.filter(kind="data"):
        assert record.quantity == in_kib[record.record_key] * 1024


@pytest.mark.req("L6")
def test_the_records_of_a_month_are_its_charges_and_its_invoice(
    tollbook: Tollbook, metroport: Simulator, office: Connection, tmp_path: Path
) -> None:
    """Of one customer with several cards, to the grosz."""
    seller = ("--name", "Operator", "--country", "PL")
    assert tollbook("seller", "set", *seller).status == 0
    tollbook("metroport-sync", "--customers", "--accounts", "--billings", *JUNE)
    code = Customer.objects.get(pk=Pairing.objects.get(foreign_id="986").customer_id).code
    cards = {one["code"] for one in json.loads(tollbook("accounts", "list", "-c", code, "--json").stdout)}
    theirs = [one for one in metroport.records if str(one.userid) == "986" and f"48{one.ano}" in cards]
    billed = [one for one in theirs if one.price and one.dst != "112"]

    closed = tollbook("bill", "--month", "2017-06", "--customer", code, "--out", tmp_path / "invoices")

    assert closed.status == 0, closed.stderr
    invoice = Invoice.objects.get()
    assert len(cards) > 1
    assert (
        invoice.net == sum((one.price for one in billed), Decimal()).quantize(Decimal("0.01"), ROUND_HALF_UP) > 0
    )
    [calls] = (tmp_path / "invoices").glob("*.csv")
    assert len(calls.read_text().splitlines()) - 1 == len(theirs)


@pytest.mark.req("L1")
def test_each_step_can_be_taken_alone(tollbook: Tollbook, metroport: Simulator, office: Connection) -> None:
    assert tollbook("metroport-sync", "--customers").status == 0
    assert (Pairing.objects.count() > 20, Account.objects.count()) == (True, 0)
    assert tollbook("metroport-sync", "--accounts").status == 0
    assert (Account.objects.count() > 100, UsageRecord.objects.count()) == (True, 0)
    assert tollbook("metroport-sync", "--billings", *JUNE).status == 0
    assert UsageRecord.objects.count() > 3_000
    assert metroport.price_lists == []


def test_quiet_pairs_the_same_and_no_twin(tollbook: Tollbook, metroport: Simulator, office: Connection) -> None:
    """Two users with one NIP, and ours with it: nobody is paired with either, whoever listens."""
    twins = {"992", "993"}
    assert tollbook("metroport-sync", "-q", "--customers") == (0, "", "")

    quiet = set(Pairing.objects.values_list("foreign_id", flat=True))
    assert not quiet & twins
    Pairing.objects.all().delete()
    assert tollbook("metroport-sync", "--customers").status == 0
    assert set(Pairing.objects.values_list("foreign_id", flat=True)) == quiet != set()


@pytest.mark.req("L1")
def test_a_dry_run_says_the_same_and_changes_nothing(
    tollbook: Tollbook, metroport: Simulator, books: None, tmp_path: Path
) -> None:
    price_list = tmp_path / "prices.csv"
    price_list.write_text("48;0,19\n", encoding="utf-8")
    line = ("-C", config(metroport, tmp_path), "--customers", "--accounts", "--pricelist-file", price_list)
    dry = tollbook("metroport-sync", "-t", *line, "--billings", *JUNE)
    assert dry.status == 0, dry.stderr
    assert f"price list: {price_list}, 8 bytes, would be sent" in dry.stdout
    assert metroport.price_lists == []
    assert Connection.objects.count() == Pairing.objects.count() == Account.objects.count() == 0
    wet = tollbook("metroport-sync", *line)
    for step in ("customers", "accounts"):
        assert next(one for one in wet.stdout.splitlines() if one.startswith(f"metroport {step}: ")) in dry.stdout
    records = ledger()
    assert records == []
    loaded = tollbook("metroport-sync", "-t", "--billings", *JUNE)
    assert ledger() == []
    assert re.search(r"charged PLN \d+\.\d+", loaded.stdout)
    assert CollectRun.objects.count() == 0


PRICES = """\
prefiks;kraj;cena netto za minutę;naliczanie
48;Polska;0,15;60/60
485;Polska komórkowe;0,19;1/1
44;Wielka Brytania;0,6875;60/1
"""
MAPPING = """\
separator = ";"
[columns]
"prefiks" = "prefix"
"kraj" = "destination"
"cena netto za minutę" = "price"
"naliczanie" = "increment"
"""


@pytest.mark.req("L4")
def test_one_price_list_goes_to_metroport_and_becomes_a_tariff_here(
    tollbook: Tollbook, metroport: Simulator, office: Connection, tmp_path: Path
) -> None:
    """The columns are between the operator and Metroport: a mapping says what they mean here."""
    price_list, mapping = tmp_path / "cennik.csv", tmp_path / "mapping.toml"
    price_list.write_text(PRICES, encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    sent = tollbook("metroport-sync", "--pricelist-file", price_list)
    assert (sent.status, sent.stdout) == (
        0,
        f"mvno price list: {price_list} was sent; answer 200: Imported cennik.csv: 4 lines\n",
    )
    assert metroport.price_lists[0].content == PRICES.encode()
    tariff = ("--name", "cennik", "--currency", "PLN", "--country", "PL")
    imported = tollbook("tariff", "import", price_list, "--mapping", mapping, *tariff, "--yes")
    assert imported.status == 0, imported.stderr
    rates = Rate.objects.filter(version__tariff__name="cennik").order_by("prefix")
    assert [(one.prefix, one.next_per_min_nanos) for one in rates] == [
        ("44", 687_500_000),
        ("48", 150_000_000),
        ("485", 190_000_000),
    ]


def test_in_provider_mode_everybody_comes_at_once_and_the_unpaired_are_set_aside(
    tollbook: Tollbook, metroport: Simulator, office: Connection
) -> None:
    tollbook("metroport-sync", "--customers", "--accounts")
    assert tollbook("metroport-sync", "--billings", "-m", "provider", *JUNE).status == 0
    assert UsageRecord.objects.count() == len(metroport.records)
    unpaired = UsageRecord.objects.filter(tenant_ref=str(users.UNKNOWN_TO_OPERATOR))
    assert unpaired.count() > 0
    assert set(unpaired.values_list("reason", flat=True)) <= {"unpaired_customer", "emergency"}
    # The number without a card, and the type that nobody lists, belong to nobody and are lost to nobody.
    lost = UsageRecord.objects.filter(account_ref="48500000900").values_list("outcome", "reason")
    assert list(lost) == [("set_aside", "no_account")]
    assert Connection.objects.get().settings.get("mode") is None


def test_records_of_one_customer_by_our_code_or_their_id(
    tollbook: Tollbook, metroport: Simulator, office: Connection
) -> None:
    tollbook("metroport-sync", "--customers", "--accounts")
    pairing = Pairing.objects.order_by("foreign_id").first()
    assert pairing is not None
    code = Customer.objects.get(pk=pairing.customer_id).code
    assert tollbook("metroport-sync", "--billings", "--customerid", code, *JUNE).status == 0
    assert set(UsageRecord.objects.values_list("tenant_ref", flat=True)) == {pairing.foreign_id}
    count = UsageRecord.objects.count()
    assert tollbook("metroport-sync", "--billings", "--customerid", pairing.foreign_id, *JUNE).status == 0
    assert UsageRecord.objects.count() == count


def test_incremental_goes_on_where_it_left_off_and_finds_what_is_late(
    tollbook: Tollbook, metroport: Simulator, office: Connection
) -> None:
    """Last month is loaded; then three calls of its first days are reported, with higher ids."""
    yesterdays = datetime.now(UTC).date().replace(day=1) - timedelta(days=1)
    with Simulator(month=f"{yesterdays:%Y-%m}") as last_month:
        office.settings |= {"api_url": last_month.url, "overlap_days": "70"}
        office.import_from = yesterdays.replace(day=1)
        office.save()
        tollbook("metroport-sync", "--customers", "--accounts")
        line = ("metroport-sync", "--billings", "-i", "--use-last-id", "--no-chunking")
        assert tollbook(*line).status == 0
        loaded = set(UsageRecord.objects.values_list("record_key", flat=True))
        assert len(loaded) > 3_000
        late = last_month.late(3)
        paired = set(Pairing.objects.values_list("foreign_id", flat=True))
        theirs = {str(one.id) for one in last_month.records if one.id in late and str(one.userid) in paired}
        assert theirs
        before = len(last_month.faults.requests()["log"])
        assert tollbook(*line, "-q") == (0, "", "")
        asked = [str(entry["query"]) for entry in last_month.faults.requests()["log"][before:]]
    assert set(UsageRecord.objects.values_list("record_key", flat=True)) - loaded == theirs
    assert any("id_after" in query for query in asked)


# --- bad days


@pytest.mark.req("L5")
def test_one_customers_failure_is_exit_status_1_and_deletes_nothing(
    tollbook: Tollbook, metroport: Simulator, office: Connection
) -> None:
    tollbook("metroport-sync", "--customers", "--accounts", "--billings", *JUNE)
    before = ledger()
    unlucky = Pairing.objects.order_by("foreign_id").last()
    assert unlucky is not None
    metroport.faults.add(Fault("status", match=f"userid={unlucky.foreign_id}", status=500, times=None))
    run = tollbook("metroport-sync", "-q", "--billings", *JUNE)
    assert run.status == 1
    assert f"records: {unlucky.foreign_id}: mvno: GET /Mvno/Billings: answer 500" in run.stderr
    assert ledger() == before
    metroport.faults.reset()
    assert tollbook("metroport-sync", "--billings", *JUNE).status == 0
    assert ledger() == before


def test_a_step_that_fails_leaves_the_others(tollbook: Tollbook, metroport: Simulator, office: Connection) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Mobiles", status=403, times=None))
    run = tollbook("metroport-sync", "-q", "--customers", "--accounts")
    assert (run.status, run.stdout) == (1, "")
    assert "accounts: mvno: GET /Mvno/Mobiles: answer 403, also with a new session" in run.stderr
    assert Pairing.objects.count() > 20


def test_when_nothing_can_be_done_the_exit_status_is_2(
    tollbook: Tollbook, metroport: Simulator, office: Connection
) -> None:
    set_connection(
        name="mvno",
        kind="metroport",
        secrets={"password": Secret("changed by somebody")},
        may_change=True,
    )
    run = tollbook("metroport-sync", "--customers", "--accounts", "--billings", *JUNE)
    assert run.status == 2
    assert run.stdout.count("login 'dolny' was refused (answer 401)") == 2
    assert "nobody is paired whose records could be asked for" in run.stdout
    assert "changed by somebody" not in run.stdout + run.stderr
    assert metroport.faults.requests()["counts"].keys() == {"/admins/Auth/login"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "nothing to do; give some of --customers, --accounts, --billings, --pricelist-file"),
        (("--customers", "--customerid", "AB-1204"), "--customerid is for --billings"),
        (("--billings", "-s", "2017-06-02", "-e", "2017-06-01"), "is empty"),
        (("--billings", "--use-last-id"), "say how to be --incremental"),
        (("--customers", "--pricelist-file", "nowhere.csv"), "nowhere.csv is not a file"),
        (("--billings", "--connection", "office"), "there is no connection 'office'"),
        (("--billings", "-C", "nowhere.ini"), "nowhere.ini cannot be read"),
        (("--billings", "--customerid", "nobody", *JUNE), "customer 'nobody' is not paired"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    tollbook: Tollbook, metroport: Simulator, office: Connection, options: tuple[str, ...], said: str
) -> None:
    run = tollbook("metroport-sync", *options)
    assert run.status == 2
    assert said in run.stdout + run.stderr
    assert metroport.faults.requests()["counts"] == {}


# --- which Metroport


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[database]\n", "has no section [metroportmvno]"),
        ("[metroportmvno]\napi_login = x\n", "api_password missing"),
        ("api_password = secret-word\n", "is no ini file"),
    ],
)
def test_a_file_that_does_not_say_enough(
    tollbook: Tollbook, books: None, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "lms.ini"
    file.write_text(text)
    run = tollbook("metroport-sync", "-C", file, "--customers")
    assert run.status == 2
    assert said in run.stderr
    assert "secret-word" not in run.stderr


def test_without_a_connection_or_with_several_it_says_what_to_do(
    tollbook: Tollbook, metroport: Simulator, tmp_path: Path, books: None
) -> None:
    assert "add one with `tollbook connection add" in tollbook("metroport-sync", "--customers").stderr
    for name in ("north", "south"):
        run = tollbook(
            "metroport-sync", "-q", "-C", config(metroport, tmp_path), "--connection", name, "--customers"
        )
        assert run.status == 0, run.stderr
    both = tollbook("metroport-sync", "--customers")
    assert both.status == 2
    assert "several connections of kind metroport (north, south); name one with --connection" in both.stderr
    set_connection(name="files")
    assert "is of kind files" in tollbook("metroport-sync", "--customers", "--connection", "files").stderr
