"""Longest prefix by break points.

A number is read as the digits of a fraction: filled up with zeros to 18 digits it becomes one integer, its key,
and a prefix becomes a range of keys. Ranges of prefixes lie inside each other or apart, so the line of all keys
falls into pieces that each have one longest prefix. Finding it is one bisection, however many prefixes there are.

Zeros filled in look like zeros dialled: 4930 has the key of 493000. So a number has its length beside its key, and a
prefix longer than that is no prefix of it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int32]  # kept in half the space: no price list has 2^31 rows

MAX_DIGITS = 18  # the longest number whose key fits 64 bits; E.164 itself ends at 15
NO_NUMBER = 0  # the key of a record without a number: only the empty prefix covers it
END_OF_NUMBERS = 10**MAX_DIGITS + 1
MAX_INDEX_DIGITS = 6  # a million buckets, 4 MB per tariff and kind

# What a number of so many digits is multiplied with; nothing for one too long.
_SHIFTS = pl.Series([10 ** (MAX_DIGITS - length) for length in range(MAX_DIGITS + 1)] + [None], dtype=pl.Int64)
_WIDTHS = np.array([10 ** (MAX_DIGITS - length) for length in range(MAX_DIGITS + 1)], dtype=np.int64)

# Bisection steps this wide are made only for the keys whose bucket is that crowded.
_CROWDED = 4


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers. What is no number is NO_NUMBER with 0 digits."""

    key: Ints
    digits: Ints

    def __getitem__(self, some: Ints) -> Self:
        return type(self)(self.key[some], self.digits[some])


def number_key(column: str) -> pl.Expr:
    """The key of a column of numbers; null where it is not 1 to 18 plain digits."""
    number = pl.col(column)
    shift = pl.lit(_SHIFTS).gather(number.str.len_bytes().clip(upper_bound=MAX_DIGITS + 1))
    # A cast alone would read a sign as part of the number; signs sort before the digits.
    return pl.when(number >= "0").then(number.cast(pl.Int64, strict=False) * shift + 1)


def prefix_start(column: str) -> pl.Expr:
    """The first key a column of prefixes covers; null where a prefix is not digits."""
    return pl.when(pl.col(column) == "").then(NO_NUMBER).otherwise(number_key(column))


@dataclass(frozen=True, slots=True)
class Layout:
    """The line of keys cut into pieces: piece i begins at `starts[i]` and belongs to prefix `owner[i]`."""

    starts: Ints
    owner: Ints  # position of the longest prefix, or -1
    parent: Ints  # of each prefix: position of the next shorter one that covers it, or -1


def lay_out(first: Ints, length: Ints) -> Layout:
    """Pieces of distinct prefixes, given by the first key they cover and their number of digits."""
    end = np.where(length == 0, END_OF_NUMBERS, first + _WIDTHS[length])
    starts = np.unique(np.concatenate([[NO_NUMBER], first, end]))
    owner = np.full(len(starts), -1)
    parent = np.full(len(first), -1)
    for digits in np.unique(length):  # the short ones first: longer ones write over them
        members = np.flatnonzero(length == digits)
        members = members[np.argsort(first[members])]
        parent[members] = owner[np.searchsorted(starts, first[members])]
        place = np.searchsorted(first[members], starts, "right") - 1
        covered = (place >= 0) & (starts < end[members][place])
        owner[covered] = members[place[covered]]
    begins = np.append(True, owner[1:] != owner[:-1])
    return Layout(starts[begins], owner[begins], parent)


def bisect(starts: Ints, keys: Ints, low: Ints, high: Ints) -> Ints:
    """The last position in [low, high] of each key whose start is not above it.

    `starts[low]` must not be above the key. All keys step together, with their own bounds.
    """
    widest = int((high - low).max(initial=0))
    step = 1 << widest.bit_length() >> 1
    while step:
        if step >= _CROWDED:
            some = np.flatnonzero(high - low >= step)
            probe = low[some] + step
            low[some] = np.where(starts.take(probe) <= keys[some], probe, low[some])
        else:
            # Cutting at `high` cannot pass the answer over: whatever lies at `high` is still in the range.
            probe = np.minimum(low + step, high)
            low = np.where(starts.take(probe) <= keys, probe, low)
        step >>= 1
    return low


@dataclass(frozen=True, slots=True)
class BreakPoints:
    """Sorted starts with an index over the first digits, so that few steps of bisection are left."""

    starts: Ints
    index: Positions  # position of the piece in which each bucket begins
    bucket_width: int

    @classmethod
    def over(cls, starts: Ints) -> Self:
        # About eight buckets per start, so that small lists stay in the nearest cache.
        digits = min(len(str(len(starts))), MAX_INDEX_DIGITS)
        bucket_width = 10 ** (MAX_DIGITS - digits)
        edges = np.arange(10**digits + 2) * bucket_width
        index = np.searchsorted(starts, edges, "right") - 1
        return cls(starts, index.astype(np.int32), bucket_width)

    def position(self, keys: Ints) -> Ints:
        """The piece in which each key lies."""
        bucket = keys // self.bucket_width
        low = self.index.take(bucket).astype(np.int64)
        high = self.index.take(bucket + 1).astype(np.int64)
        return bisect(self.starts, keys, low, high)
