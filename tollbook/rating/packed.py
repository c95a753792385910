"""Columns kept small, so that a large price list stays near the processor.

Looking up a million prefixes in random order costs what memory costs: the price list is wide, but most of its
columns have few distinct values.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from tollbook.rating.prefix import Ints

Column = Ints | np.int64

MAX_DISTINCT = 1 << 16


@dataclass(frozen=True, slots=True)
class Packed:
    """A column of 64-bit integers: its distinct values, and which of them each row has."""

    values: Ints | npt.NDArray[np.int32]
    codes: npt.NDArray[np.uint8 | np.uint16] | None  # none when each row has its own value, or all have one

    @classmethod
    def of(cls, column: Ints) -> Self:
        distinct = pl.Series(column).unique().sort().to_numpy()
        if len(distinct) == 1:
            return cls(distinct, None)
        if len(distinct) > MAX_DISTINCT:
            fits = bool((np.abs(column) < 1 << 31).all())
            return cls(column.astype(np.int32) if fits else column, None)
        narrow = np.uint8 if len(distinct) <= 1 << 8 else np.uint16
        return cls(distinct, np.searchsorted(distinct, column).astype(narrow))

    def take(self, rows: Ints) -> Column:
        """The values of these rows; one number where it holds for all."""
        if len(self.values) == 1:
            return np.int64(self.values[0])
        places = rows if self.codes is None else self.codes.take(rows)
        values: Ints = self.values.take(places).astype(np.int64, copy=False)
        return values

    def always(self, value: int) -> bool:
        """Whether all rows have this value."""
        return len(self.values) == 1 and bool(self.values[0] == value)

    @property
    def largest(self) -> int:
        # Distinct values are sorted; a column kept whole is not.
        return int(self.values.max() if self.codes is None else self.values[-1])
