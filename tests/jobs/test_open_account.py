"""Opening accounts: how they are called, what they get, what is agreed."""

from typing import Any

import pytest

from tests.jobs.agreed import (
    EVA,
    JUNE_1,
    JUNE_11,
    JUNE_12,
    agree,
    customer,
    give,
    history,
    itself,
    product,
    themselves,
)
from tollbook.billing.models import Subscription
from tollbook.catalog.models import Role
from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.errors import (
    AgreementExceeded,
    DoesNotGoWith,
    DuplicateCode,
    NotInAgreement,
    NotTheirs,
    NumberNotYours,
    NumberTaken,
)
from tollbook.customers.models import Account, AccountState, Customer, Number
from tollbook.customers.operations.agreements import set_agreement
from tollbook.customers.operations.extensions import add_extension, add_hunt_group
from tollbook.customers.operations.numbers import assign_number
from tollbook.customers.operations.service_passwords import service_password
from tollbook.errors import BadInput
from tollbook.jobs.approve_account import approve, refuse, tick
from tollbook.jobs.change_account import block_account, change_account, unblock_account
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account

pytestmark = pytest.mark.usefixtures("db")

WORKED_EXAMPLE = 46170  # the customer's id in the extension management guide


def example_customer() -> Customer:
    made = customer(pbx=None)
    Customer.objects.filter(pk=made.pk).update(code="moved")
    example = Customer.objects.create(pk=WORKED_EXAMPLE, code="example", name="Example", currency="USD")
    agree(example, pbx=None)
    return example


def used(customer: Customer) -> dict[str, tuple[int, int | None]]:
    """By product: how many are used, and how many are agreed."""
    return {one.product.code: (one.used, one.quantity) for one in agreement_of(customer)}


@pytest.mark.req("P3")
def test_one_extension_makes_its_account_and_its_numbers_are_aliases() -> None:
    pbx = product("pbx")
    example = example_customer()
    me = themselves(example)
    give(example, 12094555948, 12094555949)

    line = open_account(
        actor=me, customer=example, product=pbx, extension="4665", numbers=[12094555949], now=JUNE_1
    )
    attendant = open_account(
        actor=me, customer=example, product=pbx, is_auto_attendant=True, numbers=[12094555948], now=JUNE_1
    )

    assert (line.code, line.role, line.extension.number) == ("ph46170x4665", Role.UNIVERSAL, "4665")
    assert (attendant.code, attendant.role) == ("ph46170aa1", Role.UNIVERSAL)
    assert list(attendant.numbers.values_list("digits", flat=True)) == [12094555948]
    assert list(line.numbers.values_list("digits", flat=True)) == [12094555949]
    # The next attendant has the next number, and that of one that has ended is not given again.
    assert open_account(actor=me, customer=example, product=pbx, now=JUNE_1).code == "ph46170aa2"
    terminate_account(actor=me, account=Account.objects.get(code="ph46170aa2"), now=JUNE_11)
    assert open_account(actor=me, customer=example, product=pbx, now=JUNE_11).code == "ph46170aa3"
    # Only numbers that were given to the customer, and not twice.
    for digits, error in ((12094555950, NumberNotYours), (12094555948, NumberTaken)):
        with pytest.raises(error):
            open_account(actor=me, customer=example, product=pbx, extension="4666", numbers=[digits], now=JUNE_11)
    assert not Account.objects.filter(code="ph46170x4666").exists()


@pytest.mark.req("P1")
def test_customers_use_what_is_agreed_and_staff_what_they_like() -> None:
    pbx, sim = product("pbx"), product("sim")
    recording = product("recording", is_addon=True)
    product("gold")
    old = product("old", is_hidden=True)
    acme = customer(pbx=2, recording=1, old=None)
    me = themselves(acme)
    assert used(acme) == {"old": (0, None), "pbx": (0, 2), "recording": (0, 1)}

    first = open_account(actor=me, customer=acme, product=pbx, extension="1", addons=[recording], now=JUNE_1)
    second = open_account(actor=me, customer=acme, product=pbx, extension="2", now=JUNE_1)
    assert used(acme) == {"old": (0, None), "pbx": (2, 2), "recording": (1, 1)}

    with pytest.raises(AgreementExceeded, match="pbx: 2 of 2 agreed are used"):
        open_account(actor=me, customer=acme, product=pbx, extension="3", now=JUNE_1)
    with pytest.raises(AgreementExceeded, match="recording: 1 of 1"):
        change_account(actor=me, account=second, addons=[recording], now=JUNE_1)
    for other in (sim, old):  # not listed; listed, and not offered any more
        with pytest.raises(NotInAgreement, match=f"{other.code} is not in your agreement"):
            open_account(actor=me, customer=acme, product=other, now=JUNE_1)
        with pytest.raises(NotInAgreement):
            change_account(actor=me, account=second, product=other, now=JUNE_1)

    # A blocked account holds its product; one that has ended or changed does not.
    block_account(actor=me, account=first, now=JUNE_11)
    assert used(acme)["pbx"] == (2, 2)
    agree(acme, sim=None)
    change_account(actor=me, account=second, product=sim, now=JUNE_11)
    assert used(acme)["pbx"] == (1, 2)
    third = open_account(actor=me, customer=acme, product=pbx, extension="3", now=JUNE_11)
    with pytest.raises(AgreementExceeded):  # the way back is as narrow as the way in
        change_account(actor=me, account=second, product=pbx, now=JUNE_11)
    terminate_account(actor=me, account=third, now=JUNE_11)
    change_account(actor=me, account=second, product=pbx, now=JUNE_11)
    assert used(acme)["pbx"] == (2, 2)

    # Staff are not bound; what they make is counted.
    open_account(actor=EVA, customer=acme, product=pbx, extension="4", now=JUNE_11)
    open_account(actor=EVA, customer=acme, product=old, extension="5", now=JUNE_11)
    assert used(acme) == {"old": (1, None), "pbx": (3, 2), "recording": (1, 1), "sim": (0, None)}


def test_a_smaller_agreement_takes_nothing_away() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    for extension in ("1", "2", "3"):
        open_account(actor=themselves(acme), customer=acme, product=pbx, extension=extension, now=JUNE_1)
    set_agreement(customer=acme, conditions={pbx: 2}, by="eva", now=JUNE_11)
    assert used(acme) == {"pbx": (3, 2)}
    assert agreement_of(acme)[0].free == 0
    set_agreement(customer=acme, conditions={}, replaces=True, by="eva", now=JUNE_11)
    assert agreement_of(acme) == []
    assert Account.objects.filter(customer=acme, state=AccountState.ACTIVE).count() == 3
    said = acme.events.filter(what="agreement").order_by("pk").values_list("detail", flat=True)
    assert list(said) == ["pbx: unlimited", "pbx: 2, was unlimited", "pbx: taken out"]
    with pytest.raises(BadInput, match="0 is not a quantity"):
        set_agreement(customer=acme, conditions={pbx: 0}, by="eva", now=JUNE_11)


