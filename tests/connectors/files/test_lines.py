"""Lines with surprises: each record comes back once, or says with its line why it is none."""

import polars as pl
import pytest

from tests.connectors.files.reading import facts, own, read_all
from tollbook.connectors.files.layout_data import layout_from_mapping
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.text import blocks

GOOD = "1,2024-05-01T10:00:00Z,61,48600700800\n"
LATER = "2,2024-05-01T11:00:00Z,5,48600700801\n"


def keys_and_defects(data: bytes, **options: object) -> list[tuple[object, ...]]:
    return facts(read_all(data, "tollbook", **options).usage, "line", "record_key", "defect")


def detail(data: bytes, line: int) -> str:
    usage = read_all(data, "tollbook").usage
    return str(usage.filter(pl.col("line") == line)["defect_detail"].item())


def test_blank_lines_and_comments_are_no_records_but_count_as_lines() -> None:
    data = own("\n   \n# a note\n" + GOOD + "\r\n" + LATER)

    assert keys_and_defects(data) == [(5, "1", None), (7, "2", None)]


def test_a_number_sign_at_the_start_of_a_number_is_no_comment() -> None:
    data = b"cld,start,duration_s\n#31#48600700800,2024-05-01T10:00:00Z,61\n"

    assert read_all(data, "tollbook").usage["cld"].to_list() == ["#31#48600700800"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(end: str) -> None:
    assert keys_and_defects(own(GOOD + LATER).decode().replace("\n", end).encode()) == [
        (2, "1", None),
        (3, "2", None),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_from_the_header_and_columns_may_stand_in_any_order(delimiter: str) -> None:
    lines = [["CLD", "note", " Start ", "duration_s"], ["48600700800", "a", "2024-05-01T10:00:00Z", "61"]]
    data = "".join(delimiter.join(values) + "\n" for values in lines).encode()

    assert facts(read_all(data, "tollbook").usage, "cld", "duration_us") == [("48600700800", 61_000_000)]


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-8"),
        ("cp1250", "cp1250"),
        ("latin-1", "latin-1"),
    ],
)
def test_encodings_are_seen_from_the_mark_or_set(written: str, encoding: str) -> None:
    name = "Zoë" if written == "latin-1" else "Łódź"
    layout = layout_from_mapping(
        {
            "file": {"encoding": encoding},
            "display": "name",
            "duration": {"column": "s"},
            "start": {"column": "start"},
        }
    )
    data = f"start,s,name\n2024-05-01T10:00:00Z,1,{name}\n".encode(written)

    assert read_all(data, layout).usage["display_text"].to_list() == [name]


def test_a_line_that_is_not_utf_8_is_read_as_windows_1252_and_counted() -> None:
    text = "start,duration_s,cld,account\n2024-05-01T10:00:00Z,1,48600700800,Müller\n2024-05-01T10:00:00Z,1,4,Ł\n"
    data = text.encode("utf-8").replace("ü".encode(), b"\xfc")

    read = read_all(data, "tollbook", batch_rows=1)

    assert read.usage["account_ref"].to_list() == ["Müller", "Ł"]
    assert sum(batch.fallback_lines for batch in read.batches) == 1


def test_a_byte_that_is_in_no_encoding_sets_its_line_aside() -> None:
    bad = GOOD.encode().replace(b"61", b"\x81")  # in neither UTF-8 nor windows-1252

    data = own(LATER) + bad
    assert keys_and_defects(data)[0] == (2, "2", None)
    assert detail(data, 3).startswith("line 3: holds bytes that are neither UTF-8 nor windows-1252: '1,2024")


def test_nul_sets_its_line_aside_and_is_not_stored() -> None:
    data = own(GOOD + LATER.replace("5,", "5\0,"))

    assert keys_and_defects(data)[0] == (2, "1", None)
    assert detail(data, 3) == r"line 3: holds a NUL, or a byte that is not in the file's encoding: " + (
        r"'2,2024-05-01T11:00:00Z,5\0,48600700801'"
    )


def test_quotes_hold_delimiters_line_ends_and_doubled_quotes() -> None:
    data = own('"a,""b""\nc",2024-05-01T10:00:00Z,61,48600700800\n' + LATER)

    assert keys_and_defects(data) == [(2, 'a,"b"\nc', None), (4, "2", None)]


def test_a_stray_quote_costs_its_own_line_and_no_other() -> None:
    data = own(
        GOOD + '"3,2024-05-01T10:00:00Z,61,48600700800\n' + LATER + '4"x","y,z\n' + LATER.replace("2,", "5,", 1)
    )

    assert keys_and_defects(data)[0::2] == [(2, "1", None), (4, "2", None), (6, "5", None)]
    assert detail(data, 3).startswith("line 3: column 1 opens a quote that is not closed")
    assert read_all(data, "tollbook").defects == {3: "unreadable", 5: "unreadable"}


