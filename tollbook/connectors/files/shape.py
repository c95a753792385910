"""What one file turns out to be: its delimiter and the names of its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollbook.connectors.files.layout import FileForm, Layout
from tollbook.connectors.files.record_text import NotARecord, split_record
from tollbook.errors import BadInput

DELIMITERS = (",", ";", "\t", "|")
MAX_NAMED = 40  # columns listed in a message


@dataclass(frozen=True, slots=True)
class Shape:
    """How the lines of this file are split, and what the parts are called."""

    delimiter: str
    quoting: str
    comment: str
    names_by_width: Mapping[int, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """Every column that occurs, in order, once."""
        return list(dict.fromkeys(name for names in self.names_by_width.values() for name in names))

    @property
    def widths(self) -> str:
        """The widths a record may have, for messages."""
        return ", ".join(str(width) for width in sorted(self.names_by_width))


def fixed_shape(layout: Layout) -> Shape:
    """The shape of a file without a header: the layout says all."""
    form = layout.file
    shape = Shape(form.delimiter, form.quoting, form.comment, {len(names): names for names in form.columns})
    check_columns(shape.names, layout, f"layout {layout.name!r}")
    return shape


def shape_from_header(header: str, layout: Layout, where: str) -> Shape:
    """The shape that the header line tells; `where` is file and line, for messages.

    Raises:
        BadInput: a column that the layout needs is missing, or named twice; says which there are.
    """
    form = layout.file
    delimiter = form.delimiter if form.delimiter != "auto" else _sniffed(header, layout)
    names = _split(header, delimiter, form)
    check_columns(names, layout, where)
    doubtful = sorted({name for name in names if names.count(name) > 1 or not name})
    if doubtful:
        what = f"column {doubtful[0]!r} is named twice" if doubtful[0] else "a column has no name"
        raise BadInput(f"{where}: {what}; correct the header")
    return Shape(delimiter, form.quoting, form.comment, {len(names): tuple(names)})


def check_columns(names: Sequence[str], layout: Layout, where: str) -> None:
    """Refuse a file without the columns that the layout reads."""
    there = {name.casefold() for name in names}
    may_lack = {name.casefold() for name in layout.file.optional}
    found = ", ".join(repr(name) for name in names[:MAX_NAMED])
    for column in layout.columns_read:
        if isinstance(column, int):
            if column > len(names):
                raise BadInput(
                    f"{where}: layout {layout.name!r} reads column {column}; there are {len(names)}: {found}"
                )
        elif column.casefold() not in there | may_lack:
            raise BadInput(
                f"{where}: column {column!r} is missing; found {found}. Choose another layout than {layout.name!r}, "
                "or correct the header"
            )
    for group in layout.file.any_of:
        if not there & {name.casefold() for name in group}:
            raise BadInput(f"{where}: one of the columns {', '.join(map(repr, group))} is needed; found {found}")


def _sniffed(header: str, layout: Layout) -> str:
    """The delimiter that shows most of the columns we know; of equals the one that shows most columns."""
    wanted = {str(column).casefold() for column in layout.columns_read}

    def recognised(delimiter: str) -> tuple[int, int]:
        names = _split(header, delimiter, layout.file)
        return sum(name.casefold() in wanted for name in names), len(names)

    return max(DELIMITERS, key=recognised)


def _split(header: str, delimiter: str, form: FileForm) -> list[str]:
    try:
        return [name.strip() for name in split_record(header, delimiter, form.quoting)]
    except NotARecord:
        return [header.strip()]
