"""Whatever customers, accounts and staff do in whatever order: nobody has more than agreed, or anything of others.

A walk of random deeds by random people over two customers, after each of which the laws are looked at.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from tests.jobs.agreed import EVA, JUNE_1, customer, give, itself, product, themselves
from tollbook.catalog.models import Product
from tollbook.customers.actors import Actor
from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.models import (
    Account,
    AccountEvent,
    AccountProduct,
    AccountState,
    BlockedBy,
    Customer,
    CustomerEvent,
    Extension,
    Number,
    NumberGrant,
    StockNumber,
)
from tollbook.customers.operations.extensions import add_hunt_group, change_extension, delete_extension
from tollbook.customers.operations.numbers import (
    assign_number,
    give_number,
    release_number,
    take_back_number,
)
from tollbook.errors import BadInput
from tollbook.jobs.approve_account import approve, refuse
from tollbook.jobs.change_account import block_account, change_account, unblock_account
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account

STEPS = 300
MAIN, ADDONS = ("basic", "pbx", "sim"), ("recording", "fax")
NUMBERS = tuple(range(12094555001, 12094555007))
STOPPED = (AccountState.BLOCKED, BlockedBy.STAFF)


class Walk:
    """Two customers with the same small agreement, and who does what to what."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.now = JUNE_1
        for code in MAIN:
            product(code, monthly="3", needs_approval=code == "sim")
        for code in ADDONS:
            product(code, monthly="1", is_addon=True)
        self.customers = [customer(code, basic=3, pbx=2, sim=2, recording=1, fax=2) for code in ("acme", "beta")]
        give(self.customers[0], *NUMBERS[:3])
        give(self.customers[1], *NUMBERS[3:])
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def step(self) -> None:
        """One deed by somebody, and the laws."""
        self.now += timedelta(hours=self.chance.choice((1, 7, 26)))
        actor = self.somebody()
        name, deed = self.deed(actor)
        before, foreign = self.states(), self.foreign(actor)
        events = self.events()
        try:
            with transaction.atomic():
                deed()
        except BadInput as refused:
            self.refused[type(refused).__name__] += 1
            assert (self.states(), self.events()) == (before, events)  # refused is refused whole
            return
        self.done[name] += 1
        after = self.states()
        assert self.foreign(actor) == foreign, f"{actor} did {name} to somebody else's"
        if after != before:
            assert self.events() > events, f"{name} changed something and no history says so"
        if not actor.is_staff:
            self.nothing_more_than_agreed(before, after)
            self.nothing_of_what_staff_stopped(before, after)
        self.books_agree()

    def somebody(self) -> Actor:
        owner = self.chance.choice(self.customers)
        accounts = list(Account.objects.filter(customer=owner))
        people = [EVA, themselves(owner), themselves(owner), themselves(owner)]
        return self.chance.choice([*people, itself(self.chance.choice(accounts))] if accounts else people)

    def deed(self, actor: Actor) -> tuple[str, Callable[[], Any]]:
        """Something, to anybody's: most often to the actor's own."""
        own = [one for one in self.customers if one.pk == actor.customer_id]
        owner = self.chance.choice([*own, *own, *own, *self.customers])
        owner = Customer.objects.get(pk=owner.pk)
        accounts = list(Account.objects.filter(customer=owner).select_related("customer", "product"))
        extensions = list(Extension.objects.filter(customer=owner).select_related("customer", "account"))
        digits = self.chance.choice(NUMBERS)
        number = StockNumber.objects.get(digits=digits)
        given: dict[str, Any] = {"actor": actor, "now": self.now}
        deeds: list[tuple[str, Callable[[], Any]]] = [
            ("open", lambda: open_account(customer=owner, **self.opening(), **given)),
            ("open", lambda: open_account(customer=owner, **self.opening(), **given)),
            ("group", lambda: add_hunt_group(customer=owner, name="Sales", number="600", **given)),
        ]
        if actor.is_staff:
            deeds += [
                ("give", lambda: give_number(number=number, customer=owner, by="eva", now=self.now)),
                ("take back", lambda: take_back_number(number=number, by="eva", now=self.now)),
            ]
        if accounts:
            one = self.chance.choice(accounts)
            deeds += [
                ("product", lambda: change_account(account=one, product=self.pick(MAIN), **given)),
                ("add-ons", lambda: change_account(account=one, addons=self.some_addons(), **given)),
                ("name", lambda: change_account(account=one, name=str(self.now), **given)),
                ("block", lambda: block_account(account=one, **given)),
                ("unblock", lambda: unblock_account(account=one, **given)),
                ("end", lambda: terminate_account(account=one, **given)),
                ("approve", lambda: approve(account=one, **given)),
                ("refuse", lambda: refuse(account=one, why="", **given)),
                ("assign", lambda: assign_number(account=one, digits=digits, **given)),
                ("release", lambda: release_number(account=one, digits=digits, **given)),
            ]
        if extensions:
            extension = self.chance.choice(extensions)
            other = str(self.chance.randint(100, 105))
            deeds += [
                ("renumber", lambda: change_extension(extension=extension, number=other, **given)),
                ("free", lambda: delete_extension(extension=extension, **given)),
            ]
        return self.chance.choice(deeds)

    def opening(self) -> dict[str, Any]:
        return {
            "product": self.pick(MAIN),
            "addons": self.some_addons(),
            "extension": self.chance.choice(("", str(self.chance.randint(100, 105)))),
            "numbers": self.chance.choice(((), (self.chance.choice(NUMBERS),))),
        }

    def pick(self, codes: tuple[str, ...]) -> Product:
        return Product.objects.get(code=self.chance.choice(codes))

    def some_addons(self) -> list[Product]:
        return [Product.objects.get(code=code) for code in ADDONS if self.chance.random() < 0.4]

    # What is looked at.

    def states(self) -> dict[int, tuple[Any, ...]]:
        """Of every account, all that deeds are about."""
        addons: dict[int, list[int]] = {}
        for account, addon in AccountProduct.objects.filter(is_addon=True, active_until=None).values_list(
            "account_id", "product_id"
        ):
            addons.setdefault(account, []).append(addon)
        numbers: dict[int, list[int]] = {}
        for account, digits in Number.objects.filter(active_until=None).values_list("account_id", "digits"):
            numbers.setdefault(account, []).append(digits)
        extensions = dict(Extension.objects.exclude(account=None).values_list("account_id", "number"))
        rows = Account.objects.values_list(
            "pk", "product_id", "state", "blocked_by", "code", "name", "active_until"
        )
        return {
            pk: (*facts, sorted(addons.get(pk, [])), sorted(numbers.get(pk, [])), extensions.get(pk))
            for pk, *facts in rows
        }

    def foreign(self, actor: Actor) -> tuple[Any, ...]:
        """All that is not the actor's, as far as they could have changed it."""
        if actor.customer_id is None:
            return ()
        others = Account.objects.exclude(customer_id=actor.customer_id)
        if actor.account_id is not None:
            others = Account.objects.exclude(pk=actor.account_id)
        pks = set(others.values_list("pk", flat=True))
        grants = NumberGrant.objects.filter(active_until=None).values_list("number_id", "customer_id")
        foreign_extensions = Extension.objects.exclude(customer_id=actor.customer_id)
        return (
            {pk: state for pk, state in self.states().items() if pk in pks},
            sorted(grants),
            sorted(foreign_extensions.values_list("pk", "number")),
        )

    def events(self) -> int:
        return AccountEvent.objects.count() + CustomerEvent.objects.count()

    def used(self, states: dict[int, tuple[Any, ...]], owner: Customer) -> Counter[int]:
        """Counted from the states, not as the agreement counts."""
        own = set(Account.objects.filter(customer=owner).values_list("pk", flat=True))
        counts: Counter[int] = Counter()
        for pk, (main, state, *rest) in states.items():
            if pk in own and state != AccountState.TERMINATED:
                counts.update([main, *rest[4]])
        return counts

    def nothing_more_than_agreed(self, before: dict[int, Any], after: dict[int, Any]) -> None:
        """What a customer's deed raised is within the agreement; what staff raised above it does not grow."""
        for owner in self.customers:
            was, became = self.used(before, owner), self.used(after, owner)
            for condition in agreement_of(owner):
                pk = condition.product.pk
                assert condition.used == became[pk]
                if became[pk] > was[pk]:
                    assert condition.quantity is None or became[pk] <= condition.quantity

    def nothing_of_what_staff_stopped(self, before: dict[int, Any], after: dict[int, Any]) -> None:
        for pk, state in before.items():
            if (state[1], state[2]) == STOPPED:
                assert after[pk] == state

    def books_agree(self) -> None:
        """Numbers are on accounts in use of whom they were given to; what has ended has nothing."""
        held = Number.objects.filter(active_until=None).select_related("account")
        granted = dict(NumberGrant.objects.filter(active_until=None).values_list("number__digits", "customer_id"))
        for number in held:
            assert number.account.state != AccountState.TERMINATED
            assert granted[number.digits] == number.account.customer_id
        ended = Account.objects.filter(state=AccountState.TERMINATED)
        assert not Extension.objects.filter(account__in=ended).exists()
        assert not AccountProduct.objects.filter(account__in=ended, active_until=None).exists()
        waiting = Account.objects.filter(approval__decided_at=None, approval__isnull=False)
        assert set(waiting.values_list("state", flat=True)) <= {AccountState.INACTIVE, AccountState.BLOCKED}


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("seed", range(2))
def test_a_walk_keeps_the_laws(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
    assert len(walk.done) >= 12, walk.done  # the walk goes everywhere
    assert {"AgreementExceeded", "NotTheirs", "BlockedByStaff"} <= set(walk.refused), walk.refused


@pytest.mark.full
@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_walks_keep_the_laws(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
