"""What an xDR means: written by hand, one case a line."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tollbook.connectors.portabilling.options import Services
from tollbook.connectors.portabilling.reading import note_line, read_usage
from tollbook.records import USAGE

NOON = 1_496_318_400  # 2017-06-01 12:00:00 UTC
# A minute and one second to London, charged as two minutes at 0.065 PLN.
CALL: dict[str, Any] = {
    "i_xdr": 918270001,
    "i_customer": 46170,
    "i_account": 1000800,
    "account_id": "ph46170x100",
    "CLI": "48220000500",
    "CLD": "442079460000",
    "connect_time": "2017-06-01 12:00:00",
    "disconnect_time": "2017-06-01 12:01:01",
    "bill_time": "2017-06-01 12:03:00",
    "unix_connect_time": NOON,
    "unix_disconnect_time": NOON + 61,
    "charged_quantity": 120,
    "used_quantity": 61,
    "charged_amount": 0.13,
    "i_service": 3,
    "service": "Voice Calls",
    "description": "United Kingdom London",
    "failed": 0,
    "bit_flags": 4,
    "call_id": "a@sip.example",
}
FEE = CALL | {"i_service": 4, "service": "Subscriptions", "description": "Extension PLN fee", "bit_flags": 0}


@pytest.fixture
def usage_of(tmp_path: Path) -> Any:
    def read(*xdrs: dict[str, Any], services: Services | None = None, currency: str = "PLN") -> pl.DataFrame:
        file = tmp_path / "evidence"
        lines = [json.dumps(xdr).encode() + b"\n" for xdr in xdrs]
        file.write_bytes(b"".join([note_line("46170", currency), *lines]))
        batches = read_usage(file, services or Services(), batch_rows=1000, is_complete=True)
        usage = pl.concat([batch.usage for batch in batches])
        assert usage.schema == USAGE
        assert usage["line"].to_list() == list(range(2, len(xdrs) + 2))
        return usage

    return read


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in CALL.items() if name not in names}


def test_an_outgoing_call(usage_of: Any) -> None:
    assert usage_of(CALL).row(0, named=True) == {
        "line": 2,
        "record_key": "918270001",
        "kind": "voice_out",
        "start": datetime(2017, 6, 1, 12, 0, tzinfo=UTC),
        "answered": True,
        "duration_us": 61_000_000,
        "quantity": None,
        "cli": "48220000500",
        "cld": "442079460000",
        "account_ref": "1000800",
        "tenant_ref": "46170",
        "trunk_ref": None,
        "display_text": None,
        "platform_price_nanos": 130_000_000,
        "platform_currency": "PLN",
        "defect": None,
        "defect_detail": None,
    }


def test_the_time_talked_counts_and_not_what_the_platform_charged_for(usage_of: Any) -> None:
    usage = usage_of(
        CALL | {"charged_quantity": 120, "used_quantity": 999},
        without("unix_disconnect_time") | {"used_quantity": 61},
        without("unix_connect_time", "unix_disconnect_time") | {"used_quantity": "61"},
        CALL | {"unix_connect_time": str(NOON), "unix_disconnect_time": str(NOON + 61)},
        CALL | {"unix_disconnect_time": NOON},
    )
    assert usage["duration_us"].to_list() == [61_000_000, 61_000_000, 61_000_000, 61_000_000, 0]
    assert usage["start"].unique().to_list() == [datetime(2017, 6, 1, 12, 0, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("bit_flags", "kind"),
    [(4, "voice_out"), (8, "voice_in"), (12, "voice_out"), (68, "voice_out"), ("72", "voice_in")],
)
def test_the_direction_is_in_the_bit_flags_and_a_forwarded_call_goes_out(
    usage_of: Any, bit_flags: object, kind: str
) -> None:
    assert usage_of(CALL | {"bit_flags": bit_flags})["kind"][0] == kind


@pytest.mark.parametrize("xdr", [CALL | {"bit_flags": 0}, CALL | {"bit_flags": 64}, without("bit_flags")])
def test_a_call_without_direction_waits_unless_a_setting_says_what_it_is(
    usage_of: Any, xdr: dict[str, Any]
) -> None:
    waiting = usage_of(xdr).row(0, named=True)
    assert waiting["defect"] == "unknown_kind"
    assert "says no direction of a call; see the setting calls_without_direction" in waiting["defect_detail"]
    decided = usage_of(xdr, services=Services(calls_without_direction="in"))
    assert decided.select("kind", "defect").row(0) == ("voice_in", None)


@pytest.mark.parametrize("failed", [1, "1"])
def test_a_failed_call_was_not_answered(usage_of: Any, failed: object) -> None:
    failure = CALL | {"failed": failed, "unix_disconnect_time": NOON, "charged_amount": 0, "used_quantity": 0}
    assert usage_of(failure).select("answered", "duration_us", "defect").row(0) == (False, 0, None)


@pytest.mark.parametrize(
    ("xdr", "reason"),
    [
        (FEE, "fee"),
        (FEE | {"i_service": 15, "service": "DID Usage"}, "fee"),
        (FEE | {"i_service": 1, "service": "Payments", "charged_amount": -50}, "payment"),
        (FEE | {"i_service": 2, "service": "Credits / Adjustments", "charged_amount": -2.5}, "adjustment"),
        (FEE | {"i_service": 12, "service": "Taxes"}, "tax"),
        (CALL | {"charged_amount": -0.13, "description": "Correction"}, "adjustment"),
    ],
    ids=["subscription", "did", "payment", "adjustment", "tax", "call given back"],
)
def test_money_is_no_usage(usage_of: Any, xdr: dict[str, Any], reason: str) -> None:
    row = usage_of(xdr).row(0, named=True)
    assert row["defect"] == reason
    assert str(xdr["description"]) in row["defect_detail"]
    assert row["platform_price_nanos"] == round(xdr["charged_amount"] * 100) * 10_000_000


def test_a_fee_without_a_moment_of_its_own_happens_when_it_is_billed(usage_of: Any) -> None:
    fee = {key: value for key, value in FEE.items() if "connect_time" not in key}
    row = usage_of(fee).row(0, named=True)
    assert (row["defect"], row["start"]) == ("fee", datetime(2017, 6, 1, 12, 3, tzinfo=UTC))


def test_a_service_nobody_has_named_waits_with_its_number_and_name(usage_of: Any) -> None:
    strange = CALL | {"i_service": 105, "service": "Conferencing"}
    row = usage_of(strange).row(0, named=True)
    assert row["defect"] == "unknown_kind"
    assert "service '105' 'Conferencing' is in none of the settings …_services" in row["defect_detail"]
    by_name = Services(voice=("3", "conferencing"))
    assert usage_of(strange, services=by_name).select("kind", "defect").row(0) == ("voice_out", None)


def test_messages_and_data_are_counted_in_what_was_used(usage_of: Any) -> None:
    services = Services(sms=("7",), data=("wap",), data_unit_bytes=1024)
    usage = usage_of(
        CALL | {"i_service": 7, "used_quantity": 2},
        CALL | {"i_service": 106, "service": "WAP", "used_quantity": "3"},
        CALL | {"i_service": 7, "used_quantity": 1.5},
        services=services,
    )
    assert usage["kind"].to_list() == ["sms_out", "data", "sms_out"]
    assert usage["quantity"].to_list() == [2, 3072, None]
    assert usage["duration_us"].null_count() == 3
    assert usage["defect"].to_list() == [None, None, "bad_quantity"]


@pytest.mark.parametrize(
    ("amount", "nanos"),
    [(0.33333, 333_330_000), (-23.61693, None), ("0.00001", 10_000), (0, 0), (45, 45_000_000_000), (None, None)],
)
def test_a_price_is_exact(usage_of: Any, amount: object, nanos: int | None) -> None:
    row = usage_of(CALL | {"charged_amount": amount}).row(0, named=True)
    if nanos is not None or amount is None:
        assert (row["platform_price_nanos"], row["defect"]) == (nanos, None)
        assert row["platform_currency"] == (None if amount is None else "PLN")
    else:
        assert (row["platform_price_nanos"], row["defect"]) == (-23_616_930_000, "adjustment")


def test_a_currency_is_its_customers_own(usage_of: Any) -> None:
    usage = usage_of(CALL, CALL | {"i_customer": "46170"}, CALL | {"i_customer": 46191}, currency="EUR")
    assert usage["platform_currency"].to_list() == ["EUR", "EUR", None]


@pytest.mark.parametrize(
    "xdr",
    [
        without("connect_time", "unix_connect_time"),
        CALL | {"connect_time": None, "unix_connect_time": ""},
        CALL | {"unix_connect_time": 0, "unix_disconnect_time": 61},
    ],
)
def test_a_call_without_a_moment_waits(usage_of: Any, xdr: dict[str, Any]) -> None:
    row = usage_of(xdr).row(0, named=True)
    assert (row["defect"], row["start"]) == ("bad_time", None)
    assert "is no time from 1990 to 2099" in row["defect_detail"]


def test_a_call_that_ends_before_it_begins_waits(usage_of: Any) -> None:
    row = usage_of(CALL | {"unix_disconnect_time": NOON - 1}).row(0, named=True)
    assert (row["defect"], row["duration_us"]) == ("bad_quantity", None)
    assert "disconnect after -1000000 µs, used_quantity '61' is no quantity" in row["defect_detail"]


def test_a_call_charged_to_the_customer_has_no_account(usage_of: Any) -> None:
    row = usage_of(CALL | {"i_account": None, "account_id": ""}).row(0, named=True)
    assert (row["account_ref"], row["tenant_ref"], row["defect"]) == (None, "46170", None)


def test_ids_are_text_however_large_and_however_written(usage_of: Any) -> None:
    large = {"i_xdr": 9_223_372_036_854_775_000, "i_customer": "2147490001", "i_account": 4_294_967_297}
    row = usage_of(CALL | large).row(0, named=True)
    assert row["record_key"] == "9223372036854775000"
    assert (row["tenant_ref"], row["account_ref"]) == ("2147490001", "4294967297")


@pytest.mark.parametrize(
    ("xdr", "why"),
    [
        (without("i_xdr"), "i_xdr is no id"),
        (CALL | {"i_xdr": "12/7"}, "i_xdr is no id"),
        (CALL | {"charged_amount": "free"}, "charged_amount is no amount"),
        (CALL | {"CLD": "9" * 1001}, "an id or number is too long"),
        (CALL | {"CLI": "48\x00"}, "an id or number holds a NUL"),
    ],
)
def test_what_makes_no_sense_is_set_aside_whole(usage_of: Any, xdr: dict[str, Any], why: str) -> None:
    usage = usage_of(xdr, CALL)
    row = usage.row(0, named=True)
    assert row["defect"] == "unreadable"
    assert why in row["defect_detail"]
    assert row["record_key"].startswith("unreadable:")
    assert [row[name] for name in ("kind", "start", "cli", "cld", "account_ref", "tenant_ref")] == [None] * 6
    assert "\0" not in row["defect_detail"]
    assert usage["defect"][1] is None


def test_two_records_without_id_stay_two_and_each_is_known_again(usage_of: Any) -> None:
    first, second = without("i_xdr"), without("i_xdr") | {"h323_conf_id": "another"}
    keys = usage_of(first, second, first)["record_key"].to_list()
    assert keys[0] == keys[2] != keys[1]
