"""Two lists of customers, and what people decided, to pairs, conflicts and suggestions.

Customers that share a key hang together in a group. One of theirs and one of ours alone in a group, with nothing
against it, are the same; in every other group nobody is paired until a person decides. What a person decided, or said
by writing the platform's id on a customer of ours, is never decided again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tollbook.customers.pairing.groups import Book, groups
from tollbook.customers.pairing.hints import Hints, Suggested
from tollbook.customers.pairing.keys import PLATFORM_SCHEME, Key
from tollbook.customers.pairing.parties import Ours, Theirs
from tollbook.customers.pairing.reasons import Conflict, Group, Known, reasons_against


@dataclass(frozen=True, slots=True)
class Match:
    """One of theirs and one of ours that are the same."""

    theirs: Theirs
    ours: Ours
    keys: tuple[Key, ...]

    @property
    def why(self) -> str:
        """What proves it."""
        return "same " + " and ".join(map(str, self.keys))


@dataclass(slots=True)
class Decisions:
    """What is to be done, and what a person is to decide."""

    matches: list[Match] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    suggestions: list[Suggested] = field(default_factory=list)
    zeros: dict[str, list[str]] = field(default_factory=dict)  # foreign id → identities that are nothing but zeros
    shared: dict[str, list[str]] = field(default_factory=dict)  # foreign id → others there with a key of its


def decide(
    theirs: Sequence[Theirs],
    ours: Sequence[Ours],
    *,
    connection: str,
    paired: Iterable[tuple[str, int]] = (),
    rejected: Iterable[tuple[str, int]] = (),
) -> Decisions:
    """Find out who is who.

    Args:
        theirs: every customer of the platform but those that are to be ignored.
        ours: every customer of ours.
        connection: its name, which is the scheme of identities that are ids or codes there, as `platform` is.
        paired: (foreign id, customer) that are paired now; they stay as they are.
        rejected: pairs that a person refused or ended; they are neither made nor suggested.
    """
    refused = frozenset(rejected)
    book = Book(theirs, ours, connection, refused)
    known = book.known(paired)
    decisions = Decisions(zeros={id: keys.zeros for id, keys in book.keys_there.items() if keys.zeros})
    hints = Hints(ours)
    for group in groups(book):
        undecided = [customer for customer in group.theirs if customer.foreign_id not in known.paired]
        stated = [match for customer in undecided if (match := _stated(customer, group, known))]
        decisions.matches += stated
        for match in stated:
            known.paired[match.theirs.foreign_id] = {match.ours.id}
            known.paired_here.setdefault(match.ours.id, []).append(match.theirs)
        undecided = [customer for customer in undecided if customer.foreign_id not in known.paired]
        _settle(group, undecided, known, decisions)
        for customer in undecided:
            if customer.foreign_id not in known.paired:
                leading = _turned(group.leads.get(customer.foreign_id, {}))
                decisions.suggestions += hints.suggest(customer, leading, refused)
    return decisions


def _settle(group: Group, undecided: list[Theirs], known: Known, decisions: Decisions) -> None:
    """Pair the two that are left alone, or say why nobody in the group is paired."""
    leads = any(group.leads.values())
    for customer in group.theirs if len(group.theirs) > 1 and not leads else ():
        others = [other.foreign_id for other in group.theirs if other != customer]
        decisions.shared[customer.foreign_id] = others
    has_wrong = any(customer.foreign_id in known.wrong_there for customer in undecided) or any(
        customer.id in known.wrong_here for customer in group.ours
    )
    if not leads and not has_wrong:
        return
    reasons = reasons_against(group, known)
    if undecided and not reasons:  # then one is left on each side: two of either would be a reason
        (customer,), (own,) = undecided, group.ours
        decisions.matches.append(Match(customer, own, tuple(sorted(group.leads[customer.foreign_id]))))
        known.paired[customer.foreign_id] = {own.id}
    elif reasons and (undecided or has_wrong or _contradicts(group, known)):
        decisions.conflicts.append(Conflict(tuple(group.theirs), tuple(group.ours), tuple(reasons)))


def _contradicts(group: Group, known: Known) -> bool:
    """Whether a key of somebody who is paired leads to others only."""
    return any(
        not known.paired[customer.foreign_id] & {own.id for own in ours}
        for customer in group.theirs
        for ours in group.leads.get(customer.foreign_id, {}).values()
    )


def _stated(customer: Theirs, group: Group, known: Known) -> Match | None:
    """The pair that somebody stated by writing the id on a customer of ours, where no other key speaks against it."""
    leads = group.leads.get(customer.foreign_id, {})
    key = Key(PLATFORM_SCHEME, customer.foreign_id)
    if len(leads.get(key, [])) != 1 or customer.is_closed or customer.unknown_state:
        return None
    (own,) = leads[key]
    is_plain = all(own in ours for ours in leads.values()) and not own.is_closed
    has_wrong = customer.foreign_id in known.wrong_there or own.id in known.wrong_here
    return Match(customer, own, tuple(sorted(leads))) if is_plain and not has_wrong else None


def _turned(leads: Mapping[Key, list[Ours]]) -> dict[int, list[Key]]:
    turned: defaultdict[int, list[Key]] = defaultdict(list)
    for key, ours in sorted(leads.items()):
        for customer in ours:
            turned[customer.id].append(key)
    return dict(turned)
