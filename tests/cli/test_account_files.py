"""A carrier with a file for each account, from the command line: tried, looked at, confirmed, collected, billed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from django.conf import LazySettings

from simulators.faults import Fault
from tests.jobs.carrier import Carrier, carrier
from tollbook.billing.models import Invoice
from tollbook.billing.operations import set_seller
from tollbook.connections.models import Connection
from tollbook.customers.models import Account, Number
from tollbook.usage.models import UsageRecord

Tollbook = Callable[..., Any]


@pytest.fixture
def lesnet(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    settings.TOLLBOOK_HOME = tmp_path
    monkeypatch.setenv("COLUMNS", "160")
    with carrier(tmp_path) as opened:
        yield opened


def test_nothing_is_collected_before_somebody_has_looked_and_said_that_it_is_right(
    lesnet: Carrier, tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = tollbook("collect", "carrier")
    assert refused.status == 2
    assert (
        "see how they are read, and say that it is right, with `tollbook connection confirm carrier`"
        in refused.stdout
    )

    monkeypatch.setattr("typer.confirm", _says(False))
    looked = tollbook("connection", "confirm", "carrier")
    assert looked.status == 1
    first, line, *_ = looked.stdout.splitlines()
    assert first == (
        f"{lesnet.link()}: layout lesnet, comma between columns, no line names the columns, times of UTC"
    )
    assert line.startswith("  2017-06-01 ")
    assert Connection.objects.get().settings.get("layout_confirmed") is None

    monkeypatch.setattr("typer.confirm", _says(True))
    confirmed = tollbook("connection", "confirm", "carrier")
    assert confirmed.stdout.endswith("connection carrier: confirmed; collect with `tollbook collect carrier`\n")
    assert tollbook("collect", "carrier").status == 0
    assert UsageRecord.objects.count() == 20
    assert tollbook("connection", "confirm", "carrier", "--yes").status == 0  # again changes nothing
    assert tollbook("collect", "carrier").status == 0


def test_calls_to_own_numbers_that_are_read_as_outgoing_are_pointed_out(
    lesnet: Carrier, tollbook: Tollbook
) -> None:
    assert "own numbers" not in tollbook("connection", "confirm", "carrier", "--yes").stdout
    tollbook("connection", "add", "carrier", "--change", "--set", "incoming_to=")
    account = Account.objects.get(code="redriver-trunk")
    Number.objects.create(account=account, digits=12045550121)

    looked = tollbook("connection", "confirm", "carrier", "--yes")

    assert (
        "calls to your own numbers are read as outgoing: 12045550121; if they came in: tollbook connection add carrier "
        '--change --set "incoming_to=12045550121"'
    ) in looked.stdout


def test_a_test_names_each_link(lesnet: Carrier, tollbook: Tollbook) -> None:
    well = tollbook("connection", "test", "carrier")
    assert (well.status, well.stdout.count("calls, refreshed 2017-06-02 06:00 UTC; layout lesnet")) == (0, 2)
    assert "is a guess until somebody has looked" in well.stdout

    lesnet.simulator.faults.add(Fault("status", match="/11330_", times=None, status=404))
    failed = tollbook("connection", "test", "carrier")
    assert failed.status == 1
    assert f"✗ {lesnet.link()}: " in failed.stdout


def test_who_waits_with_an_invoice_is_said_and_can_be_overruled(
    lesnet: Carrier, tollbook: Tollbook, tmp_path: Path
) -> None:
    set_seller(name="Example Telecom", country="CA", logo=None)
    lesnet.confirm()
    lesnet.simulator.next_day(28)
    assert tollbook("collect", "carrier").status == 0

    waits = tollbook("bill", "--month", "2017-06", "--out", tmp_path / "out")
    assert waits.status == 1
    assert "nothing new to invoice" in waits.stdout
    assert "not invoiced: it waits: " in waits.stderr
    assert waits.stderr.count("--although-stale") == 2

    assert tollbook("bill", "--month", "2017-06", "--out", tmp_path / "out", "--although-stale").status == 0
    assert Invoice.objects.count() == 2


def test_a_new_connection_has_what_is_usual_at_les_net(db: None, tollbook: Tollbook) -> None:
    added = tollbook("connection", "add", "carrier", "--kind", "lesnet")
    assert (added.status, added.stdout) == (
        0,
        "connection carrier: try it with `tollbook connection test carrier`\n",
    )
    made = Connection.objects.get()
    assert (made.layout, made.match_by) == ("lesnet", ["trunk", "link", "number"])
    assert made.stale_after is not None
    assert made.stale_after.total_seconds() == 48 * 3600
    assert tollbook("connection", "add", "carrier", "--kind", "lesnet").status == 0  # safe to repeat

    tollbook("connection", "add", "carrier", "--change", "--stale-after", "0d")
    made.refresh_from_db()
    assert made.stale_after is None


def _says(answer: bool) -> Callable[..., bool]:
    def confirm(*_: object, abort: bool = False, **__: object) -> bool:
        if abort and not answer:
            raise typer.Abort
        return answer

    return confirm
