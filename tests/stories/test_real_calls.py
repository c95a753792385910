"""Real calls through a real Kamailio: counted, billed, stopped, and let go again.

SIPp's phones call through the proxy, whose configuration is that of docs/connectors/kamailio.md; the real `tollbook`
collects what the proxy wrote down, and suspends and resumes by the table that the proxy's script asks.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.stories.kamailio.proxy import ZONE, Proxy, running_proxy
from tests.stories.test_killed_imports import CHECKOUT
from tollbook.connectors.base import Piece, Scope, Site
from tollbook.connectors.kamailio.connector import KamailioConnector
from tollbook.customers.models import Account
from tollbook.ledger.queries import balances
from tollbook.money import NANOS_PER_UNIT, Money
from tollbook.usage.models import UsageRecord

LONGEST_S = 60
DATABASE = f"kamailio_calls_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
ACME, BETA = "48221000200", "48221000201"
LONDON, POLISH_MOBILE, BERLIN = "442079460123", "48601000111", "493012345678"

# London by the second, Polish mobiles by the minute, Berlin too, if anybody there ever answered.
PRICES = """\
prefix,destination,price,increment
44,United Kingdom,0.0600,1/1
48,Poland,0.1200,60/60
49,Germany,0.0600,60/60
"""
CUSTOMERS = """\
code,name,city,country,currency,timezone,tax_rate
acme,Acme,Warszawa,PL,EUR,Europe/Warsaw,23
beta,Beta,Warszawa,PL,EUR,Europe/Warsaw,23
"""
ACCOUNTS = f"""\
customer,code,product,numbers
acme,acme-phone,line,+{ACME}
beta,beta-phone,line,+{BETA}
"""

Tollbook = Callable[..., str]


@pytest.fixture
def tollbook(fresh_database: dict[str, str], tmp_path: Path) -> Tollbook:
    environment = {**os.environ, **fresh_database, "PYTHONPATH": str(CHECKOUT)}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tollbook", *words],
            check=False,  # what it said goes into the failure
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )
        assert done.returncode == 0, f"tollbook {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def proxy(fresh_database: dict[str, str], tmp_path: Path) -> Iterator[Proxy]:
    server = {name: str(connection.get_connection_params()[name]) for name in ("host", "port", "user")}
    folder = tmp_path / "proxy"
    folder.mkdir()
    with running_proxy(folder, server, DATABASE) as proxy:
        yield proxy


def open_for_business(tollbook: Tollbook, proxy: Proxy, folder: Path, **settings: str) -> None:
    for name, text in (("prices", PRICES), ("customers", CUSTOMERS), ("accounts", ACCOUNTS)):
        (folder / f"{name}.csv").write_text(text)
    tollbook("tariff", "import", "prices.csv", "--name", "retail", "--currency", "EUR", "--yes")
    tollbook("products", "set", "line", "--name", "Line", "--tariff", "voice_out=retail")
    tollbook("customers", "import", "customers.csv")
    tollbook("accounts", "import", "accounts.csv")
    words = [word for name, value in {**where(proxy), **settings}.items() for word in ("--set", f"{name}={value}")]
    tollbook("connection", "add", "proxy", "--kind", "kamailio", "--timezone", ZONE, "--country", "PL", *words)
    for account, user in (("acme-phone", ACME), ("beta-phone", BETA)):
        tollbook("accounts", "describe", account, "proxy", "--field", f"user={user}")


def where(proxy: Proxy) -> dict[str, str]:
    server = connection.get_connection_params()
    return {
        "host": str(server["host"]),
        "port": str(server["port"]),
        "database": DATABASE,
        "db_user": f"{DATABASE}_tollbook",  # who may do what the page grants, and no more
    }


Billed = tuple[str, str, int, str, str]  # account, number called, seconds billed, why it is free, price


def bill() -> list[Billed]:
    """What became of each call, in the order in which they began."""
    codes = dict(Account.objects.values_list("pk", "code"))
    found = []
    for one in UsageRecord.objects.order_by("start", "run_id", "line"):
        assert None not in (one.account_id, one.cld, one.billed, one.price_nanos), (
            f"set aside: {one.reason} {one.detail}"
        )
        price = Decimal(one.price_nanos or 0) / NANOS_PER_UNIT
        found.append((codes[one.account_id or 0], one.cld or "", one.billed or 0, one.reason or "", str(price)))
    return found


def flags(proxy: Proxy) -> dict[object, object]:
    return {key: flag for key, flag in proxy.rows("SELECT key, flag FROM tollbook_flags")}


def of_requests(folder: Path, proxy: Proxy) -> dict[str, int]:
    """The calls as table acc has them: by Call-ID, how long, in microseconds."""
    site = Site(name="by requests", settings={**where(proxy), "table": "acc"}, timezone=ZONE)
    since = datetime.now(UTC) - timedelta(hours=1)
    with closing(KamailioConnector(site)) as connector:
        events = list(connector.usage([Scope(since=since, until=since + timedelta(hours=2))]))
        evidence = folder / "acc"
        evidence.write_bytes(b"".join(event.body for event in events if isinstance(event, Piece)))
        [batch] = connector.read_usage(evidence, name="acc", batch_rows=1_000)
    assert batch.usage["defect"].null_count() == batch.usage.height
    return {key.split()[0]: us for key, us in batch.usage.select("record_key", "duration_us").rows()}


def as_us(seconds: object) -> int:
    return int(Decimal(str(seconds)) * 1_000_000)


@pytest.mark.req("W6")
def test_calls_are_made_counted_billed_stopped_and_let_go_again(
    proxy: Proxy, tollbook: Tollbook, tmp_path: Path
) -> None:
    open_for_business(tollbook, proxy, tmp_path)
    assert "proxy: all is well" in tollbook("connection", "test", "proxy")

    # Acme talks to London for two and a half seconds; Berlin is busy; an emergency call; Beta calls a Polish mobile.
    proxy.call(ACME, LONDON, talk_s=2.5)
    proxy.call(ACME, BERLIN, refused_with=486)
    proxy.call(ACME, "112", talk_s=0.3)
    proxy.call(BETA, POLISH_MOBILE, talk_s=1.2)

    assert "4 records in = 2 charged + 2 free" in tollbook("collect", "proxy")
    first_four = [
        ("acme-phone", LONDON, 3, "", "0.003"),  # 2.50x s: a fraction counts whole; 3 of 60 s at 0.06
        ("acme-phone", BERLIN, 0, "unanswered", "0"),
        ("acme-phone", "112", 0, "emergency", "0"),
        ("beta-phone", POLISH_MOBILE, 60, "", "0.12"),  # by the minute
    ]
    assert bill() == first_four
    talked_us = UsageRecord.objects.get(cld=LONDON).duration_us
    assert talked_us is not None
    assert 2_500_000 <= talked_us < 3_000_000
    assert talked_us % 1_000_000 > 0, "Kamailio measures fractions of a second"

    # Acme is suspended: read back from the table, and the very next call is refused, in either direction.
    tollbook("suspend", "acme", "--whole", "--why", "invoice overdue")
    assert flags(proxy) == {ACME: "suspended"}
    proxy.call(ACME, LONDON, refused_with=403)
    proxy.call(BETA, ACME, refused_with=480)
    proxy.call(ACME, "112", talk_s=0.3)
    proxy.call(BETA, POLISH_MOBILE, talk_s=0.2)

    # Only outgoing calls are.
    tollbook("suspend", "acme", "--outbound-only")
    assert flags(proxy) == {ACME: "outbound_only"}
    proxy.call(ACME, LONDON, refused_with=403)
    proxy.call(BETA, ACME, talk_s=0.2)

    # None are any more.
    tollbook("resume", "acme", "--why", "has paid")
    assert flags(proxy) == {}
    proxy.call(ACME, LONDON, talk_s=1.3)

    tollbook("collect", "proxy")
    assert bill() == [
        *first_four,
        ("acme-phone", "112", 0, "emergency", "0"),
        ("beta-phone", POLISH_MOBILE, 60, "", "0.12"),
        ("beta-phone", ACME, 60, "", "0.12"),
        ("acme-phone", LONDON, 2, "", "0.002"),  # 1.30x s
    ]
    # Net 0.003 + 0.002, and 3 × 0.12; with 23 % of tax on each.
    owed = {one.customer_code: one.balance for one in balances()}
    assert owed == {"acme": Money(Decimal("0.00615"), "EUR"), "beta": Money(Decimal("0.4428"), "EUR")}
    tollbook("ledger", "check")
    assert "8 records in = 8 duplicate" in tollbook("collect", "proxy", "--again")

    # Kamailio's other table, of INVITEs and BYEs, tells of the same calls; in whole seconds.
    assert proxy.logs().count("ERROR") == 0
    measured = {
        str(callid): as_us(seconds)
        for callid, seconds in proxy.rows("SELECT callid, duration::text FROM acc_cdrs")
    }
    paired = of_requests(tmp_path, proxy)
    assert paired.keys() == measured.keys()
    assert [callid for callid in paired if abs(paired[callid] - measured[callid]) >= 1_000_000] == []


def test_what_a_stranger_calls_himself_is_no_part_of_the_query(proxy: Proxy) -> None:
    """A quote in a name breaks nothing, and is no way around the table either."""
    insert = "INSERT INTO tollbook_flags (key, flag) VALUES ('o''brien', 'suspended')"
    with psycopg.connect(proxy.dsn) as database:
        database.execute(insert)
    proxy.call("o'brien", LONDON, refused_with=403)
    proxy.call("o'neil", LONDON, talk_s=0.1)


def test_a_call_in_progress_is_cut_off_and_billed_up_to_there(
    proxy: Proxy, tollbook: Tollbook, tmp_path: Path
) -> None:
    """Ordered so, and Acme's alone; nobody's call for help."""
    open_for_business(tollbook, proxy, tmp_path, rpc_url=f"http://127.0.0.1:{proxy.rpc_port}/RPC")
    with (
        proxy.begin_call(ACME, LONDON, talk_s=25) as cut,
        proxy.begin_call(ACME, "112", talk_s=6.2) as for_help,
        proxy.begin_call(BETA, LONDON, talk_s=6.2) as anothers,
    ):
        wait_for(lambda: proxy.rows("SELECT count(*) FROM acc WHERE sip_code = '200'") == [(3,)])
        tollbook("suspend", "acme", "--whole", "--cut-calls")
        assert cut.wait(LONGEST_S) != 0
        assert (for_help.wait(LONGEST_S), anothers.wait(LONGEST_S)) == (0, 0)
    wait_for(lambda: proxy.rows("SELECT count(*) FROM acc_cdrs") == [(3,)])

    tollbook("collect", "proxy")
    billed = {(account, cld): seconds for account, cld, seconds, _, _ in bill()}
    assert billed.pop(("acme-phone", LONDON)) in range(1, 25)
    assert billed == {("acme-phone", "112"): 0, ("beta-phone", LONDON): 7}


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)
