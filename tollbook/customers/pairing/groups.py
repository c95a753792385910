"""Two lists of customers by their keys, and who hangs together with whom."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from tollbook.customers.pairing.keys import PLATFORM_SCHEME, Key, Keys, read_key, read_keys
from tollbook.customers.pairing.parties import Ours, Theirs
from tollbook.customers.pairing.reasons import Group, Known

Node = Theirs | Ours | Key
PAIRS_LOOKED_AT = 2_500  # of one key; with more of each side it is a conflict whatever was rejected


class Book:
    """Both lists by their keys."""

    def __init__(
        self,
        theirs: Sequence[Theirs],
        ours: Sequence[Ours],
        connection: str,
        rejected: frozenset[tuple[str, int]],
    ) -> None:
        self.theirs, self.ours = theirs, ours
        self.keys_there = {one.foreign_id: read_keys(one.identities, country=one.country) for one in theirs}
        self.keys_here = {one.id: read_keys(one.identities, country=one.country) for one in ours}
        ids = {one.foreign_id for one in theirs}
        by_code: defaultdict[str, list[str]] = defaultdict(list)
        for one in theirs:
            self.keys_there[one.foreign_id].good.append(Key(PLATFORM_SCHEME, one.foreign_id))
            by_code[one.code].append(one.foreign_id)
        for own in ours:
            good = self.keys_here[own.id].good
            good += [key for key in _tax_id_keys(own) if key not in good]
            for scheme, value in own.identities:
                if scheme in (PLATFORM_SCHEME, connection):
                    # By id first, then by code, and by that only when it is one customer's.
                    found = [value] if value in ids else by_code.get(value, [])
                    good += [Key(PLATFORM_SCHEME, id) for id in found if len(found) == 1]
        self.theirs_by_key: defaultdict[Key, list[Theirs]] = defaultdict(list)
        self.ours_by_key: defaultdict[Key, list[Ours]] = defaultdict(list)
        for one in theirs:
            for key in self.keys_there[one.foreign_id].good:
                self.theirs_by_key[key].append(one)
        for own in ours:
            for key in dict.fromkeys(self.keys_here[own.id].good):
                self.ours_by_key[key].append(own)
        self.leads = self._leads(rejected)

    def _leads(self, rejected: frozenset[tuple[str, int]]) -> dict[str, dict[Key, list[Ours]]]:
        """Foreign id → key → whom it leads to."""
        found: defaultdict[str, dict[Key, list[Ours]]] = defaultdict(dict)
        for key, there in self.theirs_by_key.items():
            here = self.ours_by_key.get(key, [])
            looked_at = len(there) * len(here) <= PAIRS_LOOKED_AT
            for one in there if here else ():
                led = [own for own in here if (one.foreign_id, own.id) not in rejected] if looked_at else here
                if led:
                    found[one.foreign_id][key] = led
        return dict(found)

    def known(self, paired: Iterable[tuple[str, int]]) -> Known:
        listed = {one.foreign_id: one for one in self.theirs}
        by_foreign: defaultdict[str, set[int]] = defaultdict(set)
        by_ours: defaultdict[int, list[Theirs]] = defaultdict(list)
        for foreign_id, customer_id in paired:
            by_foreign[foreign_id].add(customer_id)
            if foreign_id in listed:
                by_ours[customer_id].append(listed[foreign_id])
        return Known(_wrong(self.keys_there), _wrong(self.keys_here), dict(by_foreign), dict(by_ours))


Owner = TypeVar("Owner", str, int)


def _wrong(keys: Mapping[Owner, Keys]) -> dict[Owner, list[str]]:
    return {owner: its.wrong for owner, its in keys.items() if its.wrong}


def _tax_id_keys(own: Ours) -> Iterator[Key]:
    """What is printed as tax id may be a NIP or a VAT id; when it is neither, it is only a text."""
    for scheme in ("nip", "vat_id"):
        try:
            yield read_key(scheme, own.tax_id, country=own.country)
        except ValueError:
            continue


def groups(book: Book) -> Iterator[Group]:
    """Customers that hang together by keys. Every one of theirs is in one group."""
    hanging = _hung_together(book)
    found: defaultdict[Node, Group] = defaultdict(Group)
    for foreign in book.theirs:
        found[hanging.root(foreign)].theirs.append(foreign)
    for own in book.ours:
        found[hanging.root(own)].ours.append(own)
    for group in found.values():
        yield _filled(group, book)


def _hung_together(book: Book) -> "_Hanging":
    """By keys that several of one side have, and by keys that lead from one side to the other."""
    hanging = _Hanging()
    for key, there in book.theirs_by_key.items():
        for foreign in there if len(there) > 1 else ():
            hanging.join(foreign, key)
    for key, ours in book.ours_by_key.items():
        for own in ours if len(ours) > 1 else ():
            hanging.join(own, key)
    by_id = {foreign.foreign_id: foreign for foreign in book.theirs}
    for foreign_id, leads in book.leads.items():
        for own in {own.id: own for ours in leads.values() for own in ours}.values():
            hanging.join(by_id[foreign_id], own)
    return hanging


class _Hanging:
    """Which nodes hang together: each knows one above it, and the top one stands for all."""

    def __init__(self) -> None:
        self._above: dict[Node, Node] = {}

    def join(self, one: Node, other: Node) -> None:
        top, other_top = self.root(one), self.root(other)
        if top != other_top:
            self._above[top] = other_top

    def root(self, node: Node) -> Node:
        while (upper := self._above.get(node)) is not None:
            self._above[node] = self._above.get(upper, upper)
            node = upper
        return node


def _filled(group: Group, book: Book) -> Group:
    for foreign in group.theirs:
        for key in book.keys_there[foreign.foreign_id].good:
            group.theirs_by_key.setdefault(key, []).append(foreign)
    for own in group.ours:
        for key in dict.fromkeys(book.keys_here[own.id].good):
            group.ours_by_key.setdefault(key, []).append(own)
    group.leads = {
        one.foreign_id: book.leads[one.foreign_id] for one in group.theirs if one.foreign_id in book.leads
    }
    return group
