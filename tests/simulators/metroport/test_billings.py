"""Traffic: what a month must contain, what the filters select, what a price list upload answers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulators.metroport import Simulator, users
from tests.simulators.metroport.conftest import logged_in

JUNE = {"datestart": "2017-06-01 00:00:00", "dateend": "2017-06-30 23:59:59"}
Json = dict[str, Any]


def billed(client: httpx.Client, **query: object) -> list[Json]:
    answer = client.get("/Mvno/Billings", params={name: str(value) for name, value in query.items()})
    assert answer.status_code in {200, 204}
    if answer.status_code == 204:
        return []
    count, found = answer.json()
    assert count == len(found)
    return list(found)


@pytest.fixture(scope="module")
def june(metroport: Simulator) -> list[Json]:
    with logged_in(metroport) as client:
        return billed(client, **JUNE)


@contextmanager
def month(name: str, seed: int = 1) -> Iterator[httpx.Client]:
    with Simulator(seed, name) as simulator, logged_in(simulator) as client:
        yield client


def price(record: Json, field: str = "retail_totalnetto") -> Decimal:
    return Decimal(str(record[field]).replace(",", "."))


def to(records: list[Json], far_end: str) -> Json:
    (found,) = [record for record in records if record["dst"] == far_end]
    return found


def test_traffic_types_are_a_plain_list(client: httpx.Client) -> None:
    types = client.get("/Mvno/Billings/TrafficTypes").json()
    assert {one["type"]: one["id"] for one in types} == {"call": 1, "sms": 2, "mms": 3, "data": 4, "video": 7}


def test_a_month_has_all_kinds_each_with_its_quantity(june: list[Json]) -> None:
    assert len(june) == 5_213
    counted = {"duration": {1, 7}, "datatransfer": {4}, "msg": {2, 3}}
    for record in june:
        field = record["billingfield"]
        others = counted.keys() - {field}
        assert int(record["traffic_types_id"]) in counted[field] | ({99} if field == "duration" else set())
        assert all(int(record[other]) == 0 for other in others)
    assert {int(record["traffic_types_id"]) for record in june} == {1, 2, 3, 4, 7, 99}


def test_ids_are_unique_grow_and_get_a_sixth_digit_on_the_way(june: list[Json]) -> None:
    ids = [int(record["id"]) for record in june]
    assert ids == list(range(97_301, 102_514))
    days = {int(record["id"]): record["calldate"][:10] for record in june}
    assert "2017-06-05" < days[99_999] <= days[100_000] < "2017-06-25"


def test_numbers_are_bare_quoted_or_have_a_comma(june: list[Json]) -> None:
    assert {type(record["id"]) for record in june} == {int, str}
    assert {type(record["ano"]) for record in june} == {int, str}
    written = {re.sub(r"\d+", "1", str(record["retail_vat"])) for record in june}
    assert written == {"1.1", "1,1"}
    assert {type(record["retail_totalnetto"]) for record in june} >= {int, float, str}
    assert {price(record, "retail_vat") for record in june} == {Decimal("1.23")}


def test_prices_are_those_of_the_price_list(june: list[Json]) -> None:
    assert price(to(june, "48501900101")) == Decimal("0.19")  # 60 s at 0.19 a minute
    assert price(to(june, "48501900102")) == Decimal("0.2375")  # 75 s
    assert price(to(june, "48602900106")) == Decimal("0.75")  # 90 s of video at 0.50
    (apn,) = [one for one in june if one["dst"].endswith(".example") and int(one["datatransfer"]) == 2048]
    assert price(apn) == Decimal("0.1")  # 2 MiB at 0.05


def test_incoming_and_free_records_are_among_them(june: list[Json]) -> None:
    incoming = [record for record in june if record["dst"] == f"48{record['ano']}"]
    assert len(incoming) > 500
    assert {price(record) > 0 for record in incoming} == {True, False}
    assert to(june, "48501900101")["src"] == "48500000100"
    assert all(price(record) == 0 for record in june if record["dst"] == "112")
    assert any(record["CategoryName"] == "Połączenia w sieci" for record in june)


def test_far_ends_that_are_no_plain_numbers(june: list[Json]) -> None:
    far_ends = {record["dst"] for record in june} | {record["src"] for record in june}
    assert {"internet", "hala2.magazyn.apn.prywatny.example", "112", "D248501900105"} <= far_ends
    routed = [far_end for far_end in far_ends if far_end.startswith("D")]
    assert len(routed) > 20
    assert all(re.fullmatch(r"D\d{10,13}", far_end) for far_end in routed)


def test_a_call_from_before_midnight_ends_in_the_next_month(june: list[Json]) -> None:
    call = to(june, "48501900102")
    assert (call["calldate"], int(call["duration"])) == ("2017-06-30 23:59:30", 75)


def test_a_negative_correction_an_unknown_type_and_a_number_without_a_card(june: list[Json]) -> None:
    four = [record for record in june if record["dst"] == "48501900107"]
    assert sorted(price(record) for record in four) == [Decimal(p) for p in ("-0.38", "0.38", "0.38", "0.38")]
    assert sorted(int(record["traffic_types_id"]) for record in four) == [1, 1, 1, 99]
    assert sorted(str(record["ano"]) for record in four).count("500000900") == 1


def test_every_end_customer_has_traffic_also_the_one_the_provider_does_not_know(june: list[Json]) -> None:
    assert {int(record["userid"]) for record in june} >= set(range(users.DASHED_NIP, users.OWN_OFFICE))


def test_both_ends_of_the_period_belong_to_it(client: httpx.Client) -> None:
    first = billed(client, datestart="2017-06-01 00:00:00", dateend="2017-06-01 00:00:00")
    last = billed(client, datestart="2017-06-30 23:59:59", dateend="2017-06-30 23:59:59")
    assert [record["dst"] for record in first] == ["48501900101"]
    assert [record["dst"] for record in last] == ["48220900103"]
    assert billed(client, datestart="2017-07-01 00:00:00", dateend="2017-07-31 23:59:59") == []


def test_days_together_are_the_month(client: httpx.Client, june: list[Json]) -> None:
    days = [f"2017-06-{day:02d}" for day in range(1, 31)]
    chunks = [billed(client, datestart=f"{day} 00:00:00", dateend=f"{day} 23:59:59") for day in days]
    assert sorted(int(one["id"]) for chunk in chunks for one in chunk) == [int(one["id"]) for one in june]


def test_by_user_and_after_an_id(client: httpx.Client, june: list[Json]) -> None:
    of_school = billed(client, userid=users.SCHOOL, **JUNE)
    assert of_school == [record for record in june if int(record["userid"]) == users.SCHOOL]
    assert of_school
    assert [int(one["id"]) for one in billed(client, id_after=102_511, **JUNE)] == [102_512, 102_513]
    assert billed(client, id_after=102_513) == []
    assert billed(client, userid=5, **JUNE) == []


def test_the_hour_that_october_has_twice() -> None:
    with month("2017-10") as client:
        night = billed(client, datestart="2017-10-29 02:00:00", dateend="2017-10-29 02:59:59")
    twice = [record for record in night if record["dst"].startswith("485019001")]
    assert [record["calldate"][11:] for record in twice] == ["02:10:00", "02:50:00", "02:05:00", "02:50:00"]
    assert [int(record["id"]) for record in twice] == sorted(int(record["id"]) for record in twice)


def test_march_has_no_call_in_the_hour_that_is_left_out() -> None:
    with month("2017-03") as client:
        assert billed(client, datestart="2017-03-26 02:00:00", dateend="2017-03-26 02:59:59") == []


def test_a_seed_gives_the_same_month_and_another_one_another() -> None:
    with month("2017-06", seed=1) as one, month("2017-06", seed=1) as again, month("2017-06", seed=2) as other:
        assert billed(one) == billed(again)
        assert billed(one) != billed(other)


def test_a_price_list_is_taken_and_answered_with_a_text() -> None:
    content = b"prefiks;cena\r\n48;0,19\r\n\r\n--nie granica\r\n"
    with Simulator() as metroport, logged_in(metroport) as client:
        answer = client.post("/mvno/retailRates/importRates", files={"file": ("cennik.csv", content, "text/csv")})
        assert (answer.status_code, answer.text) == (200, "Imported cennik.csv: 4 lines")
        assert [(one.name, one.content) for one in metroport.price_lists] == [("cennik.csv", content)]
        assert len(client.get("/Mvno/Mobiles").json()) == 158


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"file": ("cennik.csv", b"\r\n")}, "File cennik.csv is empty"),
        ({"plik": ("cennik.csv", b"48;0,19")}, "No file in the form"),
    ],
)
def test_a_price_list_that_is_empty_or_missing_is_refused(
    client: httpx.Client, metroport: Simulator, form: Any, said: str
) -> None:
    answer = client.post("/mvno/retailRates/importRates", files=form)
    assert (answer.status_code, answer.text) == (400, said)
    assert metroport.price_lists == []
