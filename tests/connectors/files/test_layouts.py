"""Every built-in layout reads its sample. The figures are read off the sample by eye."""

from datetime import UTC, datetime

import polars as pl
import pytest

from tests.connectors.files.reading import ASTERISK_MASTER, SAMPLES, facts, read_all
from tollbook.connectors.files.layout_data import built_in_layouts, load_layout

SECOND = 1_000_000


def test_there_is_a_sample_of_every_layout() -> None:
    sampled = {path.stem for path in SAMPLES.iterdir()} | {"asterisk"}

    assert set(built_in_layouts()) == sampled


def test_own_layout() -> None:
    usage = read_all(SAMPLES / "tollbook.csv", "tollbook").usage

    assert facts(usage, "line", "record_key", "kind", "answered", "duration_us", "account_ref") == [
        (3, "c1", "voice_out", True, 61 * SECOND, "office"),
        (4, "c2", "voice_out", True, 2_506_000, "office"),
        (5, "m1", "voice_in", True, None, "office"),
        (7, "c3", "voice_out", False, 0, "office"),
    ]
    assert usage["start"].to_list() == [
        datetime(2024, 5, 1, 10, 0, 0, tzinfo=UTC),
        datetime(2024, 5, 1, 10, 0, 0, 250_000, tzinfo=UTC),
        datetime(2024, 5, 1, 13, 30, 0, tzinfo=UTC),
        datetime(2024, 5, 1, 19, 0, 0, tzinfo=UTC),
    ]
    assert facts(usage, "defect", "defect_detail")[2] == (
        "bad_quantity",
        "line 5, column duration_s: '' is no duration from 0 to 366 days",
    )


def test_the_neutral_layout_holds_calls_messages_and_data() -> None:
    usage = read_all(SAMPLES / "neutral.csv", "neutral").usage

    assert facts(usage, "kind", "duration_us", "quantity", "account_ref", "tenant_ref", "trunk_ref", "defect") == [
        ("voice_out", 61 * SECOND, None, "100", "acme", "gw1", None),
        ("voice_in", 30 * SECOND, None, "100", "acme", "gw1", None),
        ("sms_out", None, 2, "sim-1", None, None, None),
        ("data", None, 1_572_864, "sim-1", None, None, None),  # 1.5 × 1,048,576
        ("voice_out", 120 * SECOND, None, "100", "acme", "gw1", None),
        ("fax", None, None, "100", "acme", "gw1", "unknown_kind"),
    ]
    assert usage["display_text"].to_list()[:2] == ["Anna", None]


@pytest.mark.parametrize(
    ("layout", "name", "cli"),
    [
        ("freeswitch-default", 'Anna "Ann" Nowak', "1001"),
        ("freeswitch-example", "Nowak, Anna", "1001"),
        ("freeswitch-asterisk", "Anna Nowak", "1001"),
    ],
)
def test_freeswitch_quotes_every_value_and_escapes_none(layout: str, name: str, cli: str) -> None:
    usage = read_all(SAMPLES / f"{layout}.csv", layout).usage

    assert facts(usage, "record_key", "answered", "duration_us", "cli", "cld", "account_ref") == [
        ("240501:a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d", True, 61 * SECOND, cli, "0048600700800", "acme"),
        ("240501:e29ff0ae-e752-11e3-8bff-65b6c3cdac7d", False, 0, "1002", "600700801", None),
    ]
    assert facts(usage, "display_text", "defect")[0] == (name, None)
    assert usage["start"][0] == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_a_call_whose_start_is_not_written_begins_when_it_was_answered_or_else_ended() -> None:
    usage = read_all(SAMPLES / "freeswitch-opencdrrate.csv", "freeswitch-opencdrrate").usage

    assert facts(usage, "record_key", "answered", "duration_us", "cli", "cld", "account_ref", "trunk_ref") == [
        ("240501:a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d", True, 61 * SECOND, "1001", "0048600700800", "acme", "gw1"),
        ("240501:e29ff0ae-e752-11e3-8bff-65b6c3cdac7d", False, 0, "1002", "600700801", None, None),
    ]
    assert usage["start"].to_list() == [
        datetime(2024, 5, 1, 10, 0, 5, tzinfo=UTC),
        datetime(2024, 5, 1, 10, 2, 30, tzinfo=UTC),
    ]
    assert usage["defect"].null_count() == 2


