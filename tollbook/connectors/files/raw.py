"""Rows as the file has them: every value a text, every row with its line, what is no record with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import polars as pl

# Beside the file's own columns, under names that no header can have: NUL is never accepted in a line.
LINE = "\0line"  # where the record begins, the first line is 1
REASON = "\0reason"  # why it is no record; null when it is one
TEXT = "\0text"  # the text of what is no record
ROW_FACTS = pl.Schema({LINE: pl.Int64, REASON: pl.String, TEXT: pl.String})


@dataclass(frozen=True, slots=True)
class RawRows:
    """Some rows of the file, in its order."""

    frame: pl.DataFrame  # the columns `names` as text, and ROW_FACTS
    names: list[str]
    fallback_lines: int = 0
    is_last: bool = False
    unfinished: bytes | None = None
    is_tight: bool = False  # every row is a record, and there is no blank in any of them
    lines: pl.Series | None = None  # the rows as they stand in the file, when asked for and all values are plain

    @classmethod
    def joined(cls, parts: Sequence["RawRows"]) -> Self:
        """All rows of the parts; the last part says whether the file has ended."""
        last, full = parts[-1], [part for part in parts if part.frame.height]
        lines = [part.lines for part in full if part.lines is not None]
        return cls(
            frame=pl.concat([part.frame for part in parts]),
            names=last.names,
            fallback_lines=sum(part.fallback_lines for part in parts),
            is_last=last.is_last,
            unfinished=last.unfinished,
            is_tight=all(part.is_tight for part in full),
            lines=pl.concat(lines) if lines and len(lines) == len(full) else None,
        )

    def split(self, rows: int) -> tuple["RawRows", "RawRows"]:
        """The first `rows` rows, and the others."""
        frame, lines = self.frame, self.lines
        return (
            replace(
                self,
                frame=frame.head(rows),
                lines=None if lines is None else lines.head(rows),
                is_last=False,
                unfinished=None,
            ),
            replace(
                self,
                frame=frame.slice(rows),
                lines=None if lines is None else lines.slice(rows),
                fallback_lines=0,
            ),
        )


def good_rows(columns: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
    """Records with their lines, and no reason against them."""
    nothing = pl.lit(None, pl.String)
    return columns.with_columns(lines.alias(LINE), nothing.alias(REASON), nothing.alias(TEXT))


def refused_rows(refused: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    """Rows of (line, reason, text): what is no record."""
    return pl.DataFrame(list(refused), schema=ROW_FACTS, orient="row")


def empty_rows(names: Sequence[str]) -> pl.DataFrame:
    """No rows, with all columns."""
    return pl.DataFrame(schema={**dict.fromkeys(names, pl.String), **ROW_FACTS})
