"""What a sync did, or would do: counts, and a line for everything that changed or that somebody should look at."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from tollbook.connectors.errors import ConnectorError


class Deed(StrEnum):
    """What a line says. The first ones are changes; from CONFLICT on they are for somebody to look at."""

    PAIRED = "paired"
    CREATED = "created"
    ADOPTED = "adopted"
    UPDATED = "updated"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    MOVED = "moved"
    CLOSED = "closed"
    NUMBER_ADDED = "number added"
    NUMBER_ENDED = "number ended"
    RETURNED = "returned"
    GONE = "gone"
    CONFLICT = "conflict"
    SUGGESTED = "suggested"
    UNMATCHED = "unmatched"
    NOT_CREATED = "not created"
    NUMBER_TAKEN = "number taken"
    UNREADABLE_NUMBER = "unreadable number"
    UNKNOWN_STATE = "unknown state"
    DIFFERS = "differs"


CHANGES = frozenset(list(Deed)[: list(Deed).index(Deed.CONFLICT)])


@dataclass(frozen=True, slots=True)
class SyncLine:
    """One thing that changed, or that somebody should look at."""

    deed: Deed
    who: str
    why: str = ""
    next_step: str = ""
    there: tuple[str, ...] = ()  # the platform's side of a conflict
    here: tuple[str, ...] = ()  # ours
    count: int = 1  # of what it is about; more where one line stands for many


@dataclass(slots=True)
class SyncReport:
    """One part of a sync."""

    connection: str
    part: str  # customers, accounts, numbers
    dry_run: bool = False
    listed: int = 0  # by the platform
    unchanged: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # left out, and why
    lines: list[SyncLine] = field(default_factory=list)
    error: str = ""  # why the platform's list is not whole; "" = it is
    failure: ConnectorError | None = (
        None  # the error it broke off with, if it did: says whether trying again may help
    )

    @property
    def is_complete(self) -> bool:
        """Whether the platform's list was read to its end."""
        return not self.error

    @property
    def counts(self) -> Counter[Deed]:
        """How many of each kind."""
        counts: Counter[Deed] = Counter()
        for line in self.lines:
            counts[line.deed] += line.count
        return counts

    @property
    def has_changes(self) -> bool:
        """Whether anything was changed here."""
        return any(line.deed in CHANGES for line in self.lines)

    def add(self, deed: Deed, who: object, why: str = "", next_step: str = "", *, count: int = 1) -> None:
        """Another line."""
        self.lines.append(SyncLine(deed, str(who), why, next_step, count=count))

    def facts(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "connection": self.connection,
            "part": self.part,
            "dry_run": self.dry_run,
            "listed": self.listed,
            "complete": self.is_complete,
            "error": self.error,
            "unchanged": self.unchanged,
            "skipped": dict(self.skipped),
            "counts": {deed.value: count for deed, count in sorted(self.counts.items())},
            "lines": [asdict(line) for line in self.lines],
        }
