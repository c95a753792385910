"""Delimited text to rows. Lines without surprises are read by Polars at once; every other line is looked at alone.

A line is plain when it is UTF-8 without NUL, not too long, as wide as a record may be, and every quote in it opens or
closes a whole value. Only plain lines reach Polars, so that no guess of its is ever taken for what the file says.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.plain_block import is_utf8, plain_columns, read_values
from tollbook.connectors.files.raw import LINE, empty_rows, good_rows, refused_rows
from tollbook.connectors.files.record_text import NotARecord, split_record
from tollbook.connectors.files.shape import Shape

_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass
class CsvParser:
    """Turns blocks of whole lines into rows, and keeps a record that a block leaves open for the next."""

    shape: Shape
    limits: Limits
    fallback_encoding: str
    next_line: int = 1
    carried: bytes = b""
    fallback_lines: int = field(default=0, init=False)
    was_plain: bool = field(default=False, init=False)  # the last block was read whole: every line is a record

    @property
    def names(self) -> list[str]:
        """The columns of the rows."""
        return self.shape.names

    @property
    def has_commas(self) -> bool:
        """Whether commas stand between values."""
        return self.shape.delimiter == ","

    def parse(self, block: bytes, *, more_may_come: bool) -> pl.DataFrame:
        """The rows of a block. With `more_may_come` a record still open inside quotes is kept in `carried`."""
        data, self.carried = self.carried + block, b""
        if not data:
            return empty_rows(self.shape.names)
        columns = plain_columns(data, self.shape, self.limits)
        self.was_plain = columns is not None
        if columns is not None:
            rows = good_rows(columns, pl.int_range(columns.height, eager=True) + self.next_line)
            self.next_line += rows.height
            return rows
        lines = _Lines(data)
        alone = self._not_plain(lines)
        groups, open_from = self._quoted_groups(lines, alone, more_may_come=more_may_come)
        if open_from is not None:
            cut = int(lines.starts[open_from])
            self.carried, data = data[cut:], data[:cut]
            if not data:
                return empty_rows(self.shape.names)
            lines, alone = _Lines(data), alone[:open_from]
        rows = self._rows(data, lines, alone, groups)
        self.next_line += len(lines.ends)
        return rows

    def _not_plain(self, lines: "_Lines") -> Flags:
        """Lines to look at alone, as far as can be told before they are split."""
        flags: Flags = lines.ends - lines.starts > self.limits.max_line_bytes
        for byte in (0, _RETURN):  # a CR that ends no line is the value's own, and Polars would drop it
            if byte in lines.data:
                flags[lines.of(np.flatnonzero(lines.buffer == byte))] = True
        if self.shape.comment:
            flags |= lines.buffer[lines.starts] == ord(self.shape.comment[0])
        if not is_utf8(lines.data):
            for number in np.unique(lines.of(np.flatnonzero(lines.buffer > 127))):
                flags[number] |= not is_utf8(lines.bytes_of(int(number), int(number)))
        return flags

    def _quoted_groups(
        self, lines: "_Lines", alone: Flags, *, more_may_come: bool
    ) -> tuple[dict[int, int], int | None]:
        """Records over several lines, first line -> last line; and the line from which a record is still open.

        A line with an odd number of quotes opens a record that the next such line may close. Lines of which that
        does not make a record stand alone and are judged alone, so a stray quote costs its own line and no other.
        """
        groups: dict[int, int] = {}
        if self.shape.quoting != "doubled" or b'"' not in lines.data:
            return groups, None
        odd = np.flatnonzero(lines.counts(np.flatnonzero(lines.buffer == _QUOTE)) % 2)
        alone[odd] = True
        after = -1
        for at, first in enumerate(map(int, odd)):
            if first <= after or self._is_too_long(lines, first, first):
                continue
            last = int(odd[at + 1]) if at + 1 < len(odd) else None
            end = len(lines.ends) - 1 if last is None else last
            if self._is_too_long(lines, first, end):
                continue
            if last is None:
                if more_may_come:
                    return groups, first
            elif self._is_record(lines.bytes_of(first, last)):
                groups[first] = after = last
                alone[first : last + 1] = True
        return groups, None

    def _is_too_long(self, lines: "_Lines", first: int, last: int) -> bool:
        size = int(lines.ends[last] - lines.starts[first])
        return last - first >= self.limits.max_record_lines or size > self.limits.max_line_bytes

    def _is_record(self, data: bytes) -> bool:
        try:
            self._split(data)
        except NotARecord:
            return False
        return True

    def _rows(self, data: bytes, lines: "_Lines", alone: Flags, groups: dict[int, int]) -> pl.DataFrame:
        numbers = np.arange(len(lines.ends), dtype=np.int64)
        if alone.any():
            numbers = np.flatnonzero(~alone)
            data = b"".join(lines.bytes_of(int(n), int(n)) + b"\n" for n in numbers)
        parts, odd_ones = self._plain_rows(data, numbers)
        singles = sorted({*map(int, np.flatnonzero(alone)), *odd_ones})
        if singles:
            parts += self._single_rows(lines, singles, groups)
        if not parts:
            return empty_rows(self.shape.names)
        template = empty_rows(self.shape.names)
        if len(parts) == 1 and parts[0].columns == template.columns:
            return parts[0]
        return pl.concat([template, *parts], how="diagonal").sort(LINE)

    def _plain_rows(self, data: bytes, numbers: Places) -> tuple[list[pl.DataFrame], list[int]]:
        """Rows of the plain lines, by width, and the numbers of the lines that turn out not to be plain."""
        if not data:
            return [], []
        if self.shape.quoting == "unescaped":
            return self._unescaped_rows(data, numbers)
        lines = _Lines(data)
        widths, is_broken = lines.widths(self.shape.delimiter, quoted=self.shape.quoting == "doubled")
        is_broken |= ~np.isin(widths, list(self.shape.names_by_width))
        parts = []
        for width in np.unique(widths[~is_broken]):
            chosen = np.flatnonzero((widths == width) & ~is_broken)
            text = data if len(chosen) == len(widths) else lines.picked(chosen)
            columns = read_values(text, self.shape, self.shape.names_by_width[int(width)])
            if columns.height != len(chosen):  # Polars saw other lines than we did: take none of its word
                is_broken[chosen] = True
                continue
            parts.append(good_rows(columns, pl.Series(self.next_line + numbers[chosen])))
        return parts, [int(n) for n in numbers[is_broken]]

    def _unescaped_rows(self, data: bytes, numbers: Places) -> tuple[list[pl.DataFrame], list[int]]:
        """Lines of quoted values whose own quotes are left as they are: cut at quote, delimiter, quote."""
        delimiter = self.shape.delimiter
        text = pl.Series(data.decode().split("\n")[:-1], dtype=pl.String).str.strip_chars(" ")
        gap = f'"{delimiter}"'
        inner = text.str.strip_prefix('"').str.strip_suffix('"')
        values = inner.str.replace_all(f'"{re.escape(delimiter)} +"', gap).str.split(gap)
        is_whole = text.str.starts_with('"') & text.str.ends_with('"') & (text.str.len_bytes() > 1)
        widths = pl.select(pl.when(is_whole).then(values.list.len()).otherwise(0)).to_series().to_numpy()
        is_broken = ~np.isin(widths, list(self.shape.names_by_width))
        parts = []
        for width in np.unique(widths[~is_broken]):
            chosen = np.flatnonzero((widths == width) & ~is_broken)
            names = self.shape.names_by_width[int(width)]
            columns = values.gather(chosen).list.to_struct(fields=list(names)).struct.unnest()
            parts.append(good_rows(columns, pl.Series(self.next_line + numbers[chosen])))
        return parts, [int(n) for n in numbers[is_broken]]

    def _single_rows(self, lines: "_Lines", numbers: list[int], groups: dict[int, int]) -> list[pl.DataFrame]:
        """Rows of lines looked at one by one. Blank lines and comments are none."""
        by_width: dict[int, list[tuple[int, list[str]]]] = {}
        refused = []
        taken = -1
        for number in numbers:
            if number <= taken:
                continue
            taken = groups.get(number, number)
            data = lines.bytes_of(number, taken)
            line = self.next_line + number
            if self._is_no_record(data):
                continue
            try:
                values = self._split(data, count=True)
            except NotARecord as reason:
                refused.append((line, str(reason), data.decode("utf-8", "backslashreplace")))
            else:
                by_width.setdefault(len(values), []).append((line, values))
        parts = [refused_rows(refused)]
        for width, rows in by_width.items():
            columns = pl.DataFrame(
                [values for _, values in rows],
                schema=dict.fromkeys(self.shape.names_by_width[width], pl.String),
                orient="row",
            )
            parts.append(good_rows(columns, pl.Series([line for line, _ in rows], dtype=pl.Int64)))
        return parts

    def _is_no_record(self, data: bytes) -> bool:
        comment = self.shape.comment.encode()
        return not data.strip(b" \t\r") or bool(comment and data.startswith(comment))

    def _split(self, data: bytes, *, count: bool = False) -> list[str]:
        """The values of one record.

        Raises:
            NotARecord: too long, NUL in it, not in the encoding, quotes that do not close, or another width.
        """
        if len(data) > self.limits.max_line_bytes:
            raise NotARecord(f"longer than {self.limits.max_line_bytes} bytes")
        if b"\0" in data:
            raise NotARecord("holds a NUL, or a byte that is not in the file's encoding")
        values = split_record(self._decoded(data, count=count), self.shape.delimiter, self.shape.quoting)
        if len(values) not in self.shape.names_by_width:
            raise NotARecord(f"{len(values)} columns, expected {self.shape.widths}")
        return values

    def _decoded(self, data: bytes, *, count: bool) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            if self.fallback_encoding == "none":
                raise NotARecord("holds bytes that are not UTF-8") from None
        try:
            text = data.decode(self.fallback_encoding)
        except UnicodeDecodeError:
            raise NotARecord(f"holds bytes that are neither UTF-8 nor {self.fallback_encoding}") from None
        self.fallback_lines += count
        return text


class _Lines:
    """Where the lines of a text are. The text ends with a line end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.buffer: Bytes = np.frombuffer(data, np.uint8)
        self.ends: Places = np.flatnonzero(self.buffer == _NEWLINE)
        self.starts: Places = np.concatenate([[0], self.ends[:-1] + 1])

    def bytes_of(self, first: int, last: int) -> bytes:
        """The text of a run of lines, without its last line end."""
        return self.data[int(self.starts[first]) : int(self.ends[last])]

    def picked(self, numbers: Places) -> bytes:
        """The text of some lines."""
        return b"".join(self.bytes_of(int(n), int(n)) + b"\n" for n in numbers)

    def of(self, places: Places) -> Places:
        """The line of each place."""
        return np.searchsorted(self.ends, places)

    def counts(self, places: Places) -> Places:
        """How many of the places are in each line; places rise."""
        return np.diff(np.searchsorted(places, self.ends), prepend=0)

    def widths(self, delimiter: str, *, quoted: bool) -> tuple[Places, Flags]:
        """Values in each line, and whether a quote in it stands where none may. Every line has paired quotes."""
        is_delimiter = self.buffer == ord(delimiter)
        is_broken = np.zeros(len(self.ends), dtype=np.bool_)
        if quoted and b'"' in self.data:
            is_quote = self.buffer == _QUOTE
            # Wraps at 256, which is even: the last bit stays right.
            is_inside = (np.cumsum(is_quote, dtype=np.uint8) & 1).astype(np.bool_)
            is_delimiter &= ~is_inside
            is_broken[self.of(self._misplaced(np.flatnonzero(is_quote), is_inside, ord(delimiter)))] = True
        return self.counts(np.flatnonzero(is_delimiter)) + 1, is_broken

    def _misplaced(self, quotes: Places, is_inside: Flags, delimiter: int) -> Places:
        """Quotes that open a value elsewhere than at its start, or close it elsewhere than at its end."""
        may_stand_beside = np.zeros(256, dtype=np.bool_)
        may_stand_beside[[delimiter, _NEWLINE, _QUOTE]] = True  # a quote beside a quote is a doubled one
        opens = is_inside[quotes]
        before = may_stand_beside[self.buffer[quotes - 1]] | (quotes == 0)
        after = may_stand_beside[self.buffer[quotes + 1]]
        return quotes[~np.where(opens, before, after)]
