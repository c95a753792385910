"""Fees month by month: who is charged when, and what the ledger says."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from tests.jobs.fee_office import (
    add_account,
    add_customer,
    add_plan,
    add_product,
    change_product,
    charge,
    charged,
    day,
    noon,
    owed,
    subscriptions,
    terminate,
)
from tollbook.alarms.models import Alarm
from tollbook.billing.models import FeeCharge, Subscription
from tollbook.billing.operations.subscriptions import activate, end_subscription, follow_products, subscribe
from tollbook.credit.models import HeldBy
from tollbook.credit.operations import resume, suspend
from tollbook.customers.models import Account, AccountState
from tollbook.errors import BadInput
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.check_ledger import check_ledger
from tollbook.ledger.models import LedgerAccount, Posting, Transaction


@pytest.fixture(autouse=True)
def books(db: None) -> Iterator[None]:
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []


def test_a_line_is_charged_when_it_begins_and_each_month_again() -> None:
    """PortaBilling's example: June 11 is 20 days of 30."""
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")
    assert charged(acme) == ["lines fee 06-11 07-01 20"]

    charge("06-30")
    assert owed(acme) == 20
    charge("07-01")

    assert charged(acme)[1:] == ["lines fee 07-01 08-01 30"]
    # July's fee is due before July begins: it is June's money, and on June's invoice.
    assert set(Transaction.objects.values_list("month", flat=True)) == {day("06-01")}


def test_charging_again_charges_nothing() -> None:
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")
    charge("08-01")
    before = charged(acme)

    report = charge_fees(upto=day("08-01"), now=noon("08-01"))

    assert report.subscriptions == 0
    assert charged(acme) == before


def test_what_was_missed_is_caught_up_with_each_month_in_its_own() -> None:
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")

    charge("09-01")

    months = Transaction.objects.order_by("id").values_list("month", flat=True)
    assert [f"{month:%m}" for month in months] == ["06", "06", "07", "08"]


def test_nobody_is_charged_beyond_their_own_today() -> None:
    """At noon of 30 June in UTC it is July in Auckland, and June in Honolulu."""
    plan = add_plan("lines", "30", charge_model="in_arrears")
    for code, zone in (("kiwi", "Pacific/Auckland"), ("surf", "Pacific/Honolulu")):
        subscribe(
            customer=add_customer(code, timezone=zone),
            plan=plan,
            starts_on=day("06-01"),
            by="t",
            now=noon("06-02"),
        )

    charge_fees(upto=day("07-15"), now=noon("06-30"))

    charges = FeeCharge.objects.values_list("subscription__customer__code", "amount")
    assert list(charges) == [("kiwi", Decimal(30))]


def test_the_fee_carries_the_customers_tax() -> None:
    """30 net at 23 % are 36.90; 30 gross contain 5.609756 of tax."""
    polish = add_customer(tax_rate=23)
    plans = [add_plan("net", "30"), add_plan("gross", "30", is_gross=True)]
    for plan in plans:
        subscribe(customer=polish, plan=plan, by="test", now=noon("06-01"))

    assert owed(polish) == Decimal("66.90")
    revenue = LedgerAccount.objects.get(kind="revenue", detail="fee")
    sums = [one.amount_nanos for one in Posting.objects.filter(ledger_account=revenue).order_by("transaction_id")]
    assert sums == [-30_000_000_000, -24_390_243_902]


def test_a_change_of_product_gives_back_one_fee_and_charges_the_other() -> None:
    acme = add_customer()
    basic, pro = add_product("basic", add_plan("b", "30")), add_product("pro", add_plan("p", "60"))
    account = add_account(acme, basic, on="06-01")

    change_product(account, pro, "06-16")

    assert charged(acme) == ["b fee 06-01 07-01 30", "b given_back 06-16 07-01 -15", "p fee 06-16 07-01 30"]
    assert subscriptions(acme) == ["b acme-1 06-01 06-16", "p acme-1 06-16 -"]


def test_following_again_changes_nothing() -> None:
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")
    assert follow_products(account, on=day("06-20"), now=noon("06-20")) == []
    assert len(charged(acme)) == 1


