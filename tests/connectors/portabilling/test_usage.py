"""Fetching xDRs: pages, windows, what changes meanwhile, and how much at once."""

import inspect
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from simulators.web import Answer, Request, Server
from tests.connectors.contract import Fetched, fetch, read
from tests.connectors.portabilling.platform import (
    BIG,
    JULY,
    JUNE,
    MERIDIAN,
    NAME,
    connector,
    methods_called,
    scopes,
)
from tollbook.connectors.base import Failed, Finished, Piece, Scope, Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.portabilling import usage
from tollbook.connectors.portabilling.client import Client
from tollbook.connectors.portabilling.faults import AccessDenied, LoginRefused
from tollbook.connectors.portabilling.options import options_of
from tollbook.connectors.portabilling.usage import FAILURES_IN_A_ROW, fetch_usage
from tollbook.connectors.secret import Secret

XDRS = "Customer/get_customer_xdrs"


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def xdrs(fetched: Fetched) -> list[dict[str, Any]]:
    return [json.loads(line) for line in fetched.lines if not line.startswith(b'{"note":')]


def asked(platform: Simulator) -> list[dict[str, Any]]:
    log = platform.faults.requests()["log"]
    bodies = [parse_qs(str(entry["body"])) for entry in log if str(entry["path"]).endswith(XDRS)]
    return [json.loads(body["params"][0]) for body in bodies]


def kept(platform: Simulator, i_customer: str) -> list[dict[str, Any]]:
    """What the platform has of a customer in June, by the time of billing."""
    return [
        one
        for one in platform.month.xdrs
        if str(one["i_customer"]) == i_customer and "2017-06-01" <= one["bill_time"] < "2017-07-01"
    ]


def test_each_record_is_kept_as_it_came(platform: Simulator) -> None:
    fetched = fetch(connector(platform), scopes([MERIDIAN]))
    assert fetched.lines[0] == b'{"note":"customer","i_customer":"46170","iso_4217":"PLN"}\n'
    assert fetched.lines[1:] == [
        json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in kept(platform, MERIDIAN)
    ]


def test_a_month_is_what_was_billed_in_it(platform: Simulator, tmp_path: Path) -> None:
    """A call of 31 May that was billed in June is June's, one of 30 June billed in July comes with July."""
    fetched = fetch(connector(platform), scopes([MERIDIAN]))
    assert asked(platform)[0] == {
        "i_customer": 46170,
        "from_date": "2017-06-01 00:00:00",
        "to_date": "2017-07-01 00:00:00",
        "show_unsuccessful": 1,
        "limit": 1000,
        "get_total": 1,
        "offset": 0,
    }
    calls = read(connector(platform), fetched.evidence, tmp_path)
    assert calls.filter(pl.col("start") < JUNE).height > 0
    begun_in_june = calls.filter(pl.col("start") >= datetime(2017, 6, 30, 23, 50, tzinfo=UTC))
    july = fetch(connector(platform), scopes([MERIDIAN], since=JULY, until=datetime(2017, 7, 2, tzinfo=UTC)))
    late = read(connector(platform), july.evidence, tmp_path).filter(
        pl.col("start") < JULY, pl.col("defect").is_null()
    )
    assert late.height > 0
    assert set(late["record_key"]).isdisjoint(begun_in_june["record_key"])


def test_usage_goes_on_some_hours_before_the_last_end(platform: Simulator) -> None:
    [scope] = scopes([MERIDIAN])
    done = fetch(connector(platform), [scope]).finished[0]
    assert done.cursor == "2017-07-01 00:00:00"
    going_on = Scope(customer_id=MERIDIAN, since=JUNE, until=datetime(2017, 7, 2, tzinfo=UTC), cursor=done.cursor)
    fetch(connector(platform, overlap_hours="36"), [going_on])
    assert asked(platform)[-1]["from_date"] == "2017-06-29 12:00:00"
    with pytest.raises(NeedsAttention, match="cursor 'yesterday' is no moment"):
        raise (
            fetch(connector(platform), [Scope(customer_id="1", since=JUNE, until=JULY, cursor="yesterday")])
            .failed[0]
            .error
        )


def test_after_a_period_collected_by_hand_it_goes_back_too_but_not_before_the_beginning(
    platform: Simulator,
) -> None:
    """Such a period leaves no cursor; what was billed in its last hours may have come since."""
    for earliest, begin in (
        (JUNE, "2017-06-29 12:00:00"),
        (datetime(2017, 6, 30, tzinfo=UTC), "2017-06-30 00:00:00"),
    ):
        going_on = Scope(
            customer_id=MERIDIAN, since=JULY, until=datetime(2017, 7, 2, tzinfo=UTC), earliest=earliest
        )
        fetch(connector(platform, overlap_hours="36"), [going_on])
        assert asked(platform)[-1]["from_date"] == begin


