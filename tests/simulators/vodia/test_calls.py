"""The month of calls and how it is told: newest first, in pages that move while somebody reads them."""

from collections import Counter
from typing import Any

import httpx

from simulators.vodia import Simulator
from simulators.vodia.people import tenants
from tests.simulators.vodia.conftest import MAPLE, QUAY

HARBOUR = "harbourlights.example.ca"


def page(client: httpx.Client, number: int, size: int, tenant: str = MAPLE) -> list[dict[str, Any]]:
    answer = client.get(f"/rest/domain/{tenant}/cdrs", params={"page": number, "size": size})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def everything(client: httpx.Client, tenant: str = MAPLE, size: int = 90) -> list[dict[str, Any]]:
    found, number = [], 1
    while part := page(client, number, size, tenant):
        found += part
        number += 1
    return found


def test_a_seed_gives_one_month() -> None:
    assert Simulator(seed=4).calls == Simulator(seed=4).calls
    assert Simulator(seed=4).calls != Simulator(seed=5).calls


def test_every_kind_of_call_is_there_answered_and_not(vodia: Simulator) -> None:
    kinds = Counter((call.kind, call.connect is not None) for call in vodia.calls)
    assert len(vodia.calls) == 6 * 250
    assert len(kinds) == 12
    assert min(kinds.values()) >= 5


def test_numbers_outside_are_nobodys_and_none_of_ours(vodia: Simulator) -> None:
    ours = {did for tenant in tenants() for account in tenant.accounts for did in account.dids}
    outside = {call.outside for call in vodia.calls} - {""}
    assert not ours & outside
    for number in outside | ours:
        made_up = number.startswith("+44207946") or (number.startswith("+1") and number[5:10] == "55501")
        assert made_up or number in {"911", "411", "999", "101", "+448081570117"}, number


def test_the_newest_call_comes_first(client: httpx.Client) -> None:
    told = everything(client)
    assert len(told) == 250
    assert [one["id"] for one in told] == sorted((one["id"] for one in told), reverse=True)
    assert page(client, 1, 3) == told[:3]
    assert page(client, 2, 3) == told[3:6]


def test_a_page_has_five_hundred_calls_at_most(fresh: Simulator, admin: httpx.Client) -> None:
    fresh.switch.add_calls(fresh.tenants[0], 300)
    assert len(page(admin, 1, 800, HARBOUR)) == 500
    assert len(page(admin, 2, 800, HARBOUR)) == 50


def test_pages_may_be_counted_from_nought_and_be_smaller(fresh: Simulator, admin: httpx.Client) -> None:
    first, second = page(admin, 1, 20), page(admin, 2, 20)
    fresh.set_paging(first_page=0, max_size=20)
    assert (page(admin, 0, 500), page(admin, 1, 500)) == (first, second)


def test_calls_that_arrive_shift_the_pages(fresh: Simulator, admin: httpx.Client) -> None:
    before = everything(admin)
    fresh.arrives(3, after_pages=1)
    first, second = page(admin, 1, 10), page(admin, 2, 10)
    assert first == before[:10]
    assert second == before[7:17], "three calls are told twice"
    assert len(everything(admin)) == 253


def test_calls_that_arrive_are_of_the_months_last_day(fresh: Simulator, admin: httpx.Client) -> None:
    fresh.arrives(2)
    page(admin, 1, 10)
    last_day = admin.get(f"/rest/domain/{MAPLE}/cdrs", params={"start": "20170630", "end": "20170630"}).json()
    assert [one["start"] for one in last_day[:2]] == ["1498856410.000", "1498856400.000"]  # 21:00 UTC


def test_a_days_calls_are_those_of_the_tenants_clock(fresh: Simulator, admin: httpx.Client) -> None:
    """Midnight of the 3rd is 07:00 UTC in Vancouver and 23:00 UTC of the day before in London."""
    for tenant, midnight in ((MAPLE, 1496473200), (QUAY, 1496444400)):
        told = admin.get(
            f"/rest/domain/{tenant}/cdrs", params={"start": "20170603", "end": "20170603", "size": 500}
        )
        wanted = [
            call.id for call in reversed(fresh.calls) if call.tenant == tenant
            and midnight <= call.start / 1000 < midnight + 86_400
        ]  # fmt: skip
        assert [one["id"] for one in told.json()] == wanted
        assert wanted


def test_times_are_texts_with_milliseconds_or_floats(fresh: Simulator, admin: httpx.Client) -> None:
    call = next(one for one in fresh.calls if one.tenant == MAPLE and one.duration_ms == 2_506)
    path = f"/rest/domain/{MAPLE}/cdr?id={call.id}"
    told = admin.get(path).json()
    assert isinstance(told["connect"], str)
    assert round(float(told["end"]) - float(told["connect"]), 3) == 2.506
    fresh.set_times("float")
    assert admin.get(path).json()["start"] == call.start / 1000


def test_a_call_that_nobody_answered_has_an_empty_connect(vodia: Simulator, client: httpx.Client) -> None:
    missed = next(call for call in vodia.calls if call.tenant == MAPLE and call.connect is None)
    told = client.get(f"/rest/domain/{MAPLE}/cdr?id={missed.id}").json()
    assert (told["connect"], told["abandoned"]) == ("", "true")


def test_what_a_record_tells_of_each_kind(vodia: Simulator, client: httpx.Client) -> None:
    by_id = {one["id"]: one for one in everything(client)}
    for call in vodia.calls:
        if call.tenant != MAPLE:
            continue
        told = by_id[call.id]
        assert (call.kind == "internal") == (told["trunks"] == [])
        match call.kind:
            case "outbound":
                assert f"<sip:{call.extension}@{MAPLE}>" in told["from"]
                assert told["extensions"] == [call.extension]
            case "inbound":
                assert told["to"] == f"<sip:{call.did}@{MAPLE}>"
            case "inbound by name":
                assert not any(letter.isdigit() for letter in told["to"])
                assert told["extensions"] == []
            case "hunt":
                assert told["to"] == f'"Front Desk" <sip:600@{MAPLE}>'
                assert told["extensions"] == ["600", call.extension]
            case "attendant":
                assert told["to"] == f"<sip:+16045550199@{MAPLE}>"
                assert told["extensions"] == ["700", call.extension]


def test_one_call_of_another_tenant_is_not_found(vodia: Simulator, client: httpx.Client) -> None:
    other = next(call for call in vodia.calls if call.tenant == QUAY)
    assert client.get(f"/rest/domain/{MAPLE}/cdr?id={other.id}").status_code == 404


def test_a_switch_as_delivered_forgets_after_seven_days(fresh: Simulator, admin: httpx.Client) -> None:
    fresh.set_keep_days(7)
    told = everything(admin)
    assert 0 < len(told) < 120
    assert min(float(one["end"]) for one in told) >= 1498251600  # 23 June, 21:00 UTC


def test_a_bad_page_is_refused(client: httpx.Client) -> None:
    for bad in ({"page": "0"}, {"size": "0"}, {"page": "first"}):
        assert client.get(f"/rest/domain/{MAPLE}/cdrs", params=bad).status_code == 400