def test_a_termination_ends_everything_and_gives_back_what_was_paid() -> None:
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-01")
    subscribe(customer=acme, account=account, plan=add_plan("extra", "3"), by="test", now=noon("06-01"))

    terminate(account, "06-21")
    charge("12-01")

    assert owed(acme) == 22  # 20 of 30, and 2 of 3
    assert [one.split()[3] for one in subscriptions(acme)] == ["06-21", "06-21"]


def test_an_account_that_came_by_a_sheet_pays_from_the_day_it_is_found() -> None:
    acme, product = add_customer(), add_product("pbx", add_plan("lines", "30"))
    Account.objects.create(customer=acme, product=product, code="sheet")

    charge("06-11")
    charge("06-12")
    assert charged(acme) == ["lines fee 06-11 07-01 20"]

    Account.objects.filter(code="sheet").update(state=AccountState.TERMINATED)
    charge("06-21")
    assert owed(acme) == 10


def test_what_a_product_brings_is_not_ended_by_itself() -> None:
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-01")
    with pytest.raises(BadInput, match="comes with product pbx; take that from the account"):
        end_subscription(subscription=Subscription.objects.get(), on=day("06-20"), by="x", now=noon("06-02"))


def test_an_account_that_waits_for_staff_pays_when_it_is_active() -> None:
    acme = add_customer()
    account = Account.objects.create(
        customer=acme, product=add_product("pbx", add_plan("lines", "30")), code="a", state=AccountState.INACTIVE
    )
    assert follow_products(account, on=day("06-01"), now=noon("06-01")) == []

    account.state = AccountState.ACTIVE
    account.save()
    follow_products(account, on=day("06-11"), now=noon("06-11"))

    assert charged(acme) == ["lines fee 06-11 07-01 20"]


BLOCKED = ["blocked_by_customer", "blocked_by_staff", "no_funds", "expired"]


@pytest.mark.req("P6")
def test_blocked_days_are_credited_beside_the_full_fee() -> None:
    """PortaBilling's figures: 30 dollars and ten blocked days are ten dollars back. The fee (P6) is for no such day."""
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30", waives=BLOCKED)), on="06-01")
    suspend(customer=acme, account=account, held_by=HeldBy.CUSTOMER, by="acme", now=noon("06-04"))
    charge("06-10")
    resume(customer=acme, account=account, held_by=HeldBy.CUSTOMER, by="acme", now=noon("06-15"))
    charge("06-16")

    days = [f"lines waiver 06-{n:02d} 06-{n + 1:02d} -1 blocked_by_customer" for n in range(5, 15)]
    assert charged(acme) == ["lines fee 06-01 07-01 30", *days]
    assert owed(acme) == 20


def test_a_plan_that_says_nothing_of_it_charges_blocked_days() -> None:
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30", waives=["expired"])), on="06-01")
    suspend(customer=acme, account=account, by="staff", now=noon("06-04"))
    charge("06-25")
    assert owed(acme) == 30


def test_blocking_at_night_saves_nothing() -> None:
    """Without service from 18:00 to 6:00, night for night: no day is without service as a whole."""
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30", waives=BLOCKED)), on="06-01")
    for night in range(4, 10):
        suspend(customer=acme, account=account, by="x", now=noon(f"06-{night:02d}").replace(hour=18))
        resume(customer=acme, account=account, by="x", now=noon(f"06-{night + 1:02d}").replace(hour=6))
    charge("06-25")
    assert owed(acme) == 30


def test_a_day_that_two_hold_one_after_the_other_is_without_service() -> None:
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30", waives=BLOCKED)), on="06-01")
    suspend(customer=acme, account=account, held_by=HeldBy.CUSTOMER, by="acme", now=noon("06-04"))
    suspend(customer=acme, by="staff", now=noon("06-06").replace(hour=8))
    resume(customer=acme, account=account, held_by=HeldBy.CUSTOMER, by="acme", now=noon("06-06"))
    resume(customer=acme, by="staff", now=noon("06-08"))
    charge("06-25")
    assert charged(acme)[1:] == [
        "lines waiver 06-05 06-06 -1 blocked_by_customer",
        "lines waiver 06-06 06-07 -1 blocked_by_customer",
        "lines waiver 06-07 06-08 -1 blocked_by_staff",
    ]