def test_calls_that_come_late_are_found_by_the_next_fetch(platform: Simulator) -> None:
    half = datetime(2017, 6, 20, tzinfo=UTC)
    first = fetch(connector(platform), scopes([MERIDIAN], until=half))
    late = platform.switches.late(count=3, days=12, i_customer=46170)
    going_on = Scope(customer_id=MERIDIAN, since=JUNE, until=JULY, cursor=first.finished[0].cursor)
    rest = fetch(connector(platform), [going_on])
    assert set(late) <= {one["i_xdr"] for one in xdrs(rest)}


def test_a_record_on_two_pages_comes_twice_with_one_key_and_none_is_lost(
    platform: Simulator, tmp_path: Path
) -> None:
    platform.switches.duplicates()
    fetched = fetch(connector(platform, page_size="50"), scopes([MERIDIAN]))
    found = [one["i_xdr"] for one in xdrs(fetched)]
    assert len(found) > len(set(found))
    assert set(found) == {one["i_xdr"] for one in kept(platform, MERIDIAN)}
    records = read(connector(platform), fetched.evidence, tmp_path)
    assert records["record_key"].n_unique() == len(set(found))
    assert records.drop("line").n_unique() == len(set(found))


def test_a_corrected_record_keeps_its_key(platform: Simulator, tmp_path: Path) -> None:
    before = read(connector(platform), fetch(connector(platform), scopes([MERIDIAN])).evidence, tmp_path)
    [corrected] = platform.switches.correct(count=1, i_customer=46170)
    after = read(connector(platform), fetch(connector(platform), scopes([MERIDIAN])).evidence, tmp_path)
    prices = [
        table.filter(pl.col("record_key") == str(corrected))["platform_price_nanos"].item()
        for table in (before, after)
    ]
    assert prices[1] - prices[0] == 1_000_000_000  # one unit of the currency
    assert set(before["record_key"]) == set(after["record_key"])


def test_large_ids_and_ids_of_text_are_asked_for_alike(platform: Simulator, tmp_path: Path) -> None:
    fetched = fetch(connector(platform), scopes([BIG, "46183"]))
    assert {one["i_customer"] for one in asked(platform)} == {2147490001, 46183}
    records = read(connector(platform), fetched.evidence, tmp_path)
    assert set(records["tenant_ref"]) == {BIG, "46183"}
    assert set(zip(records["tenant_ref"], records["platform_currency"], strict=True)) == {
        (BIG, "EUR"),
        ("46183", "PLN"),
    }


def test_unanswered_calls_come_unless_they_are_not_wanted(platform: Simulator) -> None:
    failed = sum(one["failed"] for one in kept(platform, MERIDIAN))
    assert failed
    with_all = fetch(connector(platform), scopes([MERIDIAN]))
    without = fetch(connector(platform, with_unsuccessful="no"), scopes([MERIDIAN]))
    assert with_all.finished[0].records - without.finished[0].records == failed


# --- many customers


@pytest.mark.parametrize("parallel", [1, 3])
def test_never_more_requests_at_once_than_the_setting_says(
    platform: Simulator, monkeypatch: pytest.MonkeyPatch, parallel: int
) -> None:
    handle, lock, now, most = platform.app._call, threading.Lock(), 0, 0

    def counted(*given: Any) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        try:
            return handle(*given)
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr(platform.app, "_call", counted)
    everybody = [str(one["i_customer"]) for one in platform.month.customers][:12]
    fetched = fetch(connector(platform, parallel=str(parallel)), scopes(everybody))
    assert len(fetched.finished) == 12
    assert most == parallel


def test_a_customer_that_is_not_there_fails_alone(platform: Simulator) -> None:
    fetched = fetch(connector(platform), scopes(["999", MERIDIAN, "abc", ""]))
    assert [done.scope.customer_id for done in fetched.finished] == [MERIDIAN]
    told = {failed.scope.customer_id: str(failed.error) for failed in fetched.failed}
    assert "there is no customer 999, or the API user may not see it; correct the pairing" in told["999"]
    assert "'abc' is no id of PortaBilling's" in told["abc"]
    assert "xDRs are given customer by customer; name the customers" in told[""]


def test_a_method_that_is_denied_is_named_for_every_customer(platform: Simulator) -> None:
    platform.app.denied.add(XDRS)
    fetched = fetch(connector(platform), scopes([MERIDIAN, BIG]))
    assert len(fetched.failed) == 2
    for failed in fetched.failed:
        assert isinstance(failed.error, AccessDenied)
        assert str(failed.error).endswith(f"; grant the API user's role the method {XDRS} on the platform")


def test_without_the_right_to_see_customers_usage_comes_without_its_currency(
    platform: Simulator, tmp_path: Path
) -> None:
    platform.app.denied.add("Customer/get_customer_info")
    fetched = fetch(connector(platform), scopes([MERIDIAN]))
    records = read(connector(platform), fetched.evidence, tmp_path)
    assert fetched.failed == []
    assert records["platform_currency"].null_count() == len(records) == len(kept(platform, MERIDIAN))


