"""Groups of destinations: whether a number begins with one of many prefixes, by the pieces that rates are found by."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from tollbook.rating.prefix import NO_NUMBER, BreakPoints, Flags, Numbers, lay_out, number_key, prefix_start


def numbers_of(column: pl.Series) -> Numbers:
    """A column of numbers as they are looked up; what is no number is begun by the empty prefix alone."""
    found = column.to_frame("number").select(
        key=number_key("number").fill_null(NO_NUMBER),
        digits=pl.when(number_key("number").is_not_null()).then(pl.col("number").str.len_bytes()).fill_null(0),
    )
    return Numbers(found["key"].to_numpy(), found["digits"].cast(pl.Int64).to_numpy())


def in_group(numbers: Numbers, prefixes: Sequence[str]) -> Flags:
    """Which numbers begin with one of these prefixes. Prefixes are up to 18 digits; the empty one is any number."""
    shortest = _without_longer_ones(prefixes)
    if not shortest:
        return np.zeros(len(numbers.key), dtype=bool)
    first = pl.DataFrame({"prefix": shortest}).select(prefix_start("prefix")).to_series().to_numpy()
    length = np.array([len(prefix) for prefix in shortest])
    layout = lay_out(first, length)
    owner = layout.owner[BreakPoints.over(layout.starts).position(numbers.key)]
    begins: Flags = (owner >= 0) & (length[owner] <= numbers.digits)
    return begins


def _without_longer_ones(prefixes: Sequence[str]) -> list[str]:
    """The prefixes that no other one begins: these decide. Sorted, a longer one follows the one that begins it."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept
