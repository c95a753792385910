"""Where batches end."""

import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.jobs.import_usage import growing


def pieces(*rows: int) -> list[UsageBatch]:
    return [
        UsageBatch(
            usage=pl.DataFrame({"line": range(count)}),
            bytes_read=0,
            is_last=place == len(rows) - 1,
        )
        for place, count in enumerate(rows)
    ]


def sizes(*rows: int, most: int) -> list[int]:
    batches = growing(iter(pieces(*rows)), rows[0], most)
    return [sum(len(piece.usage) for piece in batch) for batch in batches]


def test_batches_double_until_they_are_as_large_as_allowed() -> None:
    assert sizes(*[250] * 11, 100, most=1000) == [250, 500, 1000, 1000, 100]


def test_a_batch_that_may_not_grow_is_a_piece() -> None:
    assert sizes(500, 500, 20, most=500) == [500, 500, 20]


def test_an_empty_file_is_one_empty_batch() -> None:
    assert sizes(0, most=1000) == [0]