def test_days_are_those_of_the_customers_zone() -> None:
    """Held from 22:00 UTC, midnight in Warsaw, to 22:00 UTC two days later: two days."""
    polish = add_customer(timezone="Europe/Warsaw")
    account = add_account(polish, add_product("pbx", add_plan("lines", "30", waives=BLOCKED)), on="06-01")
    suspend(customer=polish, account=account, by="x", now=noon("06-04").replace(hour=22))
    resume(customer=polish, account=account, by="x", now=noon("06-06").replace(hour=22))
    charge("06-25")
    assert [one.split()[2] for one in charged(polish)[1:]] == ["06-05", "06-06"]


def test_an_account_that_has_expired_pays_no_more_where_the_plan_says_so() -> None:
    acme = add_customer()
    account = add_account(acme, add_product("pbx", add_plan("lines", "30", waives=BLOCKED)), on="06-01")
    Account.objects.filter(pk=account.pk).update(expires_on=day("06-21"))
    charge("07-01")
    assert charged(acme)[-1] == "lines waiver 06-30 07-01 -1 expired"
    assert owed(acme) == 30 - 10 + 30


def test_days_blocked_before_the_end_are_credited_after_it_too() -> None:
    """1 to 4 June are paid for, 5 to 10 June were blocked; and nothing that the end costs is charged again by it."""
    acme = add_customer()
    plan = add_plan("lines", "30", waives=BLOCKED, minimum_periods=3, penalty=Decimal(50))
    account = add_account(acme, add_product("pbx", plan), on="06-01")
    suspend(customer=acme, account=account, by="x", now=noon("06-04"))
    terminate(account, "06-11")
    charge("06-11")
    charge("06-12")
    assert owed(acme) == 4 + 50
    assert [one.split()[1] for one in charged(acme)] == ["fee", "given_back", "penalty", *["waiver"] * 6]


def test_it_begins_with_the_first_use(office_with_calls: Account) -> None:
    """One account called on 19 June 2017, which is 12 of 30 days, and one on the 20th."""
    account = office_with_calls
    charge("2017-06-30")

    assert charged(account.customer) == ["sim fee 06-19 07-01 12", "sim fee 06-20 07-01 11"]
    account.refresh_from_db()
    assert f"{account.first_used_at:%d %H:%M}" == "19 08:00"


@pytest.fixture
def office_with_calls(tmp_path_factory: pytest.TempPathFactory, settings: object) -> Account:
    from tests.jobs.conftest import open_office
    from tests.jobs.test_issue_invoices import CALLS

    office = open_office(tmp_path_factory.mktemp("calls"), settings)  # type: ignore[arg-type]
    account = Account.objects.get(code="ann-1")
    plan = add_plan("sim", "30", starts="on_first_use")
    plan.currency = "EUR"
    plan.save()
    account.product.plan = plan
    account.product.save()
    follow_products(account, on=day("2017-06-01"), now=noon("2017-06-01"))
    charge("2017-06-10")
    assert charged(account.customer) == []
    office.import_(CALLS)
    return account


def test_a_flat_fee_of_the_customer_is_charged_at_sign_up() -> None:
    acme = add_customer()
    subscribe(customer=acme, plan=add_plan("flat", "30"), by="sales", now=noon("06-01"))
    assert charged(acme) == ["flat fee 06-01 07-01 30"]


def test_a_subscription_ends_on_a_day_to_come_and_the_day_may_be_moved() -> None:
    acme = add_customer()
    one = subscribe(customer=acme, plan=add_plan("flat", "30"), by="sales", now=noon("06-01"))
    end_subscription(subscription=one, on=day("06-20"), by="sales", now=noon("06-02"))
    charge("06-19")
    assert owed(acme) == 30
    end_subscription(subscription=one, on=day("06-25"), by="sales", now=noon("06-19"))
    charge("07-10")
    assert owed(acme) == 24

    with pytest.raises(BadInput, match="ended on 2026-06-25"):
        end_subscription(subscription=one, on=day("07-01"), by="sales", now=noon("07-10"))


def test_one_that_waits_for_its_first_use_can_be_activated_by_hand() -> None:
    acme = add_customer()
    plan = add_plan("sim", "30", starts="on_first_use")
    one = subscribe(customer=acme, plan=plan, by="sales", now=noon("06-01"))
    charge("07-10")
    assert charged(acme) == []
    activate(subscription=one, on=day("07-12"), now=noon("07-12"))
    assert charged(acme) == ["sim fee 07-12 08-01 19.35484"]  # 20 of 31 days