@pytest.mark.req("P5")
def test_what_a_customer_makes_is_active_at_once_or_waits_for_staff_who_go_through_a_list() -> None:
    sim = product("sim", monthly="30", needs_approval=True, checklist=["emergency address", "identity"])
    acme = customer(sim=2)
    me = themselves(acme)

    waiting = open_account(actor=me, customer=acme, product=sim, code="8948000001", now=JUNE_1)

    assert waiting.state == AccountState.INACTIVE
    assert used(acme) == {"sim": (1, 2)}  # it holds its slot while it waits
    assert not Subscription.objects.exists()  # and costs nothing
    with pytest.raises(NotTheirs):
        approve(actor=me, account=waiting, now=JUNE_11)
    tick(actor=EVA, account=waiting, item="identity", now=JUNE_11)
    with pytest.raises(BadInput, match="not seen to yet: emergency address"):
        approve(actor=EVA, account=waiting, now=JUNE_11)
    with pytest.raises(BadInput, match="'shoe size' is not on the checklist"):
        tick(actor=EVA, account=waiting, item="shoe size", now=JUNE_11)
    tick(actor=EVA, account=waiting, item="emergency address", now=JUNE_11)
    approve(actor=EVA, account=waiting, now=JUNE_11)

    assert waiting.state == AccountState.ACTIVE
    assert [one.starts_on.day for one in Subscription.objects.all() if one.starts_on] == [11]
    assert history(waiting) == ["created", "approval_asked", "checked", "checked", "approved"]

    refused = open_account(actor=me, customer=acme, product=sim, code="8948000002", now=JUNE_11)
    refuse(actor=EVA, account=refused, why="no such address", now=JUNE_12)
    refused.refresh_from_db()
    assert (refused.state, refused.code) == (AccountState.TERMINATED, "8948000002-old000")
    assert used(acme) == {"sim": (1, 2)}

    # The customer's own setting goes before the product's; staff never wait.
    for needs_approval, state in ((False, AccountState.ACTIVE), (True, AccountState.INACTIVE)):
        beta = customer(f"beta{needs_approval}", sim=None)
        Customer.objects.filter(pk=beta.pk).update(needs_approval=needs_approval)
        assert open_account(actor=themselves(beta), customer=beta, product=sim, now=JUNE_1).state == state
        assert open_account(actor=EVA, customer=beta, product=sim, now=JUNE_1).state == AccountState.ACTIVE


def test_nobody_gets_round_the_approval() -> None:
    pbx, sim = product("pbx"), product("sim", needs_approval=True)
    acme = customer(pbx=None, sim=None)
    me = themselves(acme)
    line = open_account(actor=me, customer=acme, product=pbx, extension="1", now=JUNE_1)
    with pytest.raises(NotInAgreement, match="sim is activated by your operator"):
        change_account(actor=me, account=line, product=sim, now=JUNE_11)
    waiting = open_account(actor=me, customer=acme, product=sim, now=JUNE_1)
    with pytest.raises(BadInput, match="waits for your operator"):
        block_account(actor=me, account=waiting, now=JUNE_11)
    # When staff stop it and let it go again, it waits on.
    block_account(actor=EVA, account=waiting, now=JUNE_11)
    assert waiting.state == AccountState.BLOCKED
    unblock_account(actor=EVA, account=waiting, now=JUNE_12)
    assert waiting.state == AccountState.INACTIVE