def test_fusionpbx_exports_every_value_in_quotes_and_escapes_none() -> None:
    usage = read_all(SAMPLES / "fusionpbx-export.csv", "fusionpbx-export").usage

    assert facts(usage, "line", "kind", "answered", "duration_us", "cli", "cld", "account_ref", "defect") == [
        (2, "voice_out", True, 61_450_000, "15195550100", "16045550199", "2115", None),
        (3, "voice_in", True, 66_359_000, "16045550194", "15195550101", "2115", None),
        (4, "voice_out", False, 0, "15195550100", "16045550198", "2115", None),
        (5, "far leg", True, None, "15195550100", "16045550199", "2115", "unknown_kind"),
        (6, "no direction", True, None, "2115", "2112", "2115", "unknown_kind"),
    ]
    assert usage["display_text"][1] == 'Tremblay, "Bob" & Fils'
    assert usage["record_key"][0] == "240501:5da8c87d-c461-46f0-8ca8-c788510a73aa"
    assert usage["tenant_ref"].unique().to_list() == ["maple.example.ca"]


def test_3cx_counts_from_the_answer_and_tells_direction_by_the_line() -> None:
    usage = read_all(SAMPLES / "3cx.log", "3cx").usage

    assert facts(usage, "kind", "answered", "duration_us", "cli", "cld", "account_ref", "trunk_ref") == [
        ("voice_in", True, 490 * SECOND, "0701234567", "80002", "10013", "10020"),
        ("voice_out", True, 61 * SECOND, "100", "0600700800", "100", "10020"),
        ("voice_out", False, 0, "100", "0600700801", "100", "10020"),
    ]
    assert usage["defect"].to_list() == [None, None, None]


def test_two_lines_that_say_the_same_at_les_net_are_two_calls() -> None:
    usage = read_all(SAMPLES / "lesnet.txt", "lesnet").usage

    assert facts(usage, "line", "kind", "answered", "duration_us", "cli", "cld", "trunk_ref") == [
        (2, "voice_out", True, 61 * SECOND, "12046664021", "442079460000", "D4E3CD2BFC791"),
        (3, "voice_out", True, 61 * SECOND, "12046664021", "442079460000", "D4E3CD2BFC791"),
        (4, "voice_out", False, 0, "12046664021", "12045550121", "D4E3CD2BFC791"),
    ]
    assert [key.rpartition(":")[2] for key in usage["record_key"]] == ["1", "2", "1"]


def test_the_real_asterisk_file_is_read_whole() -> None:
    usage = read_all(ASTERISK_MASTER, "asterisk").usage

    answered = usage.filter("answered")
    assert usage.height == 218
    assert answered.height == 133
    assert answered["duration_us"].sum() == 38_839 * SECOND
    assert usage.filter(~pl.col("answered"))["duration_us"].gt(0).sum() == 5
    assert usage["defect"].null_count() == 218
    assert usage["record_key"].n_unique() == 218
    # 8 lines repeat another line, word for word: their ordinals are above 1
    assert usage["record_key"].str.ends_with(":1").sum() == 210
    assert facts(usage, "line", "cli", "cld", "display_text")[2] == (
        3,
        "253-433-5862",
        "870-526-4260",
        "Marget Biernacki",
    )


def test_asterisk_lines_of_every_width_are_told_apart_one_by_one() -> None:
    start = '"acme","100","600700800","out","""Anna"" <100>","PJSIP/100-0000001a","PJSIP/gw1-0000001b","Dial","",'
    times = '"2024-05-01 10:00:00","2024-05-01 10:00:05","2024-05-01 10:01:06",66,61,"ANSWERED","BILLING"'
    tails = ["", ',"1.1"', ',"1.1","x"', ',"","1.1",7', ',"1.1","","1.1",7', ',"1.1","x","","1.1",7']
    file = "".join(f"{start}{times}{tail}\n" for tail in tails).encode()

    read = read_all(file, "asterisk", keep_source=True)

    assert facts(read.usage, "line", "duration_us", "account_ref", "trunk_ref", "display_text") == [
        (line, 61 * SECOND, "acme", "gw1", "Anna") for line in range(1, 7)
    ]
    assert read.usage["record_key"].n_unique() == 6
    assert read.source is not None
    assert read.source["sequence"].to_list() == [None, None, None, "7", "7", "7"]
    assert read.source["userfield"].to_list() == [None, None, "x", None, None, "x"]


def test_a_layout_says_whether_its_keys_are_the_platforms_own() -> None:
    are_ids = {name: load_layout(name).key_is_platform_id for name in built_in_layouts()}

    assert are_ids == {
        "3cx": False,
        "asterisk": False,
        "freeswitch-asterisk": True,
        "freeswitch-default": True,
        "freeswitch-example": True,
        "freeswitch-opencdrrate": True,
        "fusionpbx-export": True,
        "lesnet": False,
        "neutral": True,
        "tollbook": True,
    }
