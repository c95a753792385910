"""Many extensions of a customer from one file: everything is checked, and all are made or none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from tollbook.catalog.models import Product
from tollbook.catalog.price_list import BadRow, nearest_name
from tollbook.customers.actors import Actor
from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.errors import DoesNotGoWith
from tollbook.customers.extension_sheet import COLUMNS, Entry, entries_of
from tollbook.customers.grid import read_grid
from tollbook.customers.models import Account, Customer, HuntGroup
from tollbook.customers.operations.agreements import shown_name
from tollbook.customers.operations.fitting_products import demand_fitting
from tollbook.customers.operations.numbers import holders, numbers_given, where_held
from tollbook.customers.operations.permits import demand_customer, demand_open, lock_customer
from tollbook.customers.spreadsheet import BadSheet
from tollbook.jobs.open_account import Opening, extension_code, open_accounts

NEXT_STEP = "correct them and upload the file again"
TITLE = {column.name: column.title for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class MadeExtension:
    """An extension that was made, or would be."""

    line: int
    extension: str
    account: str  # its code
    product: str  # as customers know it
    numbers: tuple[int, ...]
    state: str  # of the account; "" when nothing was written


@dataclass(slots=True)
class UploadReport:
    """What became of a file of extensions."""

    file: str
    is_dry_run: bool
    made: list[MadeExtension] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what of the file was not read


@transaction.atomic
def upload_extensions(
    *, actor: Actor, customer: Customer, file_name: str, content: bytes, now: datetime, dry_run: bool = False
) -> UploadReport:
    """Make the extensions of a CSV or XLSX, each with its account, numbers and hunt group.

    Accounts are called `ph{id of the customer}x{extension}`. The customer is locked first, so what was checked holds
    until it is written.

    Raises:
        BadSheet: some cells cannot be used: `rows` has all of them, each with its line and column. Nothing was written.
        BadInput: the file as a whole cannot be used.
        NotTheirs: another customer asks.
    """
    demand_customer(actor, customer)
    grid = read_grid(file_name, content)
    entries, problems = entries_of(grid)
    lock_customer(customer)
    demand_open(customer)
    found = _Found(actor, customer, entries, now)
    problems += found.problems()
    if problems:
        raise BadSheet(Path(file_name), problems, NEXT_STEP)
    report = UploadReport(file_name, dry_run, notes=grid.notes)
    states = [""] * len(entries)
    if not dry_run:
        openings = [found.opening(entry) for entry in entries]
        made = open_accounts(actor=actor, customer=customer, openings=openings, now=now)
        states = [str(account.state) for account in made]
    report.made = [
        MadeExtension(
            entry.line,
            entry.extension,
            extension_code(customer, entry.extension),
            shown_name(found.products[entry.product]),
            entry.numbers,
            state,
        )
        for entry, state in zip(entries, states, strict=True)
    ]
    return report


class _Found:
    """What the entries name, looked up once for all of them."""

    def __init__(self, actor: Actor, customer: Customer, entries: Sequence[Entry], now: datetime) -> None:
        self.actor, self.customer, self.entries, self.now = actor, customer, entries, now
        self.agreed = {one.product.pk: one for one in agreement_of(customer)}
        self.offered = self._offered()
        self.products = {
            name: found[0]
            for name in {entry.product for entry in entries}
            if len(found := self.offered.get(_folded(name), [])) == 1
        }
        self.groups: dict[str, list[HuntGroup]] = defaultdict(list)
        for group in customer.hunt_groups.all():
            self.groups[_folded(group.name)].append(group)

    def opening(self, entry: Entry) -> Opening:
        """What is to be made of an entry that is good."""
        return Opening(
            product=self.products[entry.product],
            extension=entry.extension,
            numbers=entry.numbers,
            is_published=entry.is_published,
            hunt_group=self.groups[_folded(entry.huntgroup)][0] if entry.huntgroup else None,
            facts={"name": entry.name, "email": entry.email, "timezone": entry.timezone},
        )

    def problems(self) -> Iterator[BadRow]:
        """Everything for which the entries cannot be made, besides what their cells say by themselves."""
        yield from self._twice(
            "extension", ((entry.extension, entry) for entry in self.entries if entry.extension)
        )
        numbers = [(number, entry) for entry in self.entries for number in entry.numbers]
        yield from self._twice("numbers", ((f"+{number}", entry) for number, entry in numbers))
        yield from self._extensions_there()
        yield from self._numbers_not_free()
        yield from self._unknown_products()
        yield from self._beyond_agreement()
        for entry in self.entries:
            if entry.huntgroup and len(self.groups.get(_folded(entry.huntgroup), [])) != 1:
                near = nearest_name(
                    entry.huntgroup, [group.name for all_ in self.groups.values() for group in all_]
                )
                yield _bad(entry, "huntgroup", entry.huntgroup, f"is no hunt group of yours{near}; make it first")

    def _offered(self) -> dict[str, list[Product]]:
        """Main products by each of their names: all for staff, those of the agreement for the customer."""
        products: Iterable[Product] = (
            Product.objects.filter(is_addon=False).select_related("plan").order_by("code")
        )
        if not self.actor.is_staff:
            products = [one for one in products if one.pk in self.agreed and not one.is_hidden]
        by_name: dict[str, list[Product]] = defaultdict(list)
        for product in products:
            names = {product.name, product.end_user_name, product.code}
            for name in {_folded(name) for name in names if name}:
                by_name[name].append(product)
        return by_name

    def _twice(self, column: str, named: Iterable[tuple[str, Entry]]) -> Iterator[BadRow]:
        first: dict[str, int] = {}
        for value, entry in named:
            if (line := first.setdefault(value, entry.line)) != entry.line:
                yield _bad(entry, column, value, f"is in line {line} already; use each once")

    def _extensions_there(self) -> Iterator[BadRow]:
        """Extensions that are somebody's, and accounts that have the name which a new one would get."""
        wanted = {entry.extension for entry in self.entries if entry.extension}
        there = {
            one.number: one for one in self.customer.extensions.filter(number__in=wanted).select_related("group")
        }
        codes = {extension_code(self.customer, number): number for number in wanted}
        taken = {codes[code] for code in Account.objects.filter(code__in=codes).values_list("code", flat=True)}
        for entry in self.entries:
            extension = there.get(entry.extension)
            if extension is not None and hasattr(extension, "group"):
                reason = f"is the number of hunt group {extension.group.name!r}; choose another number"
                yield _bad(entry, "extension", entry.extension, reason)
            elif extension is not None and extension.account_id is not None:
                yield _bad(entry, "extension", entry.extension, "is there already; choose another number")
            elif entry.extension in taken:
                code = extension_code(self.customer, entry.extension)
                reason = f"would be account {code}, which is there already; choose another number"
                yield _bad(entry, "extension", entry.extension, reason)

    def _numbers_not_free(self) -> Iterator[BadRow]:
        wanted = {number for entry in self.entries for number in entry.numbers}
        own = numbers_given(self.customer, wanted)
        held = holders(wanted, since=self.now)
        for entry in self.entries:
            for number in entry.numbers:
                if number not in own:
                    reason = "is not one of your numbers; choose one that you were given"
                    if self.actor.is_staff:
                        reason = f"was not given to {self.customer.code}; give it, or choose one that was"
                    yield _bad(entry, "numbers", f"+{number}", reason)
                elif number in held:
                    where = where_held(held[number], self.actor, self.customer)
                    yield _bad(
                        entry, "numbers", f"+{number}", f"is {where}; release it there, or choose another one"
                    )

    def _unknown_products(self) -> Iterator[BadRow]:
        misfits = dict(self._misfits())
        for entry in self.entries:
            if not entry.product:
                continue
            product = self.products.get(entry.product)
            if product is None:
                several = self.offered.get(_folded(entry.product), [])
                names = sorted({shown_name(one) for found in self.offered.values() for one in found})
                codes = ", ".join(one.code for one in several)
                reason = f"are several products; write one of {codes}" if several else (
                    f"is no product {'there is' if self.actor.is_staff else 'of your agreement'}"
                    f"{nearest_name(entry.product, names)}; there are {', '.join(names) or 'none'}"
                )  # fmt: skip
                yield _bad(entry, "product", entry.product, reason)
            elif product.pk in misfits:
                yield _bad(entry, "product", entry.product, misfits[product.pk])

    def _misfits(self) -> Iterator[tuple[int, str]]:
        for product in self.products.values():
            try:
                demand_fitting(self.customer, product, ())
            except DoesNotGoWith as error:
                yield product.pk, f"cannot be had: {error}"

    def _beyond_agreement(self) -> Iterator[BadRow]:
        """The rows that come when as many accounts as agreed have the product; staff are not bound."""
        if self.actor.is_staff:
            return
        wanted: Counter[int] = Counter()
        for entry in self.entries:
            product = self.products.get(entry.product)
            condition = self.agreed.get(product.pk) if product else None
            if condition is None or condition.free is None:
                continue
            wanted[condition.product.pk] += 1
            if wanted[condition.product.pk] > condition.free:
                reason = (
                    f"is agreed for {condition.quantity}, {condition.used} are used, and this would be number "
                    f"{condition.used + wanted[condition.product.pk]}; leave it out, or ask your operator for more"
                )
                yield _bad(entry, "product", entry.product, reason)


def _bad(entry: Entry, column: str, value: str, reason: str) -> BadRow:
    return BadRow(entry.line, TITLE[column], value, reason)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def problem_facts(problems: Iterable[BadRow]) -> list[Mapping[str, object]]:
    """What is wrong, cell by cell, for programs."""
    return [
        {"line": one.line, "column": one.column, "value": one.value, "problem": one.reason} for one in problems
    ]