def test_a_platform_that_dies_is_not_asked_for_everybody(platform: Simulator) -> None:
    platform.faults.add(Fault("status", match="get_customer", times=None, status=502))
    everybody = [str(one["i_customer"]) for one in platform.month.customers]
    fetched = fetch(connector(platform, attempts="1", parallel="1"), scopes(everybody))
    assert len(fetched.failed) == len(everybody)
    assert all(isinstance(failed.error, TryAgainLater) for failed in fetched.failed)
    assert len(methods_called(platform)) == 1 + FAILURES_IN_A_ROW
    assert "was not asked for: 5 customers before got no answer; run again later" in str(fetched.failed[-1].error)


def test_closing_waits_for_all_threads_together_and_what_they_meet_then_is_nobodys(
    platform: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to come back in 30 s, every thread sleeps; whoever presses Ctrl-C does not wait for one after the other."""
    escaped: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", escaped.append)
    monkeypatch.setattr(usage, "STOP_SECONDS", 0.5)
    platform.faults.add(Fault("status", match=XDRS, status=429, seconds=2, after=1, times=None))
    opened = connector(platform, page_size="20", parallel="4", attempts="4")
    events = opened.usage(scopes([MERIDIAN, "46183", BIG, "46191"]))
    assert inspect.isgenerator(events)
    next(events)
    time.sleep(0.3)

    begun = time.monotonic()
    events.close()
    opened.close()

    assert time.monotonic() - begun < 1.5
    left = [thread for thread in threading.enumerate() if thread.name == "xDRs"]
    assert left  # asleep
    for thread in left:
        thread.join(10)
        assert not thread.is_alive()
    assert escaped == []


def test_a_login_that_ends_in_the_middle_stops_everything(platform: Simulator) -> None:
    opened = connector(platform, parallel="2")
    events = opened.usage(scopes([MERIDIAN, BIG, "46183", "46191", "46196"]))
    next(events)
    platform.sessions.expire_all()
    platform.sessions.refuses_refresh = True
    platform.books.administrator["api_token"] = "another"
    with pytest.raises(LoginRefused):
        list(events)
    assert methods_called(platform).count("Session/login") == 2
    opened.close()


# --- lists that are not what they seem


def served(handle: Any, **settings: str) -> Fetched:
    """One customer's usage from a hand-made platform."""
    with Server(handle) as server:
        given = {"url": server.url, "login": "me", "retry_wait_s": "0", **settings}
        options = options_of(Site(name=NAME, settings=given))
        client = Client(options, platform=NAME, password=Secret("p"), token=Secret(""))
        fetched = Fetched()
        for event in fetch_usage(client, options, scopes(["7"])):
            match event:
                case Piece(body):
                    fetched.lines += body.splitlines(keepends=True)
                case Finished():
                    fetched.finished.append(event)
                case Failed():
                    fetched.failed.append(event)
        client.close()
    return fetched


def platform_of(page: Any) -> Any:
    def handle(request: Request) -> Answer:
        if "login" in request.path:
            return Answer.json({"session_id": "0" * 32})
        if "get_customer_info" in request.path:
            return Answer.json({"customer_info": {"i_customer": "7", "iso_4217": "EUR", "new_member": {"x": []}}})
        params = json.loads(parse_qs(request.body.decode())["params"][0])
        answer = page(params["offset"], params["limit"])
        return answer if isinstance(answer, Answer) else Answer.json(answer)

    return handle


ROWS = [{"i_xdr": nth} for nth in range(250)]


@pytest.mark.parametrize("total", [{}, {"total": 250}, {"total": "250"}], ids=["unsaid", "number", "text"])
def test_a_hidden_cap_on_pages_loses_nothing(total: dict[str, Any]) -> None:
    fetched = served(platform_of(lambda offset, limit: {"xdr_list": ROWS[offset:][: min(limit, 100)], **total}))
    assert xdrs(fetched) == ROWS
    assert fetched.finished[0].records == 250


def test_a_list_that_shrinks_while_it_is_read_is_read_again_another_time() -> None:
    page = platform_of(lambda offset, limit: {"xdr_list": ROWS[offset:200][:limit], "total": 250})
    fetched = served(page, page_size="100")
    assert fetched.finished == []
    assert isinstance(fetched.failed[0].error, TryAgainLater)
    assert "200 of 250 xDRs came, the list has changed while it was read; run again" in str(
        fetched.failed[0].error
    )


def test_a_record_written_over_several_lines_becomes_one() -> None:
    body = b'{"xdr_list":[{\n  "i_xdr": 1,\r\n  "CLD": "48\\n22"\n}]}'
    page = platform_of(
        lambda offset, _: (
            Answer(200, (("Content-Type", "application/json"),), body) if not offset else {"xdr_list": []}
        )
    )
    fetched = served(page)
    assert fetched.lines[1:] == [b'{   "i_xdr": 1,    "CLD": "48\\n22" }\n']


def test_an_answer_of_another_shape_is_told() -> None:
    fetched = served(platform_of(lambda *_: {"xdrs": []}))
    assert "Customer/get_customer_xdrs: the answer is not of the documented shape" in str(fetched.failed[0].error)
