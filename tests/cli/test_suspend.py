"""`tollbook suspend`, `resume` and `orders` beside a simulated PortaBilling."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.conf import LazySettings

from simulators.faults import Fault
from tests.jobs.simulated import Simulated, simulated_portabilling
from tests.jobs.toy_office import at
from tollbook.alarms.queries import alarms
from tollbook.connections.operations import open_connector
from tollbook.credit.models import SuspensionOrder
from tollbook.customers.models import Account, AccountEvent, Customer
from tollbook.jobs.carry_out_orders import carry_out
from tollbook.jobs.sync import sync

Tollbook = Callable[..., Any]
KOWAL = "46170"
DONE, NOT_YET, FAILED = 0, 1, 2

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def north(tmp_path: Path, settings: LazySettings) -> Iterator[Simulated]:
    settings.TOLLBOOK_HOME = tmp_path
    with simulated_portabilling() as opened:
        yield opened


def blocked(north: Simulated) -> str:
    """As the platform has it."""
    return str(north.simulator.books.customers[int(KOWAL)]["blocked"])


def told(north: Simulated) -> list[str]:
    """What of `blocked` the platform was told and took."""
    log = north.faults.requests()["log"]
    taken = [one for one in log if one["path"].endswith("update_customer")]
    taken = [one for one in taken if one["fault"] not in {"status", "timeout_before", "wrong_type"}]
    return ["Y" if '"blocked": "Y"' in unquote_plus(one["body"]) else "N" for one in taken]


def last_order() -> SuspensionOrder:
    return SuspensionOrder.objects.exclude(state="superseded").get()


@pytest.mark.req("W6")
def test_a_customer_is_suspended_and_resumed_and_each_is_read_back(north: Simulated, tollbook: Tollbook) -> None:
    run = tollbook("suspend", KOWAL, "--why", "invoice 7 is overdue")

    assert run.status == DONE
    assert run.stdout.startswith(f"customer {KOWAL} is suspended\nheld by staff: the whole customer, since ")
    assert "invoice 7 is overdue" in run.stdout
    assert [word in run.stdout for word in ("done", "blocked", "stop too")] == [True, True, True]
    assert blocked(north) == "Y"

    run = tollbook("resume", KOWAL)

    assert run.status == DONE
    assert run.stdout.startswith(f"customer {KOWAL} is open\n")
    assert blocked(north) == "N"
    assert told(north) == ["Y", "N"]


def test_a_dry_run_tells_nobody(north: Simulated, tollbook: Tollbook) -> None:
    run = tollbook("suspend", KOWAL, "--dry-run")
    assert run.status == DONE
    assert run.stdout.startswith(f"would be: customer {KOWAL} is suspended\n")
    assert not SuspensionOrder.objects.exists()
    assert Customer.objects.get(code=KOWAL).state == "open"
    assert (blocked(north), told(north)) == ("N", [])


def test_one_account_alone(north: Simulated, tollbook: Tollbook) -> None:
    account = Account.objects.filter(customer__code=KOWAL, links__isnull=False).order_by("pk")[0]
    run = tollbook("suspend", account.code, "--json")
    report = json.loads(run.stdout)
    assert (report["account"], report["state"], report["holds"][0]["account"]) == (
        account.code,
        "blocked",
        account.code,
    )
    assert [(one["target"], one["id"], one["state"], one["platform_says"]) for one in report["orders"]] == [
        ("account", account.links.get().foreign_id, "done", "blocked")
    ]
    assert blocked(north) == "N"
    assert tollbook("resume", account.code).status == DONE


def test_what_is_wrong_with_what_was_asked(north: Simulated, tollbook: Tollbook) -> None:
    assert "there is no customer and no account 'nobody'" in tollbook("suspend", "nobody").stderr
    assert "there is no account '46170'" in tollbook("suspend", KOWAL, "--account").stderr
    account = Account.objects.filter(customer__code=KOWAL).order_by("pk")[0]
    Account.objects.filter(pk=account.pk).update(code=KOWAL)
    run = tollbook("suspend", KOWAL)
    assert (run.status, "say which: --customer or --account" in run.stderr) == (2, True)
    assert "contradict" in tollbook("suspend", KOWAL, "--whole", "--outbound-only").stderr


FAULTS = [
    Fault("timeout_before", match="update_customer", seconds=0.1),
    Fault("timeout_after", match="update_customer", seconds=0.1),
    Fault("status", match="update_customer", status=500),
    Fault("status", match="update_customer", status=503),
    Fault("status", match="get_customer_info", status=500),
    Fault("wrong_type", match="update_customer"),
    Fault("truncate", match="update_customer"),
    Fault("expire_session", match="update_customer"),
    Fault("expire_session", match="get_customer_info", after=1),
]


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.match}")
def test_whatever_goes_wrong_on_the_way_it_ends_as_wanted(
    north: Simulated, tollbook: Tollbook, fault: Fault, times: int
) -> None:
    north.faults.set([fault] * times)
    tollbook("suspend", KOWAL)
    for _ in range(10):  # as the scheduler would
        order = last_order()
        if order.next_try_at is not None:
            carry_out([order], now=order.next_try_at)
    if last_order().state == "failed":  # an answer that no API gives is for a person; then it is asked for again
        north.faults.reset()
        assert tollbook("orders", "retry", last_order().pk).status == DONE
    assert (last_order().state, blocked(north)) == ("done", "Y")
    assert set(told(north)) == {"Y"}
    assert not alarms().exists()


def test_a_platform_that_is_away_is_told_later_and_the_command_says_so(
    north: Simulated, tollbook: Tollbook
) -> None:
    north.faults.set([Fault("status", status=503, times=None)])
    run = tollbook("suspend", KOWAL)
    assert run.status == NOT_YET
    assert "tried again by itself from" in run.stdout

    north.faults.set([])
    assert tollbook("suspend", KOWAL).status == DONE  # asking again tries at once
    assert told(north) == ["Y"]


def test_a_refusal_is_a_failure_that_says_why(north: Simulated, tollbook: Tollbook) -> None:
    north.simulator.refuse("update_customer", "Server.Customer.no_access")
    run = tollbook("suspend", KOWAL)
    order = last_order()
    assert (run.status, order.state) == (FAILED, "failed")
    assert f"mend it, then `tollbook orders retry {order.pk}`" in run.stdout
    assert alarms().get().kind == "order_failed"

    assert tollbook("orders", "retry", order.pk).status == DONE
    assert not alarms().exists()


def test_a_sync_in_between_changes_nothing_of_it(north: Simulated, tollbook: Tollbook) -> None:
    line = Account.objects.filter(customer__code=KOWAL, links__isnull=False, state="active").order_by("pk")[0]

    def synced() -> list[tuple[object, ...]]:
        with closing(open_connector(north.connection)) as connector:
            sync(north.connection, connector, now=at("2017-07-02T12:00"))
        fields = ("code", "state", "blocked_by", "customer__state")
        return list(Account.objects.order_by("pk").values_list(*fields))

    before = synced()
    tollbook("suspend", KOWAL)
    tollbook("suspend", line.code)
    suspended = list(Account.objects.order_by("pk").values_list("code", "state", "blocked_by", "customer__state"))
    events = AccountEvent.objects.count()
    assert synced() == suspended
    assert AccountEvent.objects.count() == events
    assert tollbook("orders", "check").status == DONE

    tollbook("resume", KOWAL)
    tollbook("resume", line.code)
    assert synced() == before
    assert tollbook("orders", "check").status == DONE
    assert blocked(north) == "N"


@pytest.mark.req("W4")
def test_the_policy_says_where_emergency_calls_cannot_be_kept(north: Simulated, tollbook: Tollbook) -> None:
    policy = tollbook("orders", "policy", "north").stdout
    assert "can stop outgoing calls only: no\n" in policy
    assert "emergency calls: STOP: the platform can only stop all calls." in policy
    refused = tollbook("suspend", KOWAL, "--outbound-only")
    assert (refused.status, told(north), Customer.objects.get(code=KOWAL).state) == (FAILED, [], "open")
    assert "north cannot stop outgoing calls alone" in refused.stderr
    assert "stop too" in tollbook("suspend", KOWAL).stdout


def test_who_is_held_and_at_no_platform_is_listed_too(north: Simulated, tollbook: Tollbook) -> None:
    Customer.objects.create(code="nite", name="Night", currency="PLN")
    tollbook("suspend", KOWAL)
    tollbook("suspend", "nite", "--why", "unpaid")

    shown = tollbook("orders", "list").stdout
    _, _, nowhere = shown.partition("held, and no platform to tell: no pairing, link or mark leads to one:\n")
    assert nowhere.startswith("  nite: held by staff: the whole customer, since ")
    assert len(nowhere.splitlines()) == 1

    tollbook("resume", KOWAL)
    assert tollbook("orders", "list").stdout.startswith("no order waits\nheld, and no platform to tell")
    tollbook("resume", "nite")
    assert tollbook("orders", "list").stdout == "nobody is suspended, and nothing waits\n"


def test_orders_are_listed_shown_and_reported_by_hand(north: Simulated, tollbook: Tollbook) -> None:
    assert tollbook("orders", "list").stdout == "nobody is suspended, and nothing waits\n"
    north.simulator.books.customers[int(KOWAL)]["bill_status"] = "C"  # closed there
    tollbook("suspend", KOWAL)
    tollbook("resume", KOWAL)
    order = last_order()
    assert f"order {order.pk}: it is closed there, and cannot be resumed" in tollbook("orders", "list").stdout
    shown = tollbook("orders", "show", order.pk).stdout
    assert [word in shown for word in ("asked", "read", "failed")] == [True, True, True]

    run = tollbook("orders", "done", order.pk, "--why", "opened anew")
    assert run.stdout == f"order {order.pk}, customer {KOWAL} active at north: done\n"
    assert tollbook("orders", "list").stdout == "nobody is suspended, and nothing waits\n"
    assert len(json.loads(tollbook("orders", "list", "--all", "--json").stdout)) == 2
    assert "there is no order 0" in tollbook("orders", "show", 0).stderr


def test_credit_control_may_do_to_a_customer_what_was_said(north: Simulated, tollbook: Tollbook) -> None:
    before = tollbook("orders", "credit", KOWAL).stdout
    assert "alarm (nothing but the alarm)" in before
    assert "emergency" not in before
    run = tollbook("orders", "credit", KOWAL, "--when-used-up", "suspend")
    assert "suspend (suspended, as the connection's policy says)" in run.stdout
    assert "emergency calls would STOP with all others at north: the platform cannot stop outgoing" in run.stdout
    assert "is none of alarm, suspend" in tollbook("orders", "credit", KOWAL, "--when-used-up", "shoot").stderr
