"""Which numbers an account gets, keeps or gives up when a sheet is imported. No database: holdings in, a plan out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tollbook.catalog.price_list import BadRow
from tollbook.customers.report import shown_period

EVER = datetime.min.replace(tzinfo=UTC)
NEVER_ENDS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holding:
    """A number on an account in `[since, until)`; null is an open begin or end."""

    digits: int
    account: str  # code
    since: datetime | None
    until: datetime | None
    zone: str  # of its dates when they are shown
    line: int | None = None  # of the sheet; null = only in the database
    pk: int | None = None  # in the database; null = not yet

    @property
    def period(self) -> str:
        """Its dates as a person writes them."""
        return shown_period(self.since, self.until, self.zone)

    def overlaps(self, other: "Holding") -> bool:
        """Whether both hold at some moment."""
        return (self.since or EVER) < (other.until or NEVER_ENDS) and (other.since or EVER) < (
            self.until or NEVER_ENDS
        )


@dataclass(slots=True)
class NumberPlan:
    """What becomes of the numbers."""

    new: list[Holding] = field(default_factory=list)
    changed: list[tuple[Holding, Holding]] = field(default_factory=list)  # before, after
    ended: list[tuple[Holding, Holding]] = field(default_factory=list)  # before, after
    missing: list[Holding] = field(default_factory=list)  # still held, but the sheet no longer lists them
    clashes: list[BadRow] = field(default_factory=list)


def plan_numbers(
    wanted: Sequence[Holding],
    stored: Sequence[Holding],
    *,
    accounts: Iterable[str],
    says_from: bool,
    says_until: bool,
    now: datetime,
    end_missing: Mapping[str, datetime] | None = None,
) -> NumberPlan:
    """Compare what a sheet says of its `accounts` with what is stored.

    Args:
        wanted: the numbers in the sheet.
        stored: every number of the accounts, and whoever else holds a wanted number at any time.
        accounts: codes of the accounts in the sheet.
        says_from: the sheet has a column for the begin; without one a stored begin is kept.
        says_until: the same for the end.
        now: a number that ended before is history, and not missing.
        end_missing: account code to the moment at which its numbers end that the sheet does not list; null = they
            are kept and only reported.
    """
    plan = NumberPlan()
    of_accounts = frozenset(accounts)
    pairs: dict[tuple[str, int], list[Holding]] = defaultdict(list)
    for holding in _each_once(wanted):
        pairs[holding.account, holding.digits].append(holding)
    left: dict[tuple[str, int], list[Holding]] = defaultdict(list)
    for holding in stored:
        left[holding.account, holding.digits].append(holding)
    kept: list[Holding] = []
    for pair, listed in pairs.items():
        kept += _pair_up(plan, listed, left[pair], says_from=says_from, says_until=says_until, now=now)
    for holding in (holding for rest in left.values() for holding in rest):
        is_missing = holding.account in of_accounts and (holding.until or NEVER_ENDS) > now
        kept.append(_give_up(plan, holding, end_missing) if is_missing else holding)
    plan.clashes += _overlaps([*kept, *plan.new])
    return plan


def _each_once(wanted: Iterable[Holding]) -> Iterable[Holding]:
    """A number that an account's rows give it twice for the same time is given once."""
    first: dict[tuple[object, ...], Holding] = {}
    for holding in wanted:
        first.setdefault((holding.account, holding.digits, holding.since, holding.until), holding)
    return first.values()


def _pair_up(
    plan: NumberPlan,
    listed: list[Holding],
    held: list[Holding],
    *,
    says_from: bool,
    says_until: bool,
    now: datetime,
) -> list[Holding]:
    """One number of one account: what is listed finds what is held, which is taken out of `held`."""
    as_listed: list[Holding] = []
    open_entries: list[Holding] = []

    def dated_as(entry: Holding, before: Holding) -> Holding:
        return replace(
            before,
            since=entry.since if says_from else before.since,
            until=entry.until if says_until else before.until,
            line=entry.line,
        )

    for entry in listed:
        same = [
            before
            for before in held
            if (not says_from or entry.since == before.since) and (not says_until or entry.until == before.until)
        ]
        # A sheet without dates means the number as it is held now, not one that was given back.
        same = [before for before in same if says_until or (before.until or NEVER_ENDS) > now]
        if same:
            held.remove(same[-1])
            as_listed.append(replace(same[-1], line=entry.line))
        else:
            open_entries.append(entry)
    for entry in open_entries:
        before = next((before for before in held if dated_as(entry, before).overlaps(before)), None)
        if before is None or not (says_until or (before.until or NEVER_ENDS) > now):
            plan.new.append(entry)
            continue
        held.remove(before)
        after = dated_as(entry, before)
        plan.changed.append((before, after))
        as_listed.append(after)
    return as_listed


def _give_up(plan: NumberPlan, holding: Holding, end_missing: Mapping[str, datetime] | None) -> Holding:
    if end_missing is None:
        plan.missing.append(holding)
        return holding
    end = end_missing[holding.account]
    if (holding.until or NEVER_ENDS) <= end:
        return holding
    if (holding.since or EVER) >= end:
        # Ending it before it begins would leave no trace of it: a person must decide.
        plan.missing.append(holding)
        return holding
    after = replace(holding, until=end)
    plan.ended.append((holding, after))
    return after


def _overlaps(holdings: Iterable[Holding]) -> Iterator[BadRow]:
    """Every two holdings of one number at one time, at least one of them in the sheet."""
    by_number: dict[int, list[Holding]] = defaultdict(list)
    for holding in holdings:
        by_number[holding.digits].append(holding)
    for several in by_number.values():
        if len(several) == 1:
            continue
        several.sort(key=lambda holding: (holding.since or EVER, holding.line or 0))
        last = several[0]
        for holding in several[1:]:
            if holding.overlaps(last):
                yield _clash(holding, last)
            last = max(last, holding, key=lambda each: each.until or NEVER_ENDS)


def _clash(one: Holding, other: Holding) -> BadRow:
    """The mistake is shown on the later line of the sheet."""
    if (one.line or 0) < (other.line or 0):
        one, other = other, one
    where = f"on line {other.line}" if other.line else "in the database"
    return BadRow(
        one.line or 0,
        "numbers",
        f"+{one.digits}",
        f"is given to account {one.account!r} from {one.period}, while account {other.account!r} has it from "
        f"{other.period} ({where}); end it there or let it begin later",
    )
