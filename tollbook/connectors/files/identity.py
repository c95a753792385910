"""What makes a record the same one again: the platform's id, or the record's content and its place among equals.

Keys begin with the day as the file writes it, so that new keys come after old ones and a large table of them stays
fast. The content is hashed by BLAKE2b, which gives the same result for ever.
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from tollbook.connectors.files.columns import found_column
from tollbook.connectors.files.layout import Identity
from tollbook.connectors.files.raw import REASON, TEXT

HASH_BYTES = 16
MAX_ID_CHARS = 200  # a longer id is no id; the content says what the record is
_BETWEEN = "\x1f"
_LARGEST_MERGED = 2_000_000  # merging larger runs would take more memory than looking into several


class Identifier:
    """Gives keys to the records of one file, in their order."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._seen = _Tally()

    def keys(self, rows: pl.DataFrame, days: pl.Series, names: Sequence[str]) -> pl.Series:
        """`id` (or `yymmdd:id`) where the platform's id is known, else `yymmdd:hash:ordinal`.

        The ordinal counts records of equal content in this file, from 1: two lines that say the same are two calls.
        """
        column = found_column(self._identity.column, names)
        if column is None:
            return self._content_keys(rows, days, names)
        ids = rows[column].str.strip_chars()
        has_id = ((ids.str.len_chars() > 0) & (ids.str.len_chars() <= MAX_ID_CHARS)).fill_null(value=False)
        keys = days + ":" + ids if self._identity.with_day else ids
        without = (~has_id).arg_true()
        if not len(without):
            return keys
        return keys.scatter(without, self._content_keys(rows[without], days.gather(without), names))

    def _content_keys(self, rows: pl.DataFrame, days: pl.Series, names: Sequence[str]) -> pl.Series:
        columns = [found_column(c, names) for c in self._identity.content] or list(names)
        content = pl.concat_str(columns, separator=_BETWEEN, ignore_nulls=True)
        what_is_no_record = pl.concat_str(pl.lit("\0"), TEXT)
        texts = rows.select(
            pl.when(pl.col(REASON).is_null()).then(content).otherwise(what_is_no_record)
        ).to_series()
        contents = texts.cast(pl.Binary).to_list()
        digests = b"".join([blake2b(content, digest_size=HASH_BYTES).digest() for content in contents])
        ordinals = self._seen.ordinals(np.frombuffer(digests, dtype=">u8")[::2].astype(np.uint64))
        hashes = pl.Series(
            [digests[at : at + HASH_BYTES] for at in range(0, len(digests), HASH_BYTES)], dtype=pl.Binary
        )
        return days + ":" + hashes.bin.encode("hex") + ":" + pl.Series(ordinals).cast(pl.String)


class _Tally:
    """How often each hash has come, for tens of millions of them: 12 bytes each, in sorted runs of growing size.

    Half of the hash is kept. Two different contents that share it by chance (in 20 million: one chance in 100,000)
    would only make an ordinal one higher; their keys still differ by the other half.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]] = []

    def ordinals(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """The how-manieth each one is, these counted in their order."""
        if not len(hashes):
            return np.empty(0, dtype=np.int64)
        order = np.argsort(hashes, kind="stable")
        sorted_hashes = hashes[order]
        values, starts, counts = np.unique(sorted_hashes, return_index=True, return_counts=True)
        before = self._counts_of(values)
        rank = np.arange(len(hashes)) - np.repeat(starts, counts)
        ordinals = np.empty(len(hashes), dtype=np.int64)
        ordinals[order] = np.repeat(before, counts) + rank + 1
        self._add(values, counts.astype(np.uint32))
        return ordinals

    def _counts_of(self, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        total = np.zeros(len(values), dtype=np.int64)
        for known, counts in self._runs:
            at = np.minimum(np.searchsorted(known, values), len(known) - 1)
            total += np.where(known[at] == values, counts[at], 0)
        return total

    def _add(self, values: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint32]) -> None:
        self._runs.append((values, counts))
        while len(self._runs) > 1 and len(self._runs[-2][0]) <= min(2 * len(self._runs[-1][0]), _LARGEST_MERGED):
            (some, some_counts), (others, other_counts) = self._runs.pop(), self._runs.pop()
            both = np.concatenate([some, others])
            order = np.argsort(both, kind="stable")
            merged, starts = np.unique(both[order], return_index=True)
            sums = np.add.reduceat(np.concatenate([some_counts, other_counts])[order], starts)
            self._runs.append((merged, sums.astype(np.uint32)))
