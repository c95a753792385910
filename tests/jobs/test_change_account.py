"""What customers and accounts may change, who blocks whom, and what ends with an account."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.jobs.agreed import (
    EVA,
    JUNE_1,
    JUNE_11,
    JUNE_12,
    JUNE_20,
    customer,
    give,
    history,
    itself,
    product,
    themselves,
)
from tollbook.billing.models import Subscription
from tollbook.billing.operations.subscriptions import end_subscription, subscribe
from tollbook.catalog.models import SubscriptionPlan
from tollbook.credit.models import HeldBy
from tollbook.credit.operations import resume, suspend
from tollbook.customers.actors import Actor
from tollbook.customers.errors import BlockedByStaff, NotTheirs, NumberTaken
from tollbook.customers.models import (
    Account,
    AccountProduct,
    AccountState,
    BlockedBy,
    Customer,
    CustomerState,
    Extension,
    Number,
    NumberGrant,
)
from tollbook.customers.operations.extensions import (
    add_hunt_group,
    change_extension,
    delete_extension,
)
from tollbook.customers.operations.numbers import (
    assign_number,
    give_number,
    release_number,
    take_back_number,
)
from tollbook.customers.queries import directory
from tollbook.errors import BadInput
from tollbook.jobs.change_account import block_account, change_account, unblock_account
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.close_customer import close_customer
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account
from tollbook.records import USAGE
from tollbook.usage.matching import match_accounts

pytestmark = pytest.mark.usefixtures("db")

DID = 12094555948


@pytest.fixture
def acme() -> Customer:
    product("pbx", monthly="30")
    product("basic")
    made = customer(pbx=None, basic=None)
    give(made, DID)
    return made


@pytest.fixture
def anna(acme: Customer) -> Account:
    pbx = acme.agreements.get(product__code="pbx").product
    return open_account(
        actor=themselves(acme), customer=acme, product=pbx, extension="101", numbers=[DID], now=JUNE_1
    )


@pytest.mark.req("P6")
def test_what_staff_blocked_the_customer_cannot_manage_at_all(acme: Customer, anna: Account) -> None:
    me = themselves(acme)
    group = add_hunt_group(
        actor=me, customer=acme, name="Sales", number="600", members=[anna.extension], now=JUNE_1
    )
    # Their own account they block and unblock as they like.
    assert block_account(actor=me, account=anna, now=JUNE_11).blocked_by == BlockedBy.CUSTOMER
    assert unblock_account(actor=me, account=anna, now=JUNE_11).state == AccountState.ACTIVE

    block_account(actor=EVA, account=anna, why="fraud", now=JUNE_12)

    basic = acme.agreements.get(product__code="basic").product
    deeds: list[Callable[[], object]] = [
        lambda: unblock_account(actor=me, account=anna, now=JUNE_20),
        lambda: block_account(actor=me, account=anna, now=JUNE_20),
        lambda: change_account(actor=me, account=anna, product=basic, now=JUNE_20),
        lambda: change_account(actor=me, account=anna, name="Somebody else", now=JUNE_20),
        lambda: change_account(actor=itself(anna), account=anna, follow_me=["12125550100"], now=JUNE_20),
        lambda: terminate_account(actor=me, account=anna, now=JUNE_20),
        lambda: assign_number(actor=me, account=anna, digits=DID, now=JUNE_20),
        lambda: release_number(actor=me, account=anna, digits=DID, now=JUNE_20),
        lambda: change_extension(actor=me, extension=anna.extension, number="102", now=JUNE_20),
        lambda: change_extension(actor=me, extension=anna.extension, account=None, now=JUNE_20),
        lambda: delete_extension(actor=me, extension=anna.extension, now=JUNE_20),
    ]
    before = looks(anna)
    for deed in deeds:
        with pytest.raises(BlockedByStaff, match="blocked by your operator"):
            deed()
    assert looks(anna) == before
    assert [one.extension.number for one in group.members.all()] == ["101"]
    # What the customer blocked himself before stays blocked when staff lift only their own.
    unblock_account(actor=EVA, account=anna, now=JUNE_20)
    assert unblock_account(actor=me, account=anna, now=JUNE_20).state == AccountState.ACTIVE
    assert history(anna)[-4:] == ["blocked", "unblocked", "blocked", "unblocked"]


def looks(account: Account) -> dict[str, Any]:
    row = dict(Account.objects.filter(pk=account.pk).values().get())
    extension = Extension.objects.get(account=account)
    return row | {"extension": extension.number, "numbers": list(account.numbers.values_list("digits", flat=True))}


def test_a_customer_whom_staff_stopped_as_a_whole_manages_nothing(acme: Customer, anna: Account) -> None:
    me = themselves(acme)
    suspend(customer=acme, held_by=HeldBy.STAFF, by="eva", now=JUNE_11)
    for deed in (block_account, unblock_account, terminate_account):
        with pytest.raises(BlockedByStaff):
            deed(actor=me, account=anna, now=JUNE_12)
    with pytest.raises(BlockedByStaff):
        open_account(actor=me, customer=acme, product=anna.product, extension="102", now=JUNE_12)
    resume(customer=acme, by="eva", now=JUNE_12)
    assert block_account(actor=me, account=anna, now=JUNE_12).state == AccountState.BLOCKED


def test_what_credit_control_holds_the_customer_does_not_free(acme: Customer, anna: Account) -> None:
    suspend(customer=acme, account=anna, held_by=HeldBy.CREDIT, by="credit control", now=JUNE_11)
    anna.refresh_from_db()
    with pytest.raises(BadInput, match="stays blocked by your operator, for its funds"):
        unblock_account(actor=themselves(acme), account=anna, now=JUNE_12)
    anna.refresh_from_db()
    assert (anna.state, anna.blocked_by) == (AccountState.BLOCKED, BlockedBy.CREDIT)


def test_an_account_changes_of_itself_what_is_harmless(acme: Customer, anna: Account) -> None:
    own = itself(anna)
    change_account(actor=own, account=anna, name="Anna", email="anna@acme.example", follow_me=["1"], now=JUNE_11)
    assert history(anna)[-3:] == ["changed", "changed", "changed"]
    basic = acme.agreements.get(product__code="basic").product
    other = open_account(actor=themselves(acme), customer=acme, product=basic, extension="102", now=JUNE_1)
    refused: list[Callable[[], object]] = [
        lambda: change_account(actor=own, account=anna, product=basic, now=JUNE_11),
        lambda: change_account(actor=own, account=anna, addons=[], now=JUNE_11),
        lambda: change_account(actor=own, account=anna, service_password="secret123", now=JUNE_11),
        lambda: change_account(actor=own, account=anna, features={"international": True}, now=JUNE_11),
        lambda: change_account(actor=own, account=other, name="Bob", now=JUNE_11),
        lambda: block_account(actor=own, account=anna, now=JUNE_11),
        lambda: unblock_account(actor=own, account=anna, now=JUNE_11),
        lambda: terminate_account(actor=own, account=anna, now=JUNE_11),
        lambda: assign_number(actor=own, account=anna, digits=DID, now=JUNE_11),
        lambda: change_extension(actor=own, extension=anna.extension, number="1", now=JUNE_11),
    ]
    for deed in refused:
        with pytest.raises(NotTheirs):
            deed()
    with pytest.raises(NotTheirs, match="expires on is for staff"):
        change_account(actor=themselves(acme), account=anna, expires_on=JUNE_20.date(), now=JUNE_11)


def test_what_ends_is_free_again_and_its_record_stays(acme: Customer, anna: Account) -> None:
    me = themselves(acme)
    group = add_hunt_group(
        actor=me, customer=acme, name="Sales", number="600", members=[anna.extension], now=JUNE_1
    )
    code, pbx = anna.code, anna.product

    terminate_account(actor=me, account=anna, why="Anna left", now=JUNE_11)

    anna.refresh_from_db()
    assert (anna.state, anna.code, anna.active_until) == (AccountState.TERMINATED, f"{code}-old000", JUNE_11)
    assert anna.numbers.get().active_until == JUNE_11
    assert NumberGrant.objects.get(active_until=None).customer == acme  # the number is theirs still
    assert not group.members.exists()
    # The day it ended is paid for: 12 June is the first without it.
    assert [one.ends_on.day for one in Subscription.objects.all() if one.ends_on] == [12]
    ending = anna.events.get(what="terminated")
    assert (ending.detail, ending.by) == (
        f"was {code}, is {code}-old000 from now on: Anna left",
        "customer acme",
    )
    for deed in (terminate_account, block_account, unblock_account, change_account):
        with pytest.raises(BadInput, match="has ended"):
            deed(actor=EVA, account=anna, now=JUNE_12)
    # Code, extension and number go to somebody new, and are free once more when that one ends.
    again = open_account(actor=me, customer=acme, product=pbx, extension="101", numbers=[DID], now=JUNE_12)
    assert again.code == code
    terminate_account(actor=me, account=again, now=JUNE_20)
    assert again.code == f"{code}-old001"


def test_late_usage_finds_who_had_the_code_when_it_was_used(acme: Customer, anna: Account) -> None:
    code = anna.code
    terminate_account(actor=EVA, account=anna, now=JUNE_11)

    def whose(start: datetime) -> tuple[int | None, str | None]:
        call = {"kind": "voice_out", "start": start, "cli": "", "cld": "", "account_ref": code}
        matched = match_accounts(pl.DataFrame([call], schema=USAGE), directory(), ["account"])
        return matched["account_id"][0], matched["match_reason"][0]

    noon = datetime(2026, 6, 11, 12, tzinfo=UTC)
    assert whose(JUNE_1) == (anna.pk, None)
    assert whose(noon) == (anna.pk, "account_closed")
    basic = acme.agreements.get(product__code="basic").product
    bob = open_account(actor=EVA, customer=acme, product=basic, extension="101", now=JUNE_12)
    assert bob.code == code
    assert whose(JUNE_1) == (anna.pk, None)
    assert whose(noon) == (bob.pk, "account_closed")  # nobody's time: somebody must look
    assert whose(JUNE_20) == (bob.pk, None)
    terminate_account(actor=EVA, account=bob, now=JUNE_20)
    assert whose(JUNE_1) == (anna.pk, None)
    assert whose(datetime(2026, 6, 15, tzinfo=UTC)) == (bob.pk, None)
    assert whose(datetime(2026, 7, 1, tzinfo=UTC)) == (bob.pk, "account_closed")


def test_products_over_time_are_kept(acme: Customer, anna: Account) -> None:
    basic = acme.agreements.get(product__code="basic").product
    pbx = anna.product
    change_account(actor=themselves(acme), account=anna, product=basic, now=JUNE_11)
    change_account(actor=themselves(acme), account=anna, product=pbx, now=JUNE_12)
    spans = AccountProduct.objects.filter(account=anna).order_by("active_from")
    assert [(one.product.code, one.active_from, one.active_until) for one in spans] == [
        ("pbx", JUNE_1, JUNE_11),
        ("basic", JUNE_11, JUNE_12),
        ("pbx", JUNE_12, None),
    ]
    change_account(actor=themselves(acme), account=anna, product=pbx, name="", now=JUNE_20)
    assert AccountProduct.objects.count() == 3  # the same again is no change


def test_numbers_go_from_stock_to_customer_to_account_and_back(acme: Customer, anna: Account) -> None:
    me = themselves(acme)
    number = NumberGrant.objects.get(customer=acme).number
    with pytest.raises(NumberTaken, match=f"on account {anna.code}; release it there first"):
        take_back_number(number=number, by="eva", now=JUNE_11)
    release_number(actor=me, account=anna, digits=DID, now=JUNE_11)
    assign_number(actor=me, account=anna, digits=DID, now=JUNE_12)
    periods = anna.numbers.order_by("active_from").values_list("active_from", "active_until")
    assert list(periods) == [(JUNE_1, JUNE_11), (JUNE_12, None)]
    release_number(actor=me, account=anna, digits=DID, now=JUNE_20)
    take_back_number(number=number, by="eva", now=JUNE_20)
    # Staff may put it on an account from the stock, too.
    put_on = Number.objects.create(account=anna, digits=DID, active_from=JUNE_20)
    with pytest.raises(NumberTaken, match=f"on account {anna.code}; release it there first"):
        take_back_number(number=number, by="eva", now=JUNE_20)
    put_on.delete()
    beta = customer("beta")
    give_number(number=number, customer=beta, by="eva", now=JUNE_20)
    with pytest.raises(NumberTaken, match="is given to beta"):
        give_number(number=number, customer=acme, by="eva", now=JUNE_20)
    assert list(acme.events.filter(what__startswith="number").values_list("what", flat=True)) == [
        "number_given",
        "number_taken_back",
    ]


def test_who_is_closed_before_a_subscription_was_to_end_pays_no_further(acme: Customer) -> None:
    """30 dollars a month from 1 June, cancelled for the end of August; closed on 11 June, which is paid for."""
    flat = SubscriptionPlan.objects.create(code="flat", name="Flat", currency="USD", fee=Decimal(30))
    one = subscribe(customer=acme, plan=flat, starts_on=date(2026, 6, 1), by="eva", now=JUNE_1)
    end_subscription(subscription=one, on=date(2026, 9, 1), by="eva", now=JUNE_1)
    close_customer(actor=EVA, customer=acme, why="", now=JUNE_11)
    charge_fees(upto=date(2026, 9, 1), now=datetime(2026, 9, 1, 12, tzinfo=UTC), customer=acme)
    one.refresh_from_db()
    assert one.ends_on == date(2026, 6, 12)
    assert sum(one.charges.values_list("amount", flat=True)) == 11


def test_a_customer_who_is_closed_has_nothing_any_more(acme: Customer, anna: Account) -> None:
    with pytest.raises(NotTheirs):
        close_customer(actor=themselves(acme), customer=acme, why="", now=JUNE_11)
    close_customer(actor=EVA, customer=acme, why="moved abroad", now=JUNE_11)
    acme.refresh_from_db()
    anna.refresh_from_db()
    assert (acme.state, anna.state) == (CustomerState.CLOSED, AccountState.TERMINATED)
    assert not NumberGrant.objects.filter(active_until=None).exists()
    assert not Subscription.objects.filter(ends_on=None).exists()
    for deed in (
        lambda: close_customer(actor=EVA, customer=acme, why="", now=JUNE_12),
        lambda: open_account(actor=EVA, customer=acme, product=anna.product, extension="1", now=JUNE_12),
    ):
        with pytest.raises(BadInput, match="customer acme is closed"):
            deed()


def test_nobody_else_can_do_anything(acme: Customer, anna: Account) -> None:
    beta = customer("beta")
    strangers: list[Actor] = [themselves(beta)]
    for stranger in strangers:
        for deed in (change_account, block_account, unblock_account, terminate_account):
            with pytest.raises(NotTheirs, match="nothing of yours by that name"):
                deed(actor=stranger, account=anna, now=JUNE_11)
        with pytest.raises(NotTheirs):
            delete_extension(actor=stranger, extension=anna.extension, now=JUNE_11)
        with pytest.raises(NotTheirs):
            add_hunt_group(
                actor=stranger, customer=beta, name="Theirs", number="600", members=[anna.extension], now=JUNE_11
            )
