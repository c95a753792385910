"""Times, durations, quantities, kinds and answers, as a layout says they are written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.connectors.files.reading import read_all
from tollbook.connectors.files.layout_data import layout_from_mapping


def one(values: dict[str, str], **layout: Any) -> dict[str, Any]:
    """The usage record of one line, in a layout made of what is given."""
    header, line = ",".join(values), ",".join(f'"{value}"' for value in values.values())
    made = layout_from_mapping({"duration": {"value": "1"}, **layout})
    return read_all(f"{header}\n{line}\n".encode(), made).usage.row(0, named=True)


def start_of(text: str, **start: Any) -> datetime | None:
    found = one({"start": text}, start={"column": "start", **start})
    assert (found["defect"] == "bad_time") == (found["start"] is None)
    return found["start"]  # type: ignore[no-any-return]


TEN = datetime(2024, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("2024-05-01T10:00:00Z", ["iso"]),
        ("2024-05-01 10:00:00", ["iso"]),
        ("2024-05-01T12:00:00+02:00", ["iso"]),
        ("2024-05-01T12:00:00.000+0200", ["iso"]),
        ("2024-05-01 04:30:00-05:30", ["iso"]),
        ("2024-05-01T12:00:00+02", ["iso"]),
        ("01.05.2024 10:00", ["iso", "%d.%m.%Y %H:%M"]),
        ("05/01/2024 10:00:00 AM", ["%m/%d/%Y %I:%M:%S %p"]),
        ("20240501100000", ["%Y%m%d%H%M%S"]),
        ("01/May/2024:12:00:00 +0200", ["%d/%b/%Y:%H:%M:%S %z"]),
        ("1714557600", ["epoch_s"]),
        ("1714557600.0", ["epoch_s"]),
        ("1714557600000", ["epoch_ms"]),
        ("1714557600000000", ["epoch_us"]),
    ],
)
def test_times_are_read_in_every_format_named(text: str, formats: list[str]) -> None:
    assert start_of(text, formats=formats) == TEN


def test_date_and_time_may_stand_in_two_columns() -> None:
    found = one(
        {"day": "01.05.2024", "time": "10:00:00"},
        start={"columns": ["day", "time"], "formats": ["%d.%m.%Y %H:%M:%S"]},
    )

    assert found["start"] == TEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15 10:00:00", datetime(2024, 1, 15, 9, tzinfo=UTC)),
        ("2024-07-15 10:00:00", datetime(2024, 7, 15, 8, tzinfo=UTC)),
        ("2024-10-27 02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # comes twice; the first is meant
        ("2024-03-31 02:30:00", None),  # spring leaves this hour out
        ("2024-03-31 02:30:00+02:00", datetime(2024, 3, 31, 0, 30, tzinfo=UTC)),  # says its zone: no doubt
    ],
)
def test_times_without_a_zone_are_in_the_layouts_and_daylight_saving_is_known(
    text: str, expected: datetime | None
) -> None:
    assert start_of(text, zone="Europe/Warsaw") == expected


def test_the_hour_that_autumn_repeats_is_a_choice() -> None:
    repeated = "2024-10-27 02:30:00"

    assert start_of(repeated, zone="Europe/Warsaw", ambiguous="latest") == datetime(
        2024, 10, 27, 1, 30, tzinfo=UTC
    )
    assert start_of(repeated, zone="Europe/Warsaw", ambiguous="refuse") is None


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-13-01T10:00:00Z", "2024-05-01", "2024-05-01T10:00:00+0", "1970-01-01T00:00:00Z"],
)
def test_what_is_no_time_is_bad_time_with_column_and_value(text: str) -> None:
    found = one({"start": text}, start={"column": "start"})

    assert found["defect"] == "bad_time"
    assert found["defect_detail"].startswith(
        f"line 2, column start: '{text}' is no time that exists (expected iso"
    )


@pytest.mark.parametrize(
    ("text", "field", "microseconds"),
    [
        ("61", {}, 61_000_000),
        ("2.506", {}, 2_506_000),
        ("0.0000001", {}, 1),  # a part of a microsecond is a begun one: it must not become nothing
        ("2,5", {"decimal_comma": True}, 2_500_000),
        ("61000", {"unit": "ms"}, 61_000_000),
        ("61000000", {"unit": "us"}, 61_000_000),
        ("1.5", {"unit": "min"}, 90_000_000),
        ("00:01:01", {"unit": "hh:mm:ss"}, 61_000_000),
        ("26:00:00", {"unit": "hh:mm:ss"}, 93_600_000_000),
        ("01:01", {"unit": "hh:mm:ss"}, 61_000_000),
        (" 61 ", {}, 61_000_000),
    ],
)
def test_durations_are_exact_in_every_unit(text: str, field: dict[str, Any], microseconds: int) -> None:
    found = one({"start": "2024-05-01T10:00:00Z", "d": text}, duration={"column": "d", **field})

    assert (found["duration_us"], found["defect"]) == (microseconds, None)


@pytest.mark.parametrize("text", ["", "x", "-1", "1e3", "2,5", "1.2.3", "nan", "31622401", "9" * 25])
def test_what_is_no_duration_is_bad_quantity(text: str) -> None:
    found = one({"start": "2024-05-01T10:00:00Z", "d": text}, duration={"column": "d"})

    assert (found["duration_us"], found["defect"]) == (None, "bad_quantity")
    assert found["defect_detail"] == (f"line 2, column d: '{text}' is no duration from 0 to 366 days")


@pytest.mark.parametrize(
    ("text", "unit", "bytes_"),
    [
        ("1500", "", 1_500),
        ("1500", "byte", 1_500),
        ("1.5", "kB", 1_500),
        ("1.5", "KiB", 1_536),
        ("2", "MB", 2_000_000),
        ("0.001", "GiB", None),  # 1,073,741.824 bytes: there is no part of a byte
        ("1", "parsec", None),
        ("2000000", "GiB", None),  # more than a pebibyte
    ],
)
def test_data_is_counted_in_whole_bytes(text: str, unit: str, bytes_: int | None) -> None:
    found = one(
        {"start": "2024-05-01T10:00:00Z", "q": text, "unit": unit},
        quantity={"column": "q", "unit_column": "unit"},
        kind={"value": "data"},
    )

    assert (found["quantity"], found["defect"]) == (bytes_, None if bytes_ else "bad_quantity")


def test_the_first_kind_rule_that_holds_decides() -> None:
    kind = {
        "column": "service",
        "names": {"Rozmowa": "voice_out"},
        "rules": [
            {"kind": "voice_in", "when": {"direction": "IN", "channel": {"prefix": "SIP/trunk"}}},
            {"kind": "sms_out", "when": {"service": {"matches": "(?i)^text"}}},
        ],
    }

    def kind_of(direction: str, channel: str, service: str) -> object:
        values = {"start": "2024-05-01T10:00:00Z", "direction": direction, "channel": channel, "service": service}
        return one(values, kind=kind, quantity={"value": "1"})["kind"]

    assert kind_of("in", "SIP/trunk-1", "Rozmowa") == "voice_in"
    assert kind_of("in", "SIP/100", "ROZMOWA") == "voice_out"
    assert kind_of("out", "SIP/trunk-1", "Text message") == "sms_out"
    assert kind_of("out", "SIP/100", "") == "voice_out"
    assert kind_of("out", "SIP/100", "video_in") == "video_in"
    assert kind_of("out", "SIP/100", "Fax") == "Fax"


def test_a_disposition_nobody_knows_is_set_aside_not_free() -> None:
    answered = {"column": "a", "yes": ["ANSWERED"], "no": ["BUSY", "NO ANSWER"]}

    def found(text: str, **field: Any) -> tuple[object, object]:
        record = one({"start": "2024-05-01T10:00:00Z", "a": text}, answered={**answered, **field})
        return record["answered"], record["defect"]

    assert found("Answered") == (True, None)
    assert found("BUSY") == (False, None)
    assert found("VOICEMAIL") == (None, "unreadable")
    assert found("", yes=["ANSWERED", ""]) == (True, None)


def test_without_a_rule_a_call_longer_than_nothing_is_answered() -> None:
    for text, is_answered in (("1", True), ("0", False)):
        found = one({"start": "2024-05-01T10:00:00Z", "d": text}, duration={"column": "d"})
        assert found["answered"] is is_answered


def test_columns_may_be_named_by_position_and_texts_cut_out() -> None:
    found = one(
        {"start": "2024-05-01T10:00:00Z", "peer": "SIP/gw-7", "who": ""},
        trunk={"column": 2, "extract": "^SIP/(.*)$"},
        account={"column": "who", "value": "office"},
        display={"column": 2, "extract": "^IAX/(.*)$"},
    )

    assert (found["trunk_ref"], found["account_ref"], found["display_text"]) == ("gw-7", "office", None)


def test_a_text_longer_than_any_index_holds_is_set_aside() -> None:
    found = one({"start": "2024-05-01T10:00:00Z", "who": "x" * 1_001}, account="who")

    assert (found["account_ref"], found["defect"]) == (None, "unreadable")
    assert found["defect_detail"] == "line 2: account_ref is longer than 1000 bytes"
