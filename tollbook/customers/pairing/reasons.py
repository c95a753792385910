"""Why some customers cannot be paired by themselves, in words that say both sides."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tollbook.customers.pairing.keys import Key
from tollbook.customers.pairing.parties import Ours, Theirs


class ConflictKind(StrEnum):
    """What stands in the way."""

    TWINS_THERE = "twins there"  # one key on several of the platform's customers
    TWINS_HERE = "twins here"  # one key on several of ours
    KEYS_DISAGREE = "keys disagree"  # two keys of one customer lead to different ones
    SEVERAL_TO_ONE = "several to one"  # different keys of several there lead to one here
    BOUND_ELSEWHERE = "bound elsewhere"  # one of them is paired with another one
    WRONG_KEY = "wrong key"  # a key that fails its checksum
    CLOSED_THERE = "closed there"
    CLOSED_HERE = "closed here"
    UNKNOWN_STATE = "unknown state"


Reason = tuple[ConflictKind, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Customers that are not paired until a person decides."""

    theirs: tuple[Theirs, ...]
    ours: tuple[Ours, ...]
    reasons: tuple[Reason, ...]

    @property
    def kinds(self) -> frozenset[ConflictKind]:
        """What stands in the way, without the words."""
        return frozenset(kind for kind, _ in self.reasons)

    @property
    def why(self) -> str:
        """One sentence after the other."""
        return "; ".join(text for _, text in self.reasons)


@dataclass(slots=True)
class Group:
    """Customers of both sides that hang together by keys, or one alone."""

    theirs: list[Theirs] = field(default_factory=list)
    ours: list[Ours] = field(default_factory=list)
    theirs_by_key: dict[Key, list[Theirs]] = field(default_factory=dict)
    ours_by_key: dict[Key, list[Ours]] = field(default_factory=dict)
    leads: dict[str, dict[Key, list[Ours]]] = field(default_factory=dict)  # foreign id → key → whom it leads to


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of customers besides their keys."""

    wrong_there: dict[str, list[str]]  # foreign id → keys that fail
    wrong_here: dict[int, list[str]]
    paired: dict[str, set[int]]  # foreign id → ours
    paired_here: dict[int, list[Theirs]]  # ours → theirs that are listed


def reasons_against(group: Group, known: Known) -> list[Reason]:
    """What speaks against pairing the customers of a group; nothing when all is plain."""
    return [
        *_twins(group),
        *_disagreeing(group, known),
        *_several_to_one(group),
        *_bound_elsewhere(group, known),
        *_states(group),
        *_wrong_keys(group, known),
    ]


def _twins(group: Group) -> Iterator[Reason]:
    for key in sorted({*group.theirs_by_key, *group.ours_by_key}):
        there, here = group.theirs_by_key.get(key, []), group.ours_by_key.get(key, [])
        if len(there) > 1:
            yield ConflictKind.TWINS_THERE, f"{key} is on {len(there)} customers there: {_ids(there)}"
        if len(here) > 1:
            yield ConflictKind.TWINS_HERE, f"{key} is on {len(here)} customers here: {_codes(here)}"


def _disagreeing(group: Group, known: Known) -> Iterator[Reason]:
    for customer in group.theirs:
        leads = group.leads.get(customer.foreign_id, {})
        if customer.foreign_id in known.paired or len(leads) < 2:
            continue
        if not set.intersection(*({one.id for one in ours} for ours in leads.values())):
            text = ", but its ".join(f"{key} leads to {_codes(ours)}" for key, ours in sorted(leads.items()))
            yield ConflictKind.KEYS_DISAGREE, f"{customer.foreign_id}: its {text}"


def _several_to_one(group: Group) -> Iterator[Reason]:
    leading: defaultdict[int, dict[str, Key]] = defaultdict(dict)
    for foreign_id, leads in group.leads.items():
        for key, ours in sorted(leads.items()):
            for customer in ours:
                leading[customer.id].setdefault(foreign_id, key)
    for customer in group.ours:
        by = leading.get(customer.id, {})
        if len(set(by.values())) > 1 and len(by) > 1:
            text = " and ".join(f"{foreign_id} by its {key}" for foreign_id, key in sorted(by.items()))
            yield ConflictKind.SEVERAL_TO_ONE, f"{text} all lead to {customer.code}"


def _bound_elsewhere(group: Group, known: Known) -> Iterator[Reason]:
    here = {customer.id for customer in group.ours}
    for customer in group.ours:
        for other in known.paired_here.get(customer.id, []):
            if any(one.foreign_id not in known.paired for one in group.theirs):
                yield ConflictKind.BOUND_ELSEWHERE, f"{customer.code} is paired with {other.foreign_id} already"
    for there in group.theirs:
        for key, ours in sorted(group.leads.get(there.foreign_id, {}).items()):
            paired = known.paired.get(there.foreign_id)
            # A key that leads to its own customer too was seen when somebody decided.
            if paired and not paired & {one.id for one in ours}:
                names = _codes([one for one in group.ours if one.id in paired & here]) or "another customer"
                text = f"{there.foreign_id} is paired with {names}, but its {key} is {_codes(ours)}'s"
                yield ConflictKind.BOUND_ELSEWHERE, text


def _states(group: Group) -> Iterator[Reason]:
    for customer in group.theirs:
        if customer.is_closed:
            yield ConflictKind.CLOSED_THERE, f"{customer.foreign_id} is closed there"
        if customer.unknown_state:
            text = f"{customer.foreign_id} has the state {customer.unknown_state!r}, which we do not know"
            yield ConflictKind.UNKNOWN_STATE, text
    for ours in group.ours:
        if ours.is_closed:
            yield ConflictKind.CLOSED_HERE, f"{ours.code} is closed here"


def _wrong_keys(group: Group, known: Known) -> Iterator[Reason]:
    for customer in group.theirs:
        if customer.foreign_id not in known.paired:
            for text in known.wrong_there.get(customer.foreign_id, []):
                yield ConflictKind.WRONG_KEY, f"{customer.foreign_id}: its {text}"
    for ours in group.ours:
        if ours.id not in known.paired_here:
            for text in known.wrong_here.get(ours.id, []):
                yield ConflictKind.WRONG_KEY, f"{ours.code}: its {text}"


def _ids(customers: list[Theirs]) -> str:
    return ", ".join(customer.foreign_id for customer in customers)


def _codes(customers: list[Ours]) -> str:
    return " and ".join(customer.code for customer in customers)
