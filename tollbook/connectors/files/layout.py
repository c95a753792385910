"""A layout: how a file of calls is written and what its columns mean. Data, not code: see `layout_data.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from tollbook.errors import BadInput

TEXTS = ("cli", "cld", "account", "tenant", "trunk", "display")
TIME_UNITS_US = {"s": 1_000_000, "ms": 1_000, "us": 1, "min": 60_000_000, "hh:mm:ss": 1_000_000}
AMOUNT_UNITS = {
    "message": 1,
    "byte": 1,
    "kB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
Column = str | int  # a name as in the header, or a position; the first column is 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """How the file is written."""

    format: str = "csv"  # csv, jsonl, parquet; auto = seen from the first bytes
    delimiter: str = "auto"  # one character; auto = the one of , ; tab | that makes sense of the header
    # doubled: a quote inside quotes is written twice. unescaped: every value is quoted and quotes inside are left
    # as they are, so values are told apart by quote, delimiter, quote. none: quotes mean nothing
    quoting: str = "doubled"
    header: bool = True  # the first line names the columns
    columns: tuple[tuple[str, ...], ...] = ()  # without a header: the names, one tuple for every width that occurs
    optional: frozenset[str] = frozenset()  # columns that may be missing from the header
    any_of: tuple[tuple[str, ...], ...] = ()  # of each group at least one column must be there
    encoding: str = "utf-8"  # a byte order mark in the file wins
    fallback_encoding: str = "windows-1252"  # for lines that are not UTF-8; none = set them aside
    compression: str = "auto"  # auto, none, gz, zip, zst
    comment: str = ""  # lines that begin so are no records; empty = there are none
    skip_lines: int = 0  # before the header or first record


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A text of the record."""

    column: Column | None = None
    incoming: Column | None = None  # the column instead, for incoming kinds
    value: str | None = None  # when there is no column, or nothing in it
    extract: str | None = None  # regular expression: its first group is taken, nothing when it does not match


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeField:
    """The start of the call."""

    columns: tuple[Column, ...] = ("start",)  # several are joined by a blank: date and time apart
    otherwise: Column | None = None  # the column instead, where nothing is in those
    # tried in order: iso, epoch_s, epoch_ms, epoch_us, or a pattern as of strftime
    formats: tuple[str, ...] = ("iso",)
    zone: str = "UTC"  # of times that do not say theirs
    ambiguous: str = "earliest"  # the hour that autumn repeats: earliest, latest, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountField:
    """A duration or a quantity."""

    column: Column | None = None
    value: str | None = None  # when there is no column, or nothing in it
    unit: str | None = None  # one of TIME_UNITS_US or AMOUNT_UNITS
    unit_column: Column | None = None
    decimal_comma: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredField:
    """Whether it was answered. Without a column: a call longer than nothing, and every message."""

    column: Column | None = None
    yes: frozenset[str] = frozenset()  # of the column, in any case, that mean answered
    no: frozenset[str] | None = (
        None  # those that mean not; a value in neither sets the record aside. None: all others
    )
    filled: bool = False  # answered when anything is in the column


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a column must hold. Everything given must be true."""

    column: Column
    one_of: frozenset[str] | None = None  # in any case
    prefix: str | None = None
    matches: str | None = None  # regular expression, anywhere in the value


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """A kind, given when every condition holds."""

    kind: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindField:
    """The usage kind: the first rule that holds, else the column, else the value."""

    rules: tuple[KindRule, ...] = ()
    column: Column | None = None
    names: Mapping[str, str] = field(default_factory=dict)  # the file's words, in lower case -> our kinds
    value: str = "voice_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What makes a record the same one again.

    A column only when the platform never gives its value twice. Else the content of the columns named, of all when
    none is.
    """

    column: Column | None = None
    with_day: bool = False  # the day goes before the id: for random ids, so that keys still grow with time
    content: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything needed to read one kind of file."""

    name: str
    description: str = ""
    file: FileForm = FileForm()
    start: TimeField = TimeField()
    duration: AmountField = AmountField()
    quantity: AmountField = AmountField()
    answered: AnsweredField = AnsweredField()
    kind: KindField = KindField()
    texts: Mapping[str, TextField] = field(default_factory=dict)  # keys from TEXTS
    identity: Identity = Identity()

    @property
    def key_is_platform_id(self) -> bool:
        """Whether `record_key` is the platform's own id wherever the record has one."""
        return self.identity.column is not None

    @property
    def columns_read(self) -> list[Column]:
        """Every column of the file that means something here, once, in the order of the layout."""
        columns: list[Column | None] = [*self.start.columns, self.start.otherwise]
        for amount in (self.duration, self.quantity):
            columns += [amount.column, amount.unit_column]
        columns += [self.answered.column, self.kind.column]
        columns += [condition.column for rule in self.kind.rules for condition in rule.when]
        for text in self.texts.values():
            columns += [text.column, text.incoming]
        columns += [self.identity.column, *self.identity.content]
        return list(dict.fromkeys(c for c in columns if c is not None))

    def in_zone(self, zone: str) -> "Layout":
        """The same layout for times written in another zone, an IANA name.

        Raises:
            BadInput: there is no such zone.
        """
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise BadInput(f"{zone!r} is no time zone; write it as Europe/Warsaw or UTC") from None
        return replace(self, start=replace(self.start, zone=zone))
