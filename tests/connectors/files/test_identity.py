"""What makes a record the same one again."""

import numpy as np
import pytest

from tests.connectors.files.reading import ASTERISK_MASTER, own, read_all
from tollbook.connectors.files.identity import _Tally
from tollbook.connectors.files.layout_data import layout_from_mapping, load_layout

DATED = layout_from_mapping(
    {
        "file": {"header": False, "delimiter": ",", "columns": "start cld duration"},
        "start": {"column": "start", "formats": ["%Y-%m-%d %H:%M:%S"]},
        "duration": {"column": "duration", "unit": "s"},
        "cld": "cld",
    }
)


@pytest.mark.req("X7")
def test_the_same_file_again_gives_the_same_keys_and_a_longer_copy_only_adds() -> None:
    original = ASTERISK_MASTER.read_bytes()
    first = read_all(original, "asterisk").usage["record_key"].to_list()
    longer = original + b"".join(original.splitlines(keepends=True)[:10])

    assert read_all(original, "asterisk", batch_rows=7).usage["record_key"].to_list() == first
    again = read_all(longer, "asterisk").usage["record_key"].to_list()
    assert again[:218] == first
    assert len(set(again)) == 228


def test_two_lines_that_say_the_same_are_two_calls_also_in_different_batches() -> None:
    line, other = b"2024-05-01 10:00:00,600700800,61\n", b"2024-05-02 10:00:00,600700800,61\n"

    keys = read_all(line + other + line + line, DATED, batch_rows=1).usage["record_key"].to_list()

    assert [key.rsplit(":", 1)[1] for key in keys] == ["1", "1", "2", "3"]
    assert keys[0].startswith("240501:")
    assert len({key.rsplit(":", 1)[0] for key in keys}) == 2


def test_the_content_hash_is_blake2b_of_the_values_and_stays_so_for_ever() -> None:
    (key,) = read_all(b"2024-05-01 10:00:00,600700800,61\n", DATED).usage["record_key"]

    # printf '2024-05-01 10:00:00\x1f600700800\x1f61' | b2sum -l 128
    assert key == "240501:e294a86fc113738a67d40e865ffb522c:1"


def test_a_corrected_time_zone_moves_the_calls_and_keeps_their_keys() -> None:
    late = b"2024-05-01 23:30:00,600700800,61\n"
    in_utc = read_all(late, DATED).usage
    in_new_york = read_all(late, DATED.in_zone("America/New_York")).usage

    assert in_utc["record_key"].to_list() == in_new_york["record_key"].to_list()
    assert (in_new_york["start"][0] - in_utc["start"][0]).total_seconds() == 4 * 3600


def test_quotes_and_line_ends_are_not_content() -> None:
    plain = read_all(b"2024-05-01 10:00:00,600700800,61\n", DATED).usage["record_key"]
    quoted = read_all(b'"2024-05-01 10:00:00","600700800",61\r\n', DATED).usage["record_key"]

    assert plain.to_list() == quoted.to_list()


def test_a_platform_id_is_the_key_and_where_it_is_missing_the_content_is() -> None:
    too_long = "9" * 201
    rows = "7,2024-05-01T10:00:00Z,61,48600700800\n,2024-05-01T10:00:00Z,61,48600700800\n"
    rows += f"  ,2024-05-02T10:00:00Z,61,48600700800\n{too_long},2024-05-03T10:00:00Z,61,48600700800\n"

    keys = read_all(own(rows), "tollbook").usage["record_key"].to_list()

    assert keys[0] == "7"
    assert [key[:7] for key in keys[1:]] == ["240501:", "240502:", "240503:"]


def test_only_the_columns_named_count_when_content_is_a_choice_of_columns() -> None:
    layout = layout_from_mapping(
        {
            "file": {"header": False, "delimiter": ",", "columns": "start cld duration note"},
            "start": {"column": "start", "formats": ["%Y-%m-%d %H:%M:%S"]},
            "identity": {"content": ["start", "cld"]},
        }
    )
    one = read_all(b"2024-05-01 10:00:00,600700800,61,first\n", layout).usage["record_key"]
    same = read_all(b"2024-05-01 10:00:00,600700800,62,second\n", layout).usage["record_key"]

    assert one.to_list() == same.to_list()


def test_what_is_no_record_has_a_key_too() -> None:
    text = own("1,2024-05-01T10:00:00Z,61,48600700800\nscrap\nscrap\n")

    keys = read_all(text, "tollbook").usage["record_key"].to_list()

    assert [key[:7] for key in keys[1:]] == ["000000:", "000000:"]
    assert [key[-2:] for key in keys[1:]] == [":1", ":2"]


def test_without_identity_there_are_no_keys() -> None:
    assert read_all(ASTERISK_MASTER, "asterisk", identify=False).usage["record_key"].null_count() == 218


@pytest.mark.parametrize("largest_merged", [10, 1_000_000])
def test_the_tally_counts_as_plain_counting_does(monkeypatch: pytest.MonkeyPatch, largest_merged: int) -> None:
    monkeypatch.setattr("tollbook.connectors.files.identity._LARGEST_MERGED", largest_merged)
    chance = np.random.default_rng(20240501)
    tally = _Tally()
    counted: dict[int, int] = {}
    for size in (1, 0, 1_000, 30, 5_000, 7):
        hashes = chance.integers(0, 2_000, size, dtype=np.uint64)
        expected = []
        for value in hashes.tolist():
            counted[value] = counted.get(value, 0) + 1
            expected.append(counted[value])
        assert tally.ordinals(hashes).tolist() == expected


def test_random_platform_ids_get_the_day_before_them() -> None:
    assert load_layout("freeswitch-default").identity.with_day
