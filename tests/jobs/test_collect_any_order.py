"""Collecting, corrections, undoing, reading again and pairing in any order: at the end all is as the platform says.

A begun minute to London costs 0.012; Ann pays 23 % tax on it, Bob none.
"""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from tests.jobs.test_any_order import LOOSE_KEYS
from tests.jobs.test_collect_usage import ANN_1, BOB_1, NOBODY
from tests.jobs.toy_office import Toy, at
from tests.jobs.toy_platform import Call
from tollbook.connections.models import Connection
from tollbook.connectors.errors import TryAgainLater
from tollbook.customers.models import Customer, Number, Pairing
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.queries import balance
from tollbook.usage.models import ImportRun

STEPS = 14
SEEDS, SEEDS_IN_FULL = 4, 60
FIRST, LAST = "2017-05-31T22:00", "2017-07-10T00:00"
STEP_NAMES = ["calls", "calls", "correct", "correct", "nightly", "nightly", "nightly"]
STEP_NAMES += ["by hand", "again", "some", "away", "undo", "read again", "retry", "unpair"]


@pytest.mark.parametrize(
    "seed", [*range(SEEDS), *(pytest.param(n, marks=pytest.mark.full) for n in range(SEEDS, SEEDS_IN_FULL))]
)
def test_the_books_are_right_after_every_step_and_complete_at_the_end(toy: Toy, seed: int) -> None:
    chance = Random(seed)
    Connection.objects.filter(pk=toy.connection.pk).update(import_from=date(2017, 6, 1))
    toy.connection.refresh_from_db()
    now, told = at("2017-06-02T01:00"), list[str]()
    for _ in range(STEPS):
        now += timedelta(hours=chance.choice([1, 5, 24, 50]))
        told.append(_step(chance, toy, f"{now:%Y-%m-%dT%H:%M}"))
        assert [finding for finding in check_ledger() if finding.problems] == [], told
        with connection.cursor() as cursor:
            cursor.execute(LOOSE_KEYS)
            assert cursor.fetchall() == [], told

    if not Number.objects.filter(digits=int(NOBODY)).exists():
        Number.objects.create(
            account=Customer.objects.get(code="ann").accounts.get(code="ann-1"), digits=int(NOBODY)
        )
    Pairing.objects.filter(active_until__isnull=False).update(active_until=None, ended_by="", ended_why="")
    toy.collect(LAST, since=FIRST, again=True)
    retry_set_aside(toy.connection, now=at(LAST))

    assert _owed() == _as_the_platform_says(toy), told
    assert [finding for finding in check_ledger() if finding.problems] == [], told


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_collected_by_hand_the_nightly_collects_miss_nothing(toy: Toy, seed: int) -> None:
    chance = Random(seed)
    Connection.objects.filter(pk=toy.connection.pk).update(import_from=date(2017, 6, 1))
    toy.connection.refresh_from_db()
    for day in range(2, 20):
        _step(chance, toy, f"2017-06-{day:02d}T12:00", "calls")
    now = at("2017-06-19T01:00")
    for what in ("by hand", *(chance.choice(["nightly", "away", "by hand", "some"]) for _ in range(STEPS))):
        now += timedelta(hours=chance.choice([1, 5, 24, 50]))
        _step(chance, toy, f"{now:%Y-%m-%dT%H:%M}", "calls")
        _step(chance, toy, f"{now:%Y-%m-%dT%H:%M}", what)
    Number.objects.create(account=Customer.objects.get(code="ann").accounts.get(code="ann-1"), digits=int(NOBODY))

    toy.collect("2017-08-01T00:00")

    assert _owed() == _as_the_platform_says(toy)


def _step(chance: Random, toy: Toy, now: str, what: str = "") -> str:
    """Do something; what it was, for whom the books are not right."""
    what = what or chance.choice(STEP_NAMES)
    if what in {"undo", "read again"}:
        runs = list(ImportRun.objects.order_by("pk"))
        if runs and what == "undo":
            undo_import(chance.choice(runs), posted_at=at(now))
        elif runs:
            reprocess_usage(chance.choice(runs), now=at(now))
    elif what == "retry":
        retry_set_aside(toy.connection, now=at(now))
    elif what == "unpair":
        ended = Pairing.objects.filter(foreign_id=chance.choice(["c1", "c3"]), active_until=None)
        ended.update(active_until=at(now) - timedelta(days=1), ended_by="x", ended_why="left")
    else:
        _collect(chance, toy, now, what)
    return what


def _collect(chance: Random, toy: Toy, now: str, what: str) -> None:
    """Something happens at the platform, or is collected."""
    calls = toy.platform.calls
    days = sorted(chance.sample(range(1, 30), 2))
    period = {"since": f"2017-06-{days[0]:02d}T00:00", "until": f"2017-06-{days[1]:02d}T00:00"}
    match what:
        case "calls":
            calls += [_call(chance, len(calls) + number, now) for number in (1, 2)]
        case "correct" if calls:
            toy.platform.correct(chance.choice(calls).id, seconds=chance.choice([60, 61, 600]))
        case "nightly":
            toy.collect(now)
        case "by hand":
            toy.collect(now, **period)
        case "again":
            toy.collect(now, **(period if chance.random() < 0.5 else {}), again=True)
        case "some":
            toy.collect(now, customers=[chance.choice(["ann", "c2", "c3"])])
        case "away":
            toy.platform.failing = {chance.choice(["c1", "c3"]): TryAgainLater("busy", platform="toy")}
            toy.collect(now)
            toy.platform.failing = {}


def _call(chance: Random, id: int, now: str) -> Call:
    """One that ends, and is written down, now or up to two days later, but begun before."""
    customer, cli = chance.choice([("c1", ANN_1), ("c2", ANN_1), ("c3", BOB_1), ("c1", NOBODY)])
    written = at(now) + timedelta(minutes=chance.choice([0, 20, 2880]))
    begun = at(now) - timedelta(minutes=chance.choice([1, 90]))
    seconds = chance.choice([60, 61, 600])
    return Call(
        id=id, customer=customer, start=begun.isoformat(), seconds=seconds, cli=cli, written_at=written.isoformat()
    )


def _owed() -> dict[str, Decimal]:
    return {code: balance(Customer.objects.get(code=code), "EUR").amount for code in ("ann", "bob")}


def _as_the_platform_says(toy: Toy) -> dict[str, Decimal]:
    minutes = {"ann": 0, "bob": 0}
    for call in toy.platform.calls:
        minutes["bob" if call.customer == "c3" else "ann"] += -(-call.seconds // 60)
    price = Decimal("0.012")
    return {"ann": minutes["ann"] * price * Decimal("1.23"), "bob": minutes["bob"] * price}
