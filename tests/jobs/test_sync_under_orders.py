"""What we had a platform do to somebody's accounts is not taken for the platform's own doing by the next sync."""

import pytest

from tests.jobs.accounts_diary import ONE, accounts, open_diary
from tests.jobs.platform import Diary
from tollbook.connectors.base import State
from tollbook.credit.models import HeldBy, SuspensionOrder
from tollbook.credit.operations import resume, suspend
from tollbook.credit.operations.report import report_done
from tollbook.customers.models import Account, Customer


@pytest.fixture
def diary(db: None) -> Diary:
    """Acme's only card, active."""
    diary = open_diary()
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    return diary


def stands() -> str:
    """The state of acme's only account, and who blocked it."""
    account = Account.objects.get()
    return f"{account.state} {account.blocked_by}".strip()


def sync(diary: Diary, state: State) -> str:
    diary.sim("1", "100", ONE, state=state)
    diary.day = diary.day.replace(day=diary.day.day + 1)
    diary.sync_accounts()
    return stands()


def said_done(diary: Diary) -> None:
    for order in SuspensionOrder.objects.exclude(state="superseded"):
        report_done(order, by="eve", why="", now=diary.day)


def test_accounts_stopped_with_their_customer_stay_as_they_are(diary: Diary) -> None:
    acme = Customer.objects.get(code="acme")
    suspend(customer=acme, by="eve", now=diary.day)
    assert sync(diary, State.BLOCKED) == "active"
    said_done(diary)
    assert sync(diary, State.BLOCKED) == "active"

    resume(customer=acme, by="eve", now=diary.day)
    assert sync(diary, State.BLOCKED) == "active"  # not resumed there yet
    said_done(diary)
    assert sync(diary, State.ACTIVE) == "active"

    assert sync(diary, State.BLOCKED) == "blocked platform"  # this is none of our doing


def test_an_account_held_alone_is_blocked_by_who_holds_it(diary: Diary) -> None:
    account = Account.objects.get()
    suspend(customer=account.customer, account=account, held_by=HeldBy.CREDIT, by="credit", now=diary.day)
    assert sync(diary, State.ACTIVE) == "blocked credit"
    assert sync(diary, State.BLOCKED) == "blocked credit"
    resume(customer=account.customer, account=account, held_by=HeldBy.CREDIT, by="credit", now=diary.day)
    assert sync(diary, State.BLOCKED) == "active"


def test_what_is_closed_there_is_closed_here_whatever_holds(diary: Diary) -> None:
    suspend(customer=Customer.objects.get(code="acme"), by="eve", now=diary.day)
    assert sync(diary, State.CLOSED) == "terminated"
    assert accounts() == [f"acme/{ONE} terminated - 03-02"]
