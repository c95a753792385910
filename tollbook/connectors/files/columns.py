"""From the column a layout names to the column a file has."""

from collections.abc import Callable, Sequence

import polars as pl

from tollbook.connectors.files.layout import Column


def found_column(column: Column | None, names: Sequence[str]) -> str | None:
    """The file's name of a column given by name (in any case) or position; None when the file does not have it."""
    if column is None:
        return None
    if isinstance(column, int):
        return names[column - 1] if column <= len(names) else None
    return next((name for name in names if name.casefold() == column.casefold()), None)


def text_of(column: Column | None, names: Sequence[str]) -> pl.Expr | None:
    """The stripped text of a column, empty where there is none; None when the file does not have the column."""
    found = found_column(column, names)
    return None if found is None else pl.col(found).str.strip_chars().fill_null("")


def each_value_once(texts: pl.Series, meaning: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """What every text means, worked out once for each different one: columns of few words are that much faster."""
    words = texts.unique()
    meanings = words.to_frame("word").select(meaning(pl.col("word"))).to_series()
    if len(words) == 1:
        return meanings.new_from_index(0, len(texts))
    if len(words) == 2:  # yes and no: comparing is many times as fast as looking up
        return meanings.gather((texts == words[1]).cast(pl.UInt32))
    return texts.replace_strict(words, meanings, return_dtype=meanings.dtype)
