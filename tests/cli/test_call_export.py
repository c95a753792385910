"""Records as files: the columns, the period, the delimiter and the header that were asked for, and no formulas."""

import csv
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from tests.jobs.conftest import open_office
from tests.jobs.office import Office, price_tariff
from tollbook.billing.cdr_export import COLUMNS, Choice, export_calls
from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_product
from tollbook.customers.models import Account
from tollbook.rating.frames import TariffSettings
from tollbook.usage.queries import select_records

Tollbook = Callable[..., Any]

PRICES = """\
prefix,destination,category,price,increment,connect_fee
44,United Kingdom,international,0.0120,60/60,0
447,United Kingdom mobile,Mobile,0.0600,30/6,0.01
48,Poland,national,0.0300,1/1,0
"""
# Ann is in Warsaw, two hours before UTC in June, and pays 23 % tax.
JUNE = """
    record_id, start,                duration_s, cli,         cld
    last-may,  2017-05-31T21:59:59Z, 60,         48221000001, 442079460000
    first,     2017-05-31T22:00:00Z, 61,         48221000001, 442079460000
    mobile,    2017-06-03T08:00:00Z, 10.2,       48221000002, 447400123456
    free,      2017-06-04T08:00:00Z, 60,         48221000001, 48800000000
    hidden,    2017-06-05T08:00:00Z, 60,         48221000001, 48800111111
    no-rate,   2017-06-06T08:00:00Z, 60,         48221000001, 33142278186
    bob,       2017-06-08T08:00:00Z, 60,         48221000003, 48600000000
    july,      2017-06-30T22:00:00Z, 60,         48221000001, 442079460000
"""


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    opened = open_office(tmp_path, settings)
    price_tariff("standard", PRICES, tmp_path)
    opened.source.exclusions = [
        {"pattern": "48800000000", "is_hidden": False},
        {"pattern": "48800111111", "is_hidden": True},
    ]
    opened.source.save()
    opened.import_(JUNE)
    return opened


def exported(tollbook: Tollbook, *options: str, delimiter: str = ",") -> list[list[str]]:
    done = tollbook("calls", "export", "--out", "out.csv", *options)
    assert done.status == 0, done.stderr
    text = Path("out.csv").read_text("utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=delimiter))
    assert done.stdout.startswith(f"out.csv: {len(rows) - ('--no-header' not in options)} record")
    return rows


@pytest.mark.usefixtures("office")
def test_the_columns_that_are_wanted_of_a_customers_june(tollbook: Tollbook) -> None:
    words = ("--customer", "ann", "--from", "2017-06-01", "--until", "2017-07-01")
    columns = "start,cld,category,duration_s,billed,price_net,price_gross,currency,reason"

    # 2 minutes at 0.012; 30 s at 0.06 a minute and 0.01; 23 % on top, to the nano.
    assert exported(tollbook, *words, "--columns", columns) == [
        columns.split(","),
        ["2017-06-01T00:00:00+02:00", "442079460000", "international", "61", "120", "0.024", "0.02952", "EUR", ""],
        ["2017-06-03T10:00:00+02:00", "447400123456", "Mobile", "11", "30", "0.04", "0.0492", "EUR", ""],
        ["2017-06-04T10:00:00+02:00", "48800000000", "", "60", "0", "0", "0", "EUR", "excluded"],
    ]


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ([], ["last-may", "first", "mobile", "free", "bob", "july"]),
        (["--category", "mobile"], ["mobile"]),
        (["--account", "ann-2"], ["mobile"]),
        (["--outcome", "set_aside"], ["no-rate"]),
        (["--kind", "sms_out"], []),
        (["--from", "2017-06-01", "--timezone", "UTC"], ["mobile", "free", "bob", "july"]),
        (["--until", "2017-06-01", "--customer", "ann"], ["last-may"]),
    ],
)
def test_which_records(tollbook: Tollbook, options: list[str], keys: list[str]) -> None:
    rows = exported(tollbook, *options, "--columns", "record_key", "--no-header")
    assert [row[0].rpartition(":")[2] for row in rows] == keys or [row[0] for row in rows] == keys


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("name", "sign"), [("semicolon", ";"), ("tab", "\t"), ("bar", "|"), ("comma", ",")])
def test_delimiter_and_header(tollbook: Tollbook, name: str, sign: str) -> None:
    options = ("--customer", "bob", "--columns", "account,cld", "--delimiter", name)
    assert exported(tollbook, *options, delimiter=sign) == [["account", "cld"], ["bob-1", "48600000000"]]
    assert exported(tollbook, *options, "--no-header", delimiter=sign) == [["bob-1", "48600000000"]]
    assert Path("out.csv").read_bytes() == f"bob-1{sign}48600000000\n".encode()


@pytest.mark.usefixtures("office")
def test_every_column_there_is(tollbook: Tollbook) -> None:
    header, first, *_ = exported(tollbook, "--account", "bob-1", "--columns", ",".join(COLUMNS))
    row = dict(zip(header, first, strict=True))
    assert (row["date"], row["time"], row["customer"], row["product"]) == (
        "2017-06-08",
        "10:00:00",
        "bob",
        "voice",
    )
    assert (row["prefix"], row["tariff"], row["tariff_version"], row["connection"]) == (
        "48",
        "standard",
        "2",
        "office",
    )
    assert (row["destination"], row["price"], row["outcome"]) == ("Poland", "0.03", "charged")


