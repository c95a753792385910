"""Both ways to sell extensions, which customers open themselves: a fee for each, or one fee for several of them."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.jobs.agreed import JUNE_1, customer, product, themselves
from tests.jobs.fee_office import add_plan, charge, charged, noon, owed
from tollbook.billing.operations.subscriptions import subscribe
from tollbook.catalog.models import Product
from tollbook.customers.errors import AgreementExceeded
from tollbook.customers.models import Account, Customer
from tollbook.jobs.change_account import block_account, change_account, unblock_account
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account


@pytest.fixture(autouse=True)
def operator(db: None, settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    settings.TOLLBOOK_HOME = tmp_path
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []


def open_lines(owner: Customer, line: Product, *extensions: int, now: datetime = JUNE_1) -> list[Account]:
    """Opened by the customer."""
    return [
        open_account(
            actor=themselves(owner), customer=owner, product=line, extension=str(extension), name="Line", now=now
        )
        for extension in extensions
    ]


@pytest.mark.req("P2")
def test_both_commercial_models() -> None:
    """Six dollars a line, any number; and up to ten for thirty dollars, charged at sign-up, the eleventh refused."""
    by_line, free_line = product("by-line", monthly="6"), product("free-line")

    each = customer("each", **{"by-line": None})
    open_lines(each, by_line, *range(101, 113))
    assert owed(each) == 12 * 6

    flat = customer("flat", **{"free-line": 10})
    subscribe(customer=flat, plan=add_plan("ten-lines", "30"), by="sales", now=JUNE_1)
    assert owed(flat) == 30  # before there is any line
    lines = open_lines(flat, free_line, *range(101, 111))
    with pytest.raises(AgreementExceeded):
        open_lines(flat, free_line, 111)
    assert owed(flat) == 30

    charge("07-01")
    assert (owed(each), owed(flat)) == (Decimal(2 * 12 * 6), Decimal(2 * 30))

    # Another line in the place of one that was ended costs nothing; where lines have a fee, it costs its days.
    terminate_account(actor=themselves(flat), account=lines[0], now=noon("07-10"))
    open_lines(flat, free_line, 111, now=noon("07-10"))
    assert owed(flat) == 60
    open_lines(each, by_line, 113, now=noon("07-01"))
    assert owed(each) == 144 + 6


def test_an_attendant_a_switchboard_and_recording_by_the_line() -> None:
    """6 for the auto attendant, 10 for each of three lines, 4 for the two that are recorded: 44 dollars a month."""
    attendant, pbx = product("auto-attendant", monthly="6"), product("cloud-pbx", monthly="10")
    recording = product("call-recording", monthly="4", is_addon=True, goes_with=[pbx])
    acme = customer("acme", **{"auto-attendant": 1, "cloud-pbx": None, "call-recording": None})
    me = themselves(acme)

    open_account(actor=me, customer=acme, product=attendant, is_auto_attendant=True, name="Main", now=JUNE_1)
    first, second, _ = open_lines(acme, pbx, 101, 102, 103)
    for line in (first, second):
        change_account(actor=me, account=line, addons=[recording], now=JUNE_1)

    assert owed(acme) == 6 + 3 * 10 + 2 * 4
    charge("07-01")
    assert owed(acme) == 2 * 44


def test_five_lines_and_one_recording_for_twenty_dollars() -> None:
    line = product("line")
    recording = product("recording", is_addon=True)
    acme = customer("acme", line=5, recording=1)
    subscribe(customer=acme, plan=add_plan("five-and-one", "20"), by="sales", now=JUNE_1)

    lines = open_lines(acme, line, *range(101, 106))
    change_account(actor=themselves(acme), account=lines[0], addons=[recording], now=JUNE_1)

    with pytest.raises(AgreementExceeded):
        open_lines(acme, line, 106)
    with pytest.raises(AgreementExceeded):
        change_account(actor=themselves(acme), account=lines[1], addons=[recording], now=JUNE_1)
    charge("07-01")
    assert owed(acme) == 40


def test_days_that_the_customer_blocked_cost_nothing_where_the_plan_says_so() -> None:
    """30 dollars, blocked from the afternoon of the 4th to that of the 15th: the 5th to the 14th are credited."""
    line = product("line", monthly="30")
    assert line.plan is not None
    line.plan.waives = ["blocked_by_customer"]
    line.plan.save()
    acme = customer("acme", line=None)
    (account,) = open_lines(acme, line, 101)

    block_account(actor=themselves(acme), account=account, now=noon("06-04"))
    unblock_account(actor=themselves(acme), account=account, now=noon("06-15"))
    charge("06-16")

    assert len(charged(acme)) == 1 + 10
    assert owed(acme) == Decimal(20)