def test_an_account_is_opened_with_all_that_is_said_of_it() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    me = themselves(acme)
    desk = add_extension(actor=me, customer=acme, number="100", now=JUNE_1)
    sales = add_hunt_group(actor=me, customer=acme, name="Sales", number="600", members=[desk], now=JUNE_1)

    anna = open_account(
        actor=me,
        customer=acme,
        product=pbx,
        extension="101",
        name="Anna",
        email="anna@acme.example, office@acme.example",
        timezone="Europe/Warsaw",
        is_published=True,
        hunt_group=sales,
        features={"call_waiting": True},
        now=JUNE_1,
    )

    anna.refresh_from_db()
    assert (anna.name, anna.timezone, anna.features) == ("Anna", "Europe/Warsaw", {"call_waiting": True})
    assert (anna.extension.name, anna.extension.is_published) == ("Anna", True)
    assert [one.extension.number for one in sales.members.order_by("place")] == ["100", "101"]
    assert len(service_password(anna).reveal()) == 16
    assert service_password(anna).reveal() not in anna.service_secret
    # An extension that is nobody's yet is taken as it is.
    front = open_account(actor=me, customer=acme, product=pbx, extension="100", name="Front", now=JUNE_1)
    desk.refresh_from_db()
    assert desk.account == front


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"extension": "101"}, DuplicateCode, "an account ph.*x101 already"),
        ({"code": "own", "extension": "101"}, DuplicateCode, "extension 101 is there already"),
        ({"code": "own", "extension": "600"}, DuplicateCode, "extension 600 is there already"),
        ({"extension": "10a"}, BadInput, "extension '10a' is not a number"),
        ({"extension": "102", "email": "anna"}, BadInput, "email 'anna' is not an e-mail address"),
        ({"extension": "102", "timezone": "Mars"}, BadInput, "timezone 'Mars' is not a time zone"),
        ({"extension": "102", "shoe_size": 42}, BadInput, "an account has no 'shoe_size'"),
        ({"extension": "102", "role": "mobile"}, NotTheirs, "role is for staff to change"),
        ({"extension": "102", "name": "x" * 201}, BadInput, "has 201 characters; the limit is 200"),
        ({"extension": "102", "name": "a\0b"}, BadInput, "has a NUL byte"),
        ({"extension": "102", "service_password": "abc"}, BadInput, "6 to 64"),
        ({"code": "x" * 65}, BadInput, "has 65 characters; the limit is 64"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(given: dict[str, Any], error: type, words: str) -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    me = themselves(acme)
    open_account(actor=me, customer=acme, product=pbx, extension="101", now=JUNE_1)
    add_hunt_group(actor=me, customer=acme, name="Sales", number="600", now=JUNE_1)
    with pytest.raises(error, match=words):
        open_account(actor=me, customer=acme, product=pbx, now=JUNE_11, **given)
    assert Account.objects.count() == 1


def test_products_must_go_together() -> None:
    pbx, sim = product("pbx"), product("sim")
    roaming = product("roaming", is_addon=True, goes_with=[sim])
    euros = product("euros", monthly="5", currency="EUR")
    acme = customer(pbx=None, sim=None, roaming=None, euros=None)
    me = themselves(acme)
    for chosen, addons, words in (
        (pbx, [roaming], "roaming does not go with pbx"),
        (roaming, [], "roaming is an add-on"),
        (pbx, [sim], "sim is a main product"),
        (sim, [roaming, roaming], "named twice"),
        (euros, [], "euros costs EUR, and customer acme is kept in USD"),
    ):
        with pytest.raises(DoesNotGoWith, match=words):
            open_account(actor=me, customer=acme, product=chosen, addons=addons, now=JUNE_1)
    line = open_account(actor=me, customer=acme, product=sim, addons=[roaming], now=JUNE_1)
    with pytest.raises(DoesNotGoWith, match="roaming does not go with pbx"):
        change_account(actor=me, account=line, product=pbx, now=JUNE_11)
    change_account(actor=me, account=line, product=pbx, addons=[], now=JUNE_11)
    assert history(line)[-2:] == ["product", "addon_ended"]


def test_other_customers_and_accounts_open_nothing() -> None:
    pbx = product("pbx")
    acme, beta = customer(pbx=None), customer("beta", pbx=None)
    anna = open_account(actor=themselves(acme), customer=acme, product=pbx, extension="1", now=JUNE_1)
    for stranger in (themselves(beta), itself(anna)):
        with pytest.raises(NotTheirs):
            open_account(actor=stranger, customer=acme, product=pbx, extension="2", now=JUNE_1)
    # A number that another customer has, or that is in nobody's hands, is refused in the same words.
    give(beta, 12094555948)
    line = open_account(actor=themselves(beta), customer=beta, product=pbx, extension="1", now=JUNE_1)
    assign_number(actor=themselves(beta), account=line, digits=12094555948, now=JUNE_1)
    said = set()
    for digits in (12094555948, 12094555949):
        with pytest.raises(NumberNotYours) as refused:
            assign_number(actor=themselves(acme), account=anna, digits=digits, now=JUNE_1)
        said.add(str(refused.value).replace(str(digits), "N"))
    assert len(said) == 1
    with pytest.raises(NumberTaken, match="is given to beta"):
        assign_number(actor=EVA, account=anna, digits=12094555948, now=JUNE_1)
    assert Number.objects.count() == 1