def test_an_inch_mark_inside_a_value_is_its_own() -> None:
    data = own('5" pipe,2024-05-01T10:00:00Z,61,48600700800\n' + LATER)

    assert read_all(data, "tollbook").usage["record_key"].to_list() == ['5" pipe', "2"]


def test_text_after_a_closed_quote_is_no_record() -> None:
    assert detail(own('"3"x,2024-05-01T10:00:00Z,61,4\n'), 2).startswith(
        "line 2: column 1 goes on after its closing quote"
    )


def test_a_line_with_too_few_or_too_many_columns_says_how_many() -> None:
    data = own("1,2\n" + GOOD + "1,2,3,4,5\n")

    assert read_all(data, "tollbook").defects == {2: "unreadable", 4: "unreadable"}
    assert detail(data, 2) == "line 2: 2 columns, expected 4: '1,2'"


def test_a_ten_megabyte_line_is_set_aside_and_the_next_is_read() -> None:
    data = own(GOOD + "x" * 10_000_000 + ",1,2,3\n" + LATER)

    assert keys_and_defects(data)[0::2] == [(2, "1", None), (4, "2", None)]
    assert detail(data, 3).startswith("line 3: longer than 1048576 bytes: 'xxx")


def test_a_line_without_end_is_passed_over_not_held() -> None:
    """A disk image of 4 GB named .csv must not be taken into memory to find that it has no line end."""
    a_hundred_kilobytes = (b"x" * 1_000 for _ in range(100))

    (block,) = blocks(a_hundred_kilobytes, max_line_bytes=5_000)

    assert len(block.data) == 5_001 + 1  # one more than allowed, so that it can be told; and the end it is given


def test_a_record_over_too_many_lines_is_none_and_its_lines_are_judged_alone() -> None:
    data = own('"1\n' + "\n".join(["x"] * 5) + '",2024-05-01T10:00:00Z,61,48600700800\n' + LATER)

    assert keys_and_defects(data) == [(2, "1\nx\nx\nx\nx\nx", None), (8, "2", None)]
    few = read_all(data, "tollbook", limits=Limits(max_record_lines=5))
    assert few.usage["line"].to_list() == [2, 3, 4, 5, 6, 7, 8]
    # Alone, the last of them has four columns and a quote in its first: it is taken at its word.
    assert few.usage["defect"].to_list() == ["unreadable"] * 5 + [None, None]


def test_the_last_line_of_a_finished_file_needs_no_line_end() -> None:
    assert keys_and_defects(own(GOOD + LATER.rstrip())) == [(2, "1", None), (3, "2", None)]
    assert keys_and_defects(own(GOOD + "2,2024-05"))[1][2] == "unreadable"


def test_the_last_line_of_a_growing_file_waits_for_its_end() -> None:
    read = read_all(own(GOOD + LATER.rstrip()), "tollbook", complete=False)

    assert read.usage["record_key"].to_list() == ["1"]
    assert read.unfinished == LATER.rstrip().encode()
    assert read_all(own(GOOD + LATER), "tollbook", complete=False).unfinished is None


def test_a_record_still_open_in_quotes_waits_too() -> None:
    read = read_all(own(GOOD + '"2\nx'), "tollbook", complete=False)

    assert read.usage["record_key"].to_list() == ["1"]
    assert read.unfinished == b'"2\nx'


def test_a_quoted_record_over_the_edge_of_a_block_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbook.connectors.files.text.BLOCK_BYTES", 64)
    monkeypatch.setattr("tollbook.connectors.files.stored.CHUNK_BYTES", 10)
    data = own("".join(f'"{n}\n""x""",2024-05-01T10:00:00Z,61,48600700800\n' for n in range(50)))

    read = read_all(data, "tollbook", batch_rows=7)

    assert read.usage["record_key"].to_list() == [f'{n}\n"x"' for n in range(50)]
    assert read.usage["line"].to_list() == list(range(2, 102, 2))
    assert [batch.usage.height for batch in read.batches] == [7] * 7 + [1]


def test_the_source_is_given_back_as_text_row_for_row() -> None:
    read = read_all(own(GOOD + "scrap\n" + LATER), "tollbook", keep_source=True)

    assert read.source is not None
    assert read.source.rows() == [
        ("1", "2024-05-01T10:00:00Z", "61", "48600700800"),
        (None, None, None, None),
        ("2", "2024-05-01T11:00:00Z", "5", "48600700801"),
    ]


@pytest.mark.parametrize("empty", [b"", b"\n\n", own("")])
def test_an_empty_file_has_no_records(empty: bytes) -> None:
    read = read_all(empty, "tollbook", keep_source=True)

    assert read.usage.height == 0
    assert (read.batches[0].first_line, read.batches[0].last_line) == (0, 0)