def test_one_that_waits_for_its_first_use_ends_now_or_not_yet() -> None:
    """With an end in autumn it would look as if it had begun then, and a first use in July would not be charged."""
    acme = add_customer()
    plan = add_plan("lines", "31", starts="on_first_use")
    waiting = subscribe(customer=acme, plan=plan, by="test", now=noon("06-01"))
    with pytest.raises(BadInput, match="waits for its first use, and has no end before that"):
        end_subscription(subscription=waiting, on=day("09-01"), by="test", now=noon("06-01"))
    end_subscription(subscription=waiting, on=day("06-02"), by="test", now=noon("06-01"))
    charge("07-01")
    assert owed(acme) == 0


def test_a_plan_in_another_currency_is_refused() -> None:
    with pytest.raises(BadInput, match=r"flat is in USD and customer acme in EUR"):
        subscribe(customer=add_customer(currency="EUR"), plan=add_plan("flat", "3"), by="x", now=noon("06-01"))
    assert Subscription.objects.count() == 0


def test_a_product_in_another_currency_keeps_nobody_else_from_being_charged() -> None:
    """A sheet gave it to an account of a customer who is kept in euros."""
    pbx = add_product("pbx", add_plan("lines", "30"))
    euros, dollars = add_customer("euros", currency="EUR"), add_customer("dollars")
    for customer in (euros, dollars):
        Account.objects.create(customer=customer, product=pbx, code=f"{customer.code}-line")

    report = charge_fees(upto=day("06-11"), now=noon("06-11"))

    assert (owed(euros), owed(dollars)) == (Decimal(0), Decimal(20))
    assert report.problems == [
        "account euros-line has product pbx, which costs USD, and customer euros is kept in EUR: its fees wait; "
        "give it a product in EUR"
    ]


def test_a_dry_run_says_what_would_be_charged_and_keeps_nothing() -> None:
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")

    report = charge_fees(upto=day("07-01"), now=noon("07-01"), dry_run=True)

    assert report.sums == {("fee", "USD"): Decimal(30)}
    assert owed(acme) == 20


def statements_of(deed: Callable[[], None]) -> int:
    """How many statements it sends to the database, besides tables as a whole."""
    seen: list[str] = []

    def count(run: Callable[..., object], sql: str, *rest: object) -> object:
        seen.append(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(count):
        deed()
    return len(seen)


def test_many_cost_as_many_statements_as_few() -> None:
    plan, statements = add_plan("lines", "30", waives=BLOCKED), []
    for count, upto in ((2, "07-02"), (30, "07-30")):
        for number in range(count):
            owner = add_customer(f"of-{count}-{number}", credit_limit=Decimal(1000))
            suspend(customer=owner, by="x", now=noon("06-04"))
            subscribe(customer=owner, plan=plan, by="x", now=noon("06-01"))
        statements.append(statements_of(partial(charge, upto)))
    assert statements[0] == statements[1]


def test_what_was_charged_is_final() -> None:
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        FeeCharge.objects.update(amount=1)


def test_a_fee_that_differs_from_its_transaction_is_found() -> None:
    acme = add_customer()
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-11")
    one = FeeCharge.objects.get()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE billing_feecharge SET amount = 21")
        found = {finding.law: finding.problems for finding in check_ledger() if finding.problems}
        transaction.set_rollback(True)
    assert found == {
        "a fee is charged by one transaction, with its tax": (
            f"fee charge {one.pk} of 21000000000 nano-units is of customer {acme.pk}, account "
            f"{one.subscription.account_id}; transaction {one.transaction_id} posts 20000000000 with 0 of tax, "
            f"for customer {acme.pk}, account {one.subscription.account_id}",
        )
    }


def test_who_has_no_funds_for_a_fee_is_noticed_at_once() -> None:
    acme = add_customer(credit_limit=Decimal(40))
    add_account(acme, add_product("pbx", add_plan("lines", "30")), on="06-01")
    charge("06-30")
    assert Alarm.objects.count() == 0
    charge("07-01")
    assert [alarm.subject for alarm in Alarm.objects.all()] == ["acme"]
