"""Tables go into PostgreSQL and come back the same."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from django.db import connection
from polars.testing import assert_frame_equal

from tollbook.database import allocate_ids, copy_in, copy_out
from tollbook.errors import BadInput
from tollbook.records import table

pytestmark = pytest.mark.django_db

SCHEMA = table(
    {
        "n": pl.Int64,
        "words": pl.String,
        "at": pl.Datetime("us", "UTC"),
        "day": pl.Date,
        "yes": pl.Boolean,
    }
)


@pytest.fixture
def things() -> str:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE things (n bigint, words text, at timestamptz, day date, yes boolean)")
    return "things"


def test_what_is_copied_in_comes_out_the_same(things: str) -> None:
    frame = pl.DataFrame(
        {
            "n": [1, None, -(2**63)],
            "words": ["", None, 'a "quoted", comma\nand line'],
            "at": [datetime(2017, 6, 30, 22, 0, 0, 1, UTC), None, datetime(1990, 1, 1, tzinfo=UTC)],
            "day": [date(2017, 6, 30), None, date(1969, 12, 31)],
            "yes": [True, None, False],
        },
        schema=SCHEMA,
    )

    copy_in(things, frame)

    assert_frame_equal(copy_out("SELECT * FROM things", SCHEMA), frame)


def test_an_empty_answer_has_the_columns_asked_for(things: str) -> None:
    assert_frame_equal(copy_out(f"SELECT * FROM {things} WHERE n > %s", SCHEMA, (0,)), pl.DataFrame(schema=SCHEMA))


def test_a_nul_byte_is_refused_by_name(things: str) -> None:
    with pytest.raises(BadInput, match="things holds a NUL byte"):
        copy_in(things, pl.DataFrame({"words": ["a\0b"]}))


def test_blocks_of_ids_do_not_overlap() -> None:
    first = allocate_ids("usage_record_id", 3)

    assert allocate_ids("usage_record_id", 1) == first + 3
    assert allocate_ids("usage_record_id", 250_000) == first + 4
    assert allocate_ids("usage_record_id", 1) == first + 250_004
