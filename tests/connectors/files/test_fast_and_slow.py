"""The fast way and the careful way give the same rows, whatever the text."""

import csv
import io
from itertools import permutations

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import example, given
from polars.testing import assert_frame_equal

from tests.connectors.files.reading import read_all
from tollbook.connectors.files.csv_rows import CsvParser, _Lines
from tollbook.connectors.files.layout_data import layout_from_mapping, load_layout
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.mapping import to_usage
from tollbook.connectors.files.plain_usage import plain_usage
from tollbook.connectors.files.raw import good_rows
from tollbook.connectors.files.shape import Shape

SHAPE = Shape(",", "doubled", "", {2: ("a", "b"), 3: ("a", "b", "c")})
ONE_WIDTH = Shape(",", "doubled", "# ", {2: ("a", "b")})
LIMITS = Limits()
SCRAPS = st.text(alphabet='x",\n\r \0é#', max_size=60)
PLAIN_SCRAPS = st.lists(st.sampled_from(["x,y", "x,", ",", " x,é", "#,y", "x", "x,y,", "", 'x,"y"']), max_size=6)
VALUES = st.text(alphabet='x", é;5#|', max_size=6)


def parsed(text: str, *, alone: bool, shape: Shape = SHAPE, limits: Limits = LIMITS) -> list[tuple[object, ...]]:
    """The rows of a text; `alone` looks at every line by itself."""
    parser = CsvParser(shape, limits, "windows-1252")
    with pytest.MonkeyPatch.context() as patch:
        if alone:
            plain_only = parser._not_plain

            def everything(lines: _Lines) -> object:
                return plain_only(lines) | True

            patch.setattr(parser, "_not_plain", everything)
            patch.setattr("tollbook.connectors.files.csv_rows.plain_columns", lambda *_: None)
        return parser.parse((text + "\n").encode(), more_may_come=False).rows()


@given(SCRAPS)
@example('a,"b\nc",d')
@example('"a,b\nc,d\n"e",f')
@example('"",x\n,\n"a""",b')
@example('a" b",c\n"a"" b",c')
def test_lines_read_at_once_are_read_as_lines_looked_at_alone(text: str) -> None:
    assert parsed(text, alone=False) == parsed(text, alone=True)


@given(PLAIN_SCRAPS)
@example(["x,y,", "x"])  # as many delimiters as two good lines
@example(["#,y", "x,#"])
def test_blocks_read_at_once_are_read_as_lines_looked_at_alone(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert parsed(text, alone=False, shape=ONE_WIDTH) == parsed(text, alone=True, shape=ONE_WIDTH)


def test_a_line_too_long_is_found_wherever_it_begins() -> None:
    limits = Limits(max_line_bytes=5)
    for lines in permutations(["x,y", "x,yyy", "x,yyyy", "xx,y"]):
        text = "\n".join(lines)
        rows = parsed(text, alone=False, shape=ONE_WIDTH, limits=limits)
        assert rows == parsed(text, alone=True, shape=ONE_WIDTH, limits=limits)
        assert len([row for row in rows if row[0] is None]) == 1


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=20))
def test_what_python_writes_as_csv_is_read_back(records: list[tuple[str, str, str]]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(records)

    rows = CsvParser(SHAPE, Limits(), "none").parse(
        written.getvalue().replace("\r\n", "\n").encode(), more_may_come=False
    )

    assert rows.select("a", "b", "c").rows() == records


LAYOUT = layout_from_mapping(
    {
        "file": {"header": False, "delimiter": ",", "columns": "start cld s"},
        "start": {"column": "start", "formats": ["epoch_s"]},
        "duration": {"column": "s"},
        "cld": "cld",
    }
)


@pytest.mark.req("X7")
@given(
    st.lists(
        st.sampled_from(["1714557600,1,5", '1714557600,"2\n",5', "1714557601,1,x", '17,"', "", "1714557600,1,5"])
    ),
    st.integers(1, 5),
    st.integers(1, 40),
)
def test_where_a_file_is_cut_into_batches_and_blocks_changes_nothing(
    lines: list[str], rows: int, size: int
) -> None:
    data = ("1714557600,1,5\n" + "\n".join(lines)).encode()
    whole = read_all(data, LAYOUT).usage

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tollbook.connectors.files.text.BLOCK_BYTES", size)
        patch.setattr("tollbook.connectors.files.stored.CHUNK_BYTES", max(1, size // 2))
        pieces = read_all(data, LAYOUT, batch_rows=rows)

    assert pieces.usage.equals(whole)
    assert all(batch.usage.height == rows for batch in pieces.batches[:-1])
    assert pl.Series([batch.usage.height for batch in pieces.batches]).sum() == whole.height


OWN_LAYOUT = load_layout("tollbook")
RECORDS = st.fixed_dictionaries(
    {
        "start": st.sampled_from(["2026-01-31T23:59:59Z"] * 9 + ["2026-02-30T00:00:00Z", "1985-01-01T00:00:00Z"]),
        "duration_s": st.sampled_from(["0", "61", "00061", "+61"] * 4 + ["", "-1", "61.5", "1:01", "99999999"]),
        "cli": st.sampled_from(["48220012078", "", "x" * 1_000, "x" * 1_001]),
        "cld": st.sampled_from(["48220012078", "", "+48220012078"]),
        "answered": st.sampled_from(["yes", "no", "YES", "", "0"] * 3 + ["perhaps"]),
    }
)


@given(st.lists(RECORDS, min_size=1, max_size=4), st.sets(st.sampled_from(["cli", "answered"])))
@example(
    [{"start": "2026-01-31T23:59:59Z", "duration_s": "61", "cli": "4822", "cld": "44", "answered": "no"}], set()
)
def test_records_read_at_once_say_what_they_say_read_with_care(
    records: list[dict[str, str]], left_out: set[str]
) -> None:
    columns = pl.DataFrame(records).drop(left_out)
    rows = good_rows(columns, pl.int_range(columns.height, eager=True))

    at_once = plain_usage(rows, OWN_LAYOUT, columns.columns)

    if at_once is not None:
        usage, written = to_usage(rows, OWN_LAYOUT, columns.columns)
        assert_frame_equal(at_once[0], usage)
        assert at_once[1].equals(written)
    else:
        has_defect = to_usage(rows, OWN_LAYOUT, columns.columns)[0]["defect"].is_not_null().any()
        assert has_defect or not columns["duration_s"].str.contains("^[0-9]+$").all()
