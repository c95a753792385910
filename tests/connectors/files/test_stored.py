"""Files as they are stored: packed, elsewhere, damaged, or not files of calls at all."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest
import zstandard

from tests.connectors.files.reading import ASTERISK_MASTER, own, read_all
from tollbook.connectors.files.layout_data import layout_from_mapping
from tollbook.connectors.files.limits import Limits
from tollbook.errors import BadInput

ONE = "1,2024-05-01T10:00:00Z,61,48600700800\n"
TWO = "2,2024-05-01T11:00:00Z,5,48600700801\n"
CALLS = own(ONE + TWO)


def zipped(*members: tuple[str, bytes]) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stored.getvalue()


def refusal(file: bytes | Path, layout: str = "tollbook", **options: object) -> str:
    with pytest.raises(BadInput) as refused:
        read_all(file, layout, name="calls", **options)
    return str(refused.value)


@pytest.mark.parametrize(
    "stored",
    [
        CALLS,
        gzip.compress(CALLS),
        gzip.compress(own(ONE)) + gzip.compress(TWO.encode()),  # two files joined, as log rotation does
        zipped(("calls.csv", CALLS)),
        zipped(("__MACOSX/._calls.csv", b"x"), ("folder/", b""), ("folder/calls.csv", CALLS)),
        zstandard.compress(CALLS),
        zstandard.compress(own(ONE)) + zstandard.compress(TWO.encode()),
    ],
    ids=["plain", "gz", "gz members", "zip", "zip with extras", "zst", "zst frames"],
)
def test_packed_files_are_known_by_their_first_bytes(stored: bytes) -> None:
    read = read_all(stored, "tollbook")

    assert read.usage["record_key"].to_list() == ["1", "2"]
    assert read.batches[-1].bytes_read > 0


def test_the_progress_is_in_bytes_of_the_file_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.zst"
    path.write_bytes(zstandard.compress(CALLS))

    assert read_all(path, "tollbook").batches[-1].bytes_read == path.stat().st_size


def test_a_file_in_a_zip_of_several_is_chosen_by_name_or_pattern() -> None:
    several = zipped(("may.csv", CALLS), ("june.csv", own(ONE)), ("readme.txt", b"x"))

    assert read_all(several, "tollbook", member="june.csv").usage.height == 1
    assert read_all(several, "tollbook", member="m*.csv").usage.height == 2
    assert refusal(several) == "calls: the zip holds 3 files; name one of: 'may.csv', 'june.csv', 'readme.txt'"
    assert "2 files match '*.csv'" in refusal(several, member="*.csv")
    assert "holds 0 files" in refusal(zipped())


def test_an_encrypted_zip_says_so() -> None:
    locked = bytearray(zipped(("calls.csv", CALLS)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + flags] |= 1

    assert refusal(bytes(locked)) == "calls: 'calls.csv' is encrypted; unpack it with its password first"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
def test_a_packed_file_cut_short_is_refused_not_read_in_part(pack: object) -> None:
    packed = pack(CALLS * 1_000)  # type: ignore[operator]

    assert "damaged or cut short" in refusal(packed[:-9])
    assert "damaged or cut short" in refusal(packed[:40] + b"scrap" + packed[45:])


def test_a_damaged_zip_is_refused() -> None:
    whole = zipped(("calls.csv", CALLS * 1_000))

    assert "damaged or cut short" in refusal(whole[:-30])
    assert "damaged or cut short" in refusal(whole[:60] + b"scrap" + whole[65:])


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lambda data: zipped(("a", data))])
def test_a_bomb_stops_at_the_limit(pack: object) -> None:
    bomb = pack(own("\n" * 50_000_000))  # type: ignore[operator]
    assert len(bomb) < 200_000

    message = refusal(bomb, limits=Limits(max_expanded_bytes=10_000_000))

    assert message.startswith(
        "calls: unpacked it is larger than 10000000 bytes; split it, or raise max_expanded_bytes"
    )


def test_what_cannot_be_unpacked_is_named() -> None:
    assert "packed with xz" in refusal(b"\xfd7zXZ\x00 ...")
    layout = layout_from_mapping({"file": {"compression": "gz"}, "duration": {"value": "1"}})
    with pytest.raises(BadInput, match="the layout says compression 'gz', the file is 'none'"):
        read_all(b"start\n", layout)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.csv: there is no such file"):
        read_all(tmp_path / "none.csv", "tollbook")
    with pytest.raises(BadInput, match="is a folder; name a file in it"):
        read_all(tmp_path, "tollbook")


class Pipe(io.BytesIO):
    """A stream that cannot go back."""

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("stored", [CALLS, zipped(("calls.csv", CALLS))], ids=["plain", "zip"])
def test_a_stream_is_read_like_a_file(stored: bytes) -> None:
    stream: BinaryIO = Pipe(stored)

    assert read_all(stream, "tollbook").usage["record_key"].to_list() == ["1", "2"]


def test_a_stream_without_end_stops_at_the_limit() -> None:
    with pytest.raises(BadInput, match="standard input: more than 10 bytes; save it as a file"):
        read_all(Pipe(CALLS), "tollbook", limits=Limits(max_spooled_bytes=10))


def test_a_file_of_another_kind_is_refused_with_line_and_reason() -> None:
    assert refusal(CALLS, "asterisk").startswith(
        "calls, line 1: 4 columns, expected 16, 17, 18, 19, 20, 21: 'record_id,start,duration_s,cld'; no line of it"
    )
    assert "calls, line 1: column 'start' is missing; found" in refusal(ASTERISK_MASTER)
    assert "column 'start' is missing" in refusal(b"\x7fELF\x02\x01\x01" + bytes(range(1, 200)))
    assert "the header holds NUL bytes; if the file is UTF-16" in refusal("start,cld\n".encode("utf-16-le"))


def test_a_header_must_name_what_the_layout_needs_and_each_once() -> None:
    assert "column 'cld' is missing; found 'start', 'duration_s'" in refusal(b"start,duration_s\n")
    assert "one of the columns 'duration_s', 'quantity' is needed" in refusal(b"start,cld\n")
    assert "calls, line 3: column 'cld' is named twice" in refusal(b"\n# x\nstart,duration_s,cld,cld\n")
    assert "a column has no name" in refusal(b"start,cld,duration_s,\n")


JSON_LINES = "".join(
    json.dumps(record) + "\n"
    for record in [
        {
            "record_id": 1,
            "start": "2024-05-01T10:00:00Z",
            "duration_s": 2.506,
            "cld": "48600700800",
            "answered": True,
        },
        {"record_id": "2", "start": "2024-05-01T11:00:00Z", "duration_s": 5, "cld": "4", "extra": {"a": [1]}},
    ]
).encode()


def test_json_lines_are_read_by_name_and_numbers_never_become_floats() -> None:
    exact = (
        b'{"record_id": 3, "start": "2024-05-01T12:00:00Z", "duration_s": 0.1000000000000000055, "cld": null}\n'
    )

    read = read_all(JSON_LINES + exact + b"[1]\n{oops\n\n", "tollbook", keep_source=True)

    assert read.usage["record_key"].to_list()[:3] == ["1", "2", "3"]
    assert read.usage["duration_us"].to_list() == [2_506_000, 5_000_000, 100_001, None, None]
    assert read.defects == {4: "unreadable", 5: "unreadable"}
    assert read.source is not None
    assert read.source["extra"].to_list() == ["", '{"a": ["1"]}', "", None, None]


def test_parquet_is_read_like_the_same_file_as_text(tmp_path: Path) -> None:
    start = pl.Series(["2024-05-01T10:00:00", None]).str.to_datetime(time_zone="Europe/Warsaw")
    calls = pl.DataFrame(
        {"start": start, "duration_s": [2.5, None], "cld": [48600700800, 1], "account": ["a", "b\0c"]}
    )
    calls.write_parquet(tmp_path / "calls.parquet")

    usage = read_all(tmp_path / "calls.parquet", "tollbook").usage

    assert usage.row(0, named=True)["start"].isoformat() == "2024-05-01T08:00:00+00:00"
    assert usage.select("line", "duration_us", "cld", "account_ref").row(0) == (1, 2_500_000, "48600700800", "a")
    assert usage["defect"].to_list() == [None, "unreadable"]


def test_parquet_that_cannot_be_calls_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    pl.DataFrame({"start": [[1]], "cld": ["1"], "duration_s": [1]}).write_parquet(path)
    assert "column 'start' is List(Int64); write it as text or number" in refusal(path)
    pl.DataFrame({"cld": ["1"]}).write_parquet(path)
    assert "column 'start' is missing" in refusal(path)
    path.write_bytes(b"PAR1 and nothing else")
    assert "is no readable Parquet" in refusal(path)
