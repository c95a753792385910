"""Files that grow by ten lines a day, and what may come instead of them."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from simulators.faults import Fault
from simulators.lesnet import Simulator
from simulators.lesnet.app import Auth
from simulators.lesnet.days import Row

PEER = "D4E3CD2BFC791"


@pytest.fixture
def lesnet() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def read(simulator: Simulator, peer: str = PEER, **headers: str) -> httpx.Response:
    return httpx.get(simulator.link(peer), headers=headers)


def test_a_call_is_a_line_with_seven_fields() -> None:
    row = Row(
        datetime(2017, 6, 1, 9, 30, 5, tzinfo=UTC), "12045550121", "14165550177", 61, Decimal("0.0055"), PEER
    )
    # 61 s are charged as 66 s: 0.0055 × 66 / 60 = 0.00605
    assert row.line(",") == "2017-06-01 09:30:05,12045550121,14165550177,61,0.0055,0.0060,D4E3CD2BFC791"


def test_a_file_grows_by_ten_lines_a_day_and_keeps_what_it_had(lesnet: Simulator) -> None:
    assert lesnet.link(PEER).endswith("/cdr/11330_0000.txt")
    before = read(lesnet).text
    for day in range(2, 11):
        assert lesnet.next_day() == day
        now = read(lesnet).text
        assert now.startswith(before)
        assert len(now.splitlines()) == 10 * day
        assert f"2017-06-{day:02} " in now
        before = now


def test_two_lines_of_one_day_are_identical(lesnet: Simulator) -> None:
    lesnet.next_day(9)
    for peer in lesnet.peers:
        twice = [line for line, times in Counter(read(lesnet, peer.id).text.splitlines()).items() if times > 1]
        assert [line[:10] for line in twice] == ["2017-06-04"]


def test_calls_go_out_come_in_and_fail(lesnet: Simulator) -> None:
    lesnet.next_day(9)
    for peer in lesnet.peers:
        rows = lesnet.rows(peer.id)
        assert all((row.source in peer.dids) != (row.destination in peer.dids) for row in rows)
        assert 15 <= sum(row.destination in peer.dids for row in rows) <= 25
        assert any(row.seconds == 0 and row.cost == 0 for row in rows)


def test_a_seed_gives_one_file() -> None:
    assert Simulator(3).rows(PEER) == Simulator(3).rows(PEER) != Simulator(4).rows(PEER)


def test_a_file_that_is_not_refreshed_is_the_same_to_the_letter(lesnet: Simulator) -> None:
    before = read(lesnet)
    lesnet.refreshes(False)
    lesnet.next_day(2)
    after = read(lesnet)
    for name in ("ETag", "Last-Modified"):
        assert after.headers[name] == before.headers[name]
    assert after.content == before.content
    lesnet.refreshes()
    caught_up = read(lesnet)
    assert len(caught_up.text.splitlines()) == 30
    assert caught_up.headers["ETag"] != before.headers["ETag"]
    assert before.headers["Last-Modified"] == "Fri, 02 Jun 2017 06:00:00 GMT"
    assert caught_up.headers["Last-Modified"] == "Sun, 04 Jun 2017 06:00:00 GMT"


def test_who_has_the_file_gets_a_304(lesnet: Simulator) -> None:
    had = read(lesnet).headers
    assert read(lesnet, **{"If-None-Match": had["ETag"]}).status_code == 304
    assert read(lesnet, **{"If-Modified-Since": had["Last-Modified"]}).status_code == 304
    lesnet.next_day()
    assert read(lesnet, **{"If-None-Match": had["ETag"]}).status_code == 200
    assert read(lesnet, **{"If-Modified-Since": had["Last-Modified"]}).status_code == 200


def test_a_file_may_end_in_the_middle_of_a_line(lesnet: Simulator) -> None:
    whole = read(lesnet).content
    lesnet.set_cut(100)
    assert read(lesnet).content == whole[:100]
    assert not whole[:100].endswith(b"\n")
    lesnet.set_cut(None)
    lesnet.faults.add(Fault("truncate"))
    with pytest.raises(httpx.RemoteProtocolError):
        read(lesnet)
    assert read(lesnet).content == whole


def test_a_login_page_instead_of_text(lesnet: Simulator) -> None:
    lesnet.faults.add(Fault("wrong_type"))
    answer = read(lesnet)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert "<form>" in answer.text


def test_a_file_that_is_not_there(lesnet: Simulator) -> None:
    assert httpx.get(f"{lesnet.url}/cdr/99999_0000.txt").status_code == 404
    lesnet.faults.add(Fault("status", status=404))
    assert read(lesnet).status_code == 404


@pytest.mark.parametrize(
    ("auth", "status", "kind"),
    [("basic", 401, ""), ("cookie", 200, "text/html; charset=UTF-8"), ("header", 200, "text/html; charset=UTF-8")],
)
def test_without_the_right_account_there_is_no_file(auth: Auth, status: int, kind: str) -> None:
    with Simulator(auth=auth) as simulator:
        answer = read(simulator)
        assert (answer.status_code, answer.headers.get("Content-Type", "")) == (status, kind)
        assert read(simulator, Cookie="PHPSESSID=guessed").headers.get("Content-Type", "") == kind
        name, value = simulator.header
        right = {"basic": {}, "cookie": {"Cookie": simulator.cookie}, "header": {name: value}}[auth]
        account = (simulator.login, simulator.password) if auth == "basic" else None
        file = httpx.get(simulator.link(PEER), headers=right, auth=account)
        assert len(file.text.splitlines()) == 10


def test_the_same_in_another_layout(lesnet: Simulator) -> None:
    lesnet.set_layout(delimiter="\t", has_header=True)
    head, first, *_ = read(lesnet).text.splitlines()
    assert head.split("\t") == ["start", "source", "destination", "seconds", "rate", "cost", "peer"]
    assert first == lesnet.rows(PEER)[0].line("\t")


def test_days_pass_over_the_network_too(lesnet: Simulator) -> None:
    told = httpx.post(f"{lesnet.url}/_control/next_day", json={"days": 3})
    assert told.json() == {"result": 4}
    assert len(read(lesnet).text.splitlines()) == 40
