"""What an import of a sheet did, or would do."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tollbook.catalog.price_list import BadRow

OPEN_BEGIN, OPEN_END = "always", "open end"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one customer or account, before and after, as a person reads it."""

    code: str
    field: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.code}: {self.field} {self.was or '(nothing)'} → {self.becomes or '(nothing)'}"


@dataclass(slots=True)
class ImportReport:
    """Counts and changes of one import. Every customer or account of the sheet is in one of the first three."""

    new: list[str] = field(default_factory=list)  # codes
    changed: list[str] = field(default_factory=list)  # codes, in `changes` field by field
    unchanged: list[str] = field(default_factory=list)  # codes
    changes: list[FieldChange] = field(default_factory=list)
    skipped: list[BadRow] = field(default_factory=list)  # rows left out because that was asked for


def shown(value: object, zone: str = "UTC") -> str:
    """A field's value as a person writes it; a moment in `zone`, midnight as its date alone."""
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone))
        return f"{local:%Y-%m-%d}" if (local.hour, local.minute, local.second) == (0, 0, 0) else f"{local:%F %T}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def shown_period(since: datetime | None, until: datetime | None, zone: str) -> str:
    """`2026-01-01 to 2026-03-01`, in the zone; the end is the first moment that no longer counts."""
    return f"{shown(since, zone) or OPEN_BEGIN} to {shown(until, zone) or OPEN_END}"