def test_no_cell_is_a_formula(tollbook: Tollbook, office: Office) -> None:
    office.import_(
        """
        record_id, start,                duration_s, account, cli,         cld
        formula,   2017-06-07T08:00:00Z, 60,         ann-1,   =2+5,        48600000000
        """,
        "formula.csv",
    )
    assert ["'=2+5"] in exported(tollbook, "--account", "ann-1", "--columns", "cli")
    assert connection.cursor().execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


@pytest.mark.usefixtures("office")
def test_block_by_block() -> None:
    blocks: list[bytes] = []
    assert export_calls(Choice(), ["kind"], blocks.append, timezone="UTC", header=False) == 6
    assert b"".join(blocks) == b"voice_out\n" * 6


MANY = """
    INSERT INTO usage_usagerecord (id, connection_id, run_id, line, record_key, kind, start, answered, duration_us,
        cli, cld, account_id, customer_id, outcome, tariff_version_id, rate_line, billed, price_nanos, currency,
        exact_sixtieths, transaction_id)
    SELECT 1000000 + n, u.connection_id, u.run_id, n, 'many-' || n, u.kind, u.start + n * interval '1 second',
        u.answered, u.duration_us, u.cli, u.cld, u.account_id, u.customer_id, u.outcome, u.tariff_version_id,
        u.rate_line, u.billed, u.price_nanos, u.currency, u.exact_sixtieths, u.transaction_id
      FROM generate_series(1, %s) n, usage_usagerecord u WHERE u.id = %s
"""


def test_any_number_of_records_takes_no_more_memory(office: Office) -> None:
    some = select_records("reason IS NULL AND outcome = 'charged'", ())["id"][0]
    peaks = []
    for rows in (1_000, 99_000):
        with connection.cursor() as cursor:
            cursor.execute(
                MANY.replace("'many-'", f"'many-{rows}-'").replace("1000000", str(rows * 10_000)), [rows, some]
            )
        size = 0

        def measured(block: bytes) -> None:
            nonlocal size
            size += len(block)

        tracemalloc.start()
        export_calls(Choice(), list(COLUMNS), measured, timezone="UTC")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert size > 20_000_000
    assert peaks[1] < 2_000_000


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--columns", "cld,prize"], "there is no column 'prize'; did you mean 'price'?"),
        (["--columns", "cld,cld"], "column 'cld' is named twice"),
        (["--columns", ","], "which columns? There are id, start"),
        (["--delimiter", "dot"], "--delimiter 'dot'; write one of comma, semicolon, tab, bar"),
        (["--outcome", "lost"], "--outcome 'lost'; write one of charged"),
        (["--kind", "fax"], "unknown kind 'fax'"),
        (["--from", "June"], "--from 'June' is not a day"),
        (["--timezone", "Mars"], "--timezone 'Mars' is not a time zone"),
        (["--customer", "bob", "--account", "ann-1"], "'ann-1' is none of 'bob'"),
        (["--out", "gone/out.csv"], "No such file or directory"),
    ],
)
def test_what_cannot_be_exported(tollbook: Tollbook, options: list[str], says: str) -> None:
    run = tollbook("calls", "export", *options)
    assert (run.status, says in run.stderr) == (2, True), run.stderr
    assert list(Path().glob("*.part")) == []


def test_what_is_exported_is_what_is_posted(tollbook: Tollbook, office: Office, tmp_path: Path) -> None:
    """Net and tax of every record, of net and of gross prices, to the nano: their sums are the ledger's."""
    gross = TariffSettings(is_gross=True, decimals=9)
    price_tariff("with tax", "prefix,price\n48,0.033333333\n44,0.0777\n", tmp_path, settings=gross)
    set_product(code="taxed", name="Taxed", tariffs={"voice_out": "with tax"})
    Account.objects.filter(code="ann-2").update(product=Product.objects.get(code="taxed"))
    calls = [
        f"c{n}, 2017-06-20T08:00:{n:02}Z, {7 * n + 1}, 48221000002, {44 + 4 * (n % 2)}600000000" for n in range(50)
    ]
    office.import_("record_id, start, duration_s, cli, cld\n" + "\n".join(calls), "many.csv")

    rows = exported(tollbook, "--columns", "price_net,price_gross,price", "--no-header", "--outcome", "charged")
    net, with_tax = (sum(Decimal(row[place]) for row in rows) for place in (0, 1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, -sum(p.amount_nanos) FROM ledger_posting p"
            " JOIN ledger_ledgeraccount a ON a.id = p.ledger_account_id GROUP BY 1"
        )
        posted = {kind: Decimal(nanos) / 10**9 for kind, nanos in cursor.fetchall()}
    assert len(rows) == 55
    assert (net, with_tax - net, with_tax) == (posted["revenue"], posted["tax"], -posted["receivable"])
