"""A PBX of many tenants: however its calls are listed or pushed, each is billed once."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import transaction

from simulators.faults import Fault
from simulators.vodia import Simulator, push
from tests.jobs.books import Books, books
from tests.jobs.office import NOON, price_tariff
from tests.jobs.simulated import QUICK, undone
from tests.jobs.test_collect_simulated import FAULTS
from tests.jobs.toy_office import at
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.pushed import Pushed
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, AccountLink, Customer, Pairing
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.collect_usage import collect_usage
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import CollectRun
from tollbook.usage.pushing import keep_message

TENANTS = ("harbourlights.example.ca", "maplelane.example.ca")
AFTER = "2017-07-01T12:00"
A_CENT_A_SECOND = "prefix,price,increment\n,0.60,1/1\n"
CENT = 10_000_000  # nano-units
PUSHED_CALLS = 80  # of each tenant


@pytest.fixture
def vodia() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def pbx(vodia: Simulator, folder: Path, **settings: str) -> Connection:
    """Two tenants are ours, with an account for each extension; outgoing calls are billed."""
    made = set_connection(
        name="pbx",
        kind="vodia",
        settings={"url": vodia.url, "login": vodia.login, **QUICK, **settings},
        secrets={"password": Secret(vodia.password), "push_secret": Secret("a-secret-of-the-pbx-1")},
        timezone="America/Toronto",
        number_rules={"country": "CA"},
        import_from=date(2017, 5, 31),
    )
    price_tariff("cents", A_CENT_A_SECOND, folder, settings=TariffSettings(currency="CAD", country="CA"))
    product = set_product(
        code="extension", name="Extension", tariffs={"voice_out": "cents", "voice_in": None, "voice_local": None}
    )
    for tenant in vodia.tenants:
        if tenant.name not in TENANTS:
            continue
        customer = Customer.objects.create(
            code=tenant.name,
            name=tenant.name,
            currency="CAD",
            timezone="America/Toronto",
            tax_rate=13,
            country="CA",
        )
        Pairing.objects.create(
            customer=customer,
            connection=made,
            foreign_id=tenant.name,
            decided_at=NOON,
            decided_by="a person",
            why="so",
        )
        for extension in tenant.extensions:
            id = f"{extension.number}@{tenant.name}"
            account = Account.objects.create(customer=customer, product=product, code=id)
            AccountLink.objects.create(account=account, connection=made, foreign_id=id, seen_at=NOON)
    return made


@pytest.fixture
def listed(db: None, vodia: Simulator, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    return pbx(vodia, tmp_path)


@pytest.fixture
def pushed(db: None, vodia: Simulator, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    return pbx(vodia, tmp_path, usage_from="push")


def collect(platform: Connection, now: str = AFTER, **wish: object) -> CollectRun:
    run = collect_usage(platform, now=at(now), asked_by="a test", **wish)  # type: ignore[arg-type]
    assert run.state == "done", run.problems
    return run


def test_at_once_day_by_day_or_again_is_the_same_month(listed: Connection) -> None:
    def day_by_day() -> None:
        for day in range(4, 30, 4):
            collect(listed, f"2017-06-{day:02d}T05:00")
        collect(listed)

    def again() -> None:
        collect(listed, "2017-06-15T12:00")
        collect(listed)
        collect(listed, again=True)

    at_once = undone(lambda: collect(listed))
    assert len(at_once["usage"]) == 500
    assert undone(day_by_day) == at_once
    assert undone(again) == at_once


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_after_any_fault_and_a_repeat_the_books_are_those_of_an_undisturbed_month(
    listed: Connection, vodia: Simulator, fault: Fault
) -> None:
    collect(listed, "2017-06-15T12:00")
    before = books()
    undisturbed = undone(lambda: collect(listed))
    assert len(undisturbed["usage"]) > len(before["usage"])

    for times in (1, None):
        with transaction.atomic():
            vodia.faults.set([replace(fault, match="/cdrs", after=1, times=times)])
            run = collect_usage(listed, now=at(AFTER), asked_by="a test")
            assert set(before["usage"]) <= set(books()["usage"])
            if times is None and fault.kind not in {"slow", "expire_session"}:  # Basic knows no session
                assert run.state in {"partial", "failed"}, run.problems
            vodia.faults.set([])
            collect(listed, "2017-07-01T13:00")
            assert books() == undisturbed
            assert [finding for finding in check_ledger() if finding.problems] == []
            transaction.set_rollback(True)


def test_calls_that_arrive_while_the_list_is_read_are_billed_once(listed: Connection, vodia: Simulator) -> None:
    vodia.arrives(3, after_pages=1)
    vodia.arrives(3, after_pages=3)
    collect(listed)
    collect(listed, "2017-07-01T13:00")
    keys = sorted(row[1].partition(" ")[0] for row in books()["usage"])
    assert keys == sorted(f"{call.id}@{call.tenant}" for call in vodia.calls if call.tenant in TENANTS)
    assert [finding for finding in check_ledger() if finding.problems] == []


def test_a_call_of_two_and_a_half_seconds_costs_three_cents(listed: Connection, vodia: Simulator) -> None:
    """2.506 s are three seconds begun. Each tenant has one such call, one of them dialled as in the country."""
    collect(listed)
    found = {row[1].partition(" ")[0]: row for row in books()["usage"]}
    short = [
        one for one in vodia.calls if one.tenant in TENANTS and one.kind == "outbound" and one.duration_ms == 2_506
    ]
    assert {one.tenant for one in short} == set(TENANTS)
    for call in short:
        row = found[f"{call.id}@{call.tenant}"]
        assert (row[4], row[8]) == (2_506_000, f"{call.extension}@{call.tenant}")
        assert (row[9], row[13]) == ("charged", 3 * CENT)


def send(platform: Connection, bodies: list[bytes]) -> None:
    """As the web process keeps what is sent."""
    for body in bodies:
        keep_message(platform.pk, Pushed(received_at=at(AFTER), content_type="application/json", body=body))


def legs(vodia: Simulator) -> list[list[bytes]]:
    """The messages about each call."""
    return [
        push.messages(call)
        for tenant in TENANTS
        for call in [one for one in vodia.calls if one.tenant == tenant][:PUSHED_CALLS]
    ]


def test_legs_in_any_order_at_once_or_in_two_visits_give_the_same_books(
    pushed: Connection, vodia: Simulator
) -> None:
    calls = legs(vodia)

    def sent(*visits: list[bytes]) -> Callable[[], None]:
        def do() -> None:
            for bodies in visits:
                send(pushed, bodies)
                collect(pushed)

        return do

    def books_after(*visits: list[bytes]) -> Books:
        return undone(sent(*visits))

    every = [body for call in calls for body in call]
    shuffled = random.Random(1).sample(every, len(every))
    first, rest = [call[0] for call in calls], [body for call in calls for body in call[1:]]
    whole = books_after(every)
    assert sum(row[10] != "leg" for row in whole["usage"]) == 2 * PUSHED_CALLS
    assert books_after(every[::-1]) == whole
    assert books_after(shuffled, every) == whole
    assert books_after(first, rest) == whole  # the telephones' legs before the trunks'
    assert books_after(rest, first) == whole  # and after them


def test_pushed_and_listed_the_same_calls_cost_the_same(
    db: None, vodia: Simulator, tmp_path: Path, settings: LazySettings
) -> None:
    settings.TOLLBOOK_HOME = tmp_path

    def owed() -> list[tuple[object, ...]]:
        return [(row[8], row[3], row[4], row[13]) for row in books()["usage"] if row[9] == "charged"]

    def by_list() -> None:
        collect(pbx(vodia, tmp_path))
        results.append(sorted(owed(), key=repr))

    def by_push() -> None:
        platform = pbx(vodia, tmp_path, usage_from="push")
        send(platform, [body for call in vodia.calls if call.tenant in TENANTS for body in push.messages(call)])
        collect(platform)
        results.append(sorted(owed(), key=repr))

    results: list[list[tuple[object, ...]]] = []
    undone(by_list)
    undone(by_push)
    assert results[0] == results[1] != []
