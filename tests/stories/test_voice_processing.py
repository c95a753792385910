"""Voice processing as a provider knows it from Splynx: rate table, included minutes, preview, import, export.

A rate of 1.00 a minute raised by 10 %, charged for a first second and then by whole minutes: 61 s cost 1.12 and 121 s
2.22, as Splynx' published example has it.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.cli.conftest import tollbook  # noqa: F401  a fixture
from tollbook.catalog.models import Product
from tollbook.customers.actors import staff
from tollbook.customers.models import Customer, StockNumber
from tollbook.customers.operations.numbers import give_number
from tollbook.jobs.open_account import open_account

Tollbook = Callable[..., Any]

RATES = """\
prefix,destination,category,price,first_increment,next_increment,connect_fee
27,South Africa,national,1.00,1,60,0
276,South Africa mobile,mobile,2.00,60,6,0.05
44,United Kingdom,international,3.00,60,60,0
"""
CUSTOMERS = "code,name,currency,timezone,tax_rate\nacme,Acme,ZAR,Africa/Johannesburg,15\n"
CALLS = """\
record_id,start,duration_s,account,cli,cld
one,2026-06-10T08:00:00Z,61,acme-1,27211234567,27219876543
two,2026-06-10T09:00:00Z,121,acme-1,27211234567,27219876543
three,2026-06-10T10:00:00Z,90,acme-1,27211234567,27612345678
four,2026-06-10T11:00:00Z,240,acme-1,27211234567,27612345678
five,2026-06-10T12:00:00Z,60,nobody,27210000000,27612345678
"""
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path
    for name, text in (("rates", RATES), ("customers", CUSTOMERS), ("calls", CALLS)):
        (tmp_path / f"{name}.csv").write_text(text)


@pytest.mark.req("S9")
@pytest.mark.usefixtures("office")
def test_from_a_rate_table_to_the_export(tollbook: Tollbook) -> None:  # noqa: F811
    def does(*command: str) -> str:
        run = tollbook(*command)
        assert run.status == 0, run.stderr
        return str(run.stdout)

    # The rate table, shown before it is taken; a copy of it; a tenth more for one category.
    table = ("tariff", "import", "rates.csv", "--name", "base", "--currency", "ZAR", "--decimals", "2")
    assert "prefixes: 3 new" in does(*table, "--dry-run")
    does(*table, "--yes")
    does("tariff", "copy", "base", "business")
    does(
        *("tariff", "change", "business", "--by", "10", "--category", "national"),
        *("--active-from", "2026-06-01", "--yes"),
    )
    # Five minutes to mobiles are included; a call that is covered pays no connect fee.
    does("destinations", "set", "mobiles", "276")
    does("plans", "set", "pbx", "--name", "PBX", "--currency", "ZAR", "--fee", "99")
    does("allowances", "set", "pbx", "mobiles", "--amount", "5min", "--destinations", "mobiles")
    does("products", "set", "office", "--name", "Office", "--tariff", "voice_out=business", "--plan", "pbx")
    does("customers", "import", "customers.csv")
    acme, product = Customer.objects.get(), Product.objects.get()
    number = StockNumber.objects.create(digits=27211234567, added_at=JUNE)
    give_number(number=number, customer=acme, by="ann", now=JUNE)
    open_account(
        actor=staff("ann"), customer=acme, product=product, code="acme-1", numbers=[27211234567], now=JUNE
    )

    # Which rate for this number, and what it was before.
    search = ("tariff", "search", "27219876543", "--account", "acme-1", "--json", "--at")
    assert [
        json.loads(does(*search, day))[0]["rates"][0]["per minute"] for day in ("2026-05-31", "2026-06-01")
    ] == [
        "1",
        "1.1",
    ]

    # A preview: 1.10 × 61 / 60, 1.10 × 121 / 60, 2.00 × 90 / 60 + 0.05, 2.00 × 240 / 60 + 0.05.
    does("connection", "add", "switch", "--match-by", "account")
    preview = json.loads(does("usage", "preview", "calls.csv", "-c", "switch", "--json"))
    assert [(row["category"], row["price"], row["reason"]) for row in preview["rows"]] == [
        ("national", "1.12", None),
        ("national", "2.22", None),
        ("mobile", "3.05", None),
        ("mobile", "8.05", None),
        (None, None, "no_account"),
    ]

    # The import takes what is included: 90 s of the 300, then 210 s, so that 30 s are charged, 1.00 + 0.05.
    imported = does("usage", "import", "calls.csv", "-c", "switch")
    assert "5 records in = 3 charged + 1 free + 1 set aside\n  charged ZAR 4.39\n" in imported

    # The columns that are wanted, as a spreadsheet in that country reads them.
    does(
        *("calls", "export", "--customer", "acme", "--from", "2026-06-01", "--until", "2026-07-01"),
        *("--columns", "start,cli,cld,duration_s,category,price_net,price_gross,reason"),
        *("--delimiter", "semicolon", "--no-header", "--out", "june.csv"),
    )
    assert Path("june.csv").read_text().splitlines() == [
        "2026-06-10T10:00:00+02:00;27211234567;27219876543;61;national;1.12;1.288;",
        "2026-06-10T11:00:00+02:00;27211234567;27219876543;121;national;2.22;2.553;",
        "2026-06-10T12:00:00+02:00;27211234567;27612345678;90;mobile;0;0;allowance",
        "2026-06-10T13:00:00+02:00;27211234567;27612345678;240;mobile;1.05;1.2075;",
    ]
