"""How a file turns out to be written: its delimiter, and whether its first line names the columns."""

from dataclasses import replace

from tollbook.connectors.base import Site
from tollbook.connectors.files.layout import Column, Condition, FileForm, Identity, KindRule, Layout
from tollbook.connectors.files.record_text import NotARecord, split_record
from tollbook.connectors.files.shape import DELIMITERS, shape_from_header
from tollbook.connectors.lesnet.options import DELIMITERS as DELIMITER_NAMES
from tollbook.connectors.lesnet.options import text
from tollbook.errors import BadInput

LINES_LOOKED_AT = 20
SHOWN_CHARACTERS = 80


def settled(layout: Layout, site: Site, *, delimiter: str, header: str) -> Layout:
    """The layout with what is said of delimiter, header and direction, and a call's identity made of the call alone.

    Raises:
        BadInput: that makes no sense with the layout.
    """
    form = layout.file
    if delimiter != "auto":
        form = replace(form, delimiter=DELIMITER_NAMES[delimiter])
    if header != "auto":
        # Who says that the first line names the columns does not want them taken from the layout.
        form = replace(form, header=header == "yes", columns=() if header == "yes" else form.columns)
    if not form.header and not form.columns:
        raise BadInput(
            f"{site.name}: setting header is {header!r} and layout {layout.name!r} names no columns for that; "
            "name them in its [file] columns, or set header to auto"
        )
    rules = (*_incoming(layout, site), *layout.kind.rules)
    return replace(layout, file=form, kind=replace(layout.kind, rules=rules), identity=_identity(layout))


def seen_in(lines: list[str], layout: Layout, where: str) -> Layout:
    """The layout with what it leaves open as these lines, the first of a file, have it.

    Raises:
        BadInput: they are not written so at all; says how they begin.
    """
    form = layout.file
    lines = [line for line in lines if line.strip()][:LINES_LOOKED_AT]
    if not lines or form.format != "csv" or form.skip_lines or form.comment:
        return layout
    if form.header:
        try:
            found = shape_from_header(lines[0], layout, where)
            return replace(layout, file=replace(form, delimiter=found.delimiter))
        except BadInput as error:
            if not form.columns:
                raise _strange(lines, where, str(error).partition(": ")[2]) from None
    widths = {len(names) for names in form.columns}
    wanted = DELIMITERS if form.delimiter == "auto" else (form.delimiter,)
    fitting = {one: sum(_width(line, one, form) in widths for line in lines) for one in wanted}
    best = max(fitting, key=lambda one: fitting[one])
    if not fitting[best]:
        columns = " or ".join(str(width) for width in sorted(widths))
        raise _strange(lines, where, f"no line has {columns} columns, and the first names none")
    return replace(layout, file=replace(form, header=False, delimiter=best))


def in_words(layout: Layout) -> str:
    """How files of this layout are taken to be written."""
    form = layout.file
    between = next(
        (name for name, sign in DELIMITER_NAMES.items() if sign == form.delimiter), repr(form.delimiter)
    )
    head = "the first line names the columns" if form.header else "no line names the columns"
    return f"layout {layout.name}, {between} between columns, {head}, times of {layout.start.zone}"


def _incoming(layout: Layout, site: Site) -> list[KindRule]:
    """Rules for the numbers whose calls came in."""
    numbers = text(site, "incoming_to").replace(",", " ").split()
    destination = layout.texts["cld"].column if "cld" in layout.texts else None
    if not numbers:
        return []
    if destination is None:
        raise BadInput(f"{site.name}: setting incoming_to: layout {layout.name!r} has no cld to compare; clear it")
    return [
        KindRule(kind="voice_in", when=(Condition(column=destination, matches=_pattern(one, site)),))
        for one in numbers
    ]


def _pattern(number: str, site: Site) -> str:
    digits = number.removesuffix("*").removeprefix("+")
    if not digits or set(digits.lower()) - set("0123456789x"):
        raise BadInput(f"{site.name}: setting incoming_to: {number!r}; write digits, x for any, as 1204666xxxx")
    end = "" if number.endswith("*") else r"\s*$"
    return rf"^\s*\+?{digits.lower().replace('x', '[0-9]')}{end}"


def _identity(layout: Layout) -> Identity:
    """Who called whom, when, for how long, over which peer: prices in the line may change while a call does not."""
    identity = layout.identity
    if identity.column is not None or identity.content:
        return identity
    texts = [layout.texts[name].column for name in ("trunk", "account", "cli", "cld") if name in layout.texts]
    columns: list[Column | None] = [*texts, *layout.start.columns, layout.duration.column]
    return replace(identity, content=tuple(column for column in columns if column is not None))


def _width(line: str, delimiter: str, form: FileForm) -> int:
    try:
        return len(split_record(line, delimiter, form.quoting))
    except NotARecord:
        return 0


def _strange(lines: list[str], where: str, why: str) -> BadInput:
    return BadInput(f"{where} begins {lines[0][:SHOWN_CHARACTERS]!r}: {why}")
