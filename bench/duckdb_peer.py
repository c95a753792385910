"""DuckDB pricing the same calls in SQL: by an ASOF join over our break points, or by a join per prefix length.

What favours DuckDB is given to it: calls and prices are in its own tables, row order may be lost, outcome and
reason come back as one small number each instead of text.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from tollbook.rating.prefix import MAX_DIGITS, lay_out, prefix_start

_ALWAYS_WAS, _OPEN_END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

# The order of the engine's answers; a place in this list is the number that comes back.
ANSWERS = (
    ("charged", None),
    ("free", "unanswered"),
    ("set_aside", "no_rate"),
    ("set_aside", "forbidden_destination"),
    ("free", "grace"),
)

Columns = Mapping[str, npt.NDArray[np.int64]]
Totals = dict[tuple[str, str | None], tuple[int, ...]]

_SHIFTS = "[" + ", ".join(str(10 ** (MAX_DIGITS - length)) for length in range(MAX_DIGITS + 1)) + "]"
_CALLS = f"""
    SELECT start, answered, cld::BIGINT * {_SHIFTS}[length(cld) + 1] + 1 AS key,
           (duration_us + 999999) // 1000000 AS seconds
      FROM calls
"""

_ASOF = f"""
    SELECT c.*, p.prefix_id FROM ({_CALLS}) AS c ASOF JOIN pieces AS p ON c.key >= p.begins
"""

# 60 sixtieths of a nano-unit are one; 4 decimals are steps of 100,000 nano-units; half up.
_PRICED = """
    SELECT answer, CASE WHEN answer <> 1 THEN line END AS line,
           CASE answer WHEN 0 THEN billed WHEN 1 THEN 0 WHEN 4 THEN 0 END AS billed,
           CASE answer WHEN 0 THEN (exact + 3000000) // 6000000 * 100000 WHEN 1 THEN 0 WHEN 4 THEN 0 END
               AS price_nanos
      FROM (
        SELECT *, 60 * connect_fee_nanos + first_increment * first_per_min_nanos
                  + (billed - first_increment) * next_per_min_nanos AS exact
          FROM (
            SELECT r.*,
                   r.first_increment + (greatest(m.seconds - r.first_increment, 0) + r.next_increment - 1)
                       // r.next_increment * r.next_increment AS billed,
                   CASE WHEN NOT m.answered OR m.seconds = 0 THEN 1 WHEN r.line IS NULL THEN 2
                        WHEN r.is_forbidden THEN 3 WHEN m.seconds <= r.grace_period_s THEN 4 ELSE 0 END::UTINYINT
                       AS answer
              FROM ({matched}) AS m
              LEFT JOIN rates AS r
                ON r.prefix_id = m.prefix_id AND r.active_from <= m.start AND m.start < r.active_until))
"""


class DuckDB:
    """A database in memory with the calls and prices in it."""

    def __init__(self, calls: pl.DataFrame, rates: pl.DataFrame, folder: Path) -> None:
        self._connection = duckdb.connect(
            config={"threads": os.cpu_count() or 1, "preserve_insertion_order": False}
        )
        prefixes = _prefixes(rates)
        layout = lay_out(prefixes["first"].to_numpy(), prefixes["digits"].to_numpy())
        self._lengths: list[int] = sorted(prefixes["digits"].unique(), reverse=True)
        self._take("calls", calls.select("start", "answered", "duration_us", "cld"), folder)
        self._take("pieces", pl.DataFrame({"begins": layout.starts, "prefix_id": layout.owner}), folder)
        self._take("prefixes", prefixes, folder)
        self._take("rates", _rates(rates, prefixes), folder)

    def _take(self, name: str, frame: pl.DataFrame, folder: Path) -> None:
        path = folder / f"{name}.parquet"
        frame.write_parquet(path)
        self._connection.execute(f"CREATE TABLE {name} AS FROM read_parquet(?)", [str(path)])
        path.unlink()

    def by_asof(self) -> Columns:
        """Answer, price list line, billed seconds and price of each call."""
        return self._priced(_ASOF)

    def by_length(self) -> Columns:
        """The same, asking each length of prefixes."""
        found = ", ".join(f"p{length}.prefix_id" for length in self._lengths)
        joins = " ".join(
            f"LEFT JOIN (SELECT number, prefix_id FROM prefixes WHERE digits = {length}) AS p{length}"
            f" ON p{length}.number = c.key // {10 ** (MAX_DIGITS - length)}"
            for length in self._lengths
        )
        return self._priced(f"SELECT c.*, coalesce({found}) AS prefix_id FROM ({_CALLS}) AS c {joins}")

    def _priced(self, matched: str) -> Columns:
        columns: Columns = self._connection.execute(_PRICED.format(matched=matched)).fetchnumpy()
        return columns


def totals(columns: Columns) -> Totals:
    """By outcome and reason: how many, and the sums of price list lines, billed seconds and prices."""
    return {
        answer: (
            int(chosen.sum()),
            *(int(np.ma.filled(columns[name], 0)[chosen].sum()) for name in ("line", "billed", "price_nanos")),
        )
        for code, answer in enumerate(ANSWERS)
        if (chosen := columns["answer"] == code).any()
    }


def _prefixes(rates: pl.DataFrame) -> pl.DataFrame:
    return rates.select(pl.col("prefix").unique(maintain_order=True)).select(
        "prefix",
        first=prefix_start("prefix"),
        digits=pl.col("prefix").str.len_bytes().cast(pl.Int64),
        number=pl.col("prefix").cast(pl.Int64),
        prefix_id=pl.int_range(pl.len()),
    )


def _rates(rates: pl.DataFrame, prefixes: pl.DataFrame) -> pl.DataFrame:
    return rates.join(prefixes.select("prefix", "prefix_id"), on="prefix").with_columns(
        pl.col("active_from").fill_null(_ALWAYS_WAS), pl.col("active_until").fill_null(_OPEN_END)
    )
