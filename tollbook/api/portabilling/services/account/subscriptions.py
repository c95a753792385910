"""What an account pays by the period."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
from django.db.models import QuerySet

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, refused
from tollbook.api.portabilling.fields import Day, Id, Switch
from tollbook.api.portabilling.method import EVERYBODY, STAFF, Info, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.api.portabilling.shapes.subscriptions import SubscriptionShown, subscription_shown
from tollbook.billing.models import Subscription
from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import activate, end_subscription, subscribe
from tollbook.catalog.models import SubscriptionPlan
from tollbook.customers.models import Account
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.watch_funds import watch_when_committed

ONE_DAY = timedelta(days=1)


class WhoseSubscriptions(Request):
    """Which account."""

    i_account: Id | None = None
    with_effective_fees: Switch | None = None
    with_promotional_periods_info: Switch | None = None
    with_regular_discount_list: Switch | None = None
    with_upcharge_list: Switch | None = None


class SubscriptionGiven(Info, kw_only=True):
    """A plan, and from when on."""

    i_subscription: Id
    start_date: Day | None = None


class AddSubscription(Request, kw_only=True):
    """A plan that an account shall pay for."""

    i_account: Id
    subscription_info: SubscriptionGiven


class CloseSubscription(Request, kw_only=True):
    """Which subscription."""

    i_account_subscription: Id
    i_account: Id | None = None


class ChargeFees(Request, kw_only=True):
    """Whose fees."""

    i_account: Id
    immediately_in_advance: Switch | None = None


class Subscriptions(msgspec.Struct):
    """What the account pays, and has paid, by the period."""

    subscriptions: list[SubscriptionShown]


class SubscriptionMade(msgspec.Struct):
    """The subscription."""

    i_account_subscription: int


@method("Account/get_subscriptions", realms=EVERYBODY)
def get_subscriptions(caller: Caller, asked: WhoseSubscriptions) -> Subscriptions:
    """List what an account pays by the period."""
    account = caller.account(asked.i_account)
    rows = _of(account).select_related("plan", "customer", "product").order_by("pk")
    return Subscriptions([subscription_shown(one, now=caller.now) for one in rows])


@method("Account/add_subscription", realms=(STAFF,), writes=True)
def add_subscription(caller: Caller, asked: AddSubscription) -> SubscriptionMade:
    """Have an account pay for a plan of its own; what is due is charged at once."""
    account = caller.account(asked.i_account)
    number = asked.subscription_info.i_subscription
    if (plan := SubscriptionPlan.objects.filter(pk=number).first()) is None:
        raise not_there(caller, f"subscription plan {number}")
    made = subscribe(
        customer=account.customer,
        plan=plan,
        account=account,
        starts_on=asked.subscription_info.start_date,
        by=caller.actor.name,
        now=caller.now,
    )
    watch_when_committed(account.customer, now=caller.now)
    caller.made(f"account {account.pk}", {"subscription": made.pk, "plan": plan.code})
    return SubscriptionMade(made.pk)


@method("Account/close_subscription", realms=(STAFF,), writes=True)
def close_subscription(caller: Caller, asked: CloseSubscription) -> Success:
    """End a subscription; today is its last day."""
    rows = Subscription.objects.select_related("plan", "customer", "account", "product")
    if asked.i_account is not None:
        rows = rows.filter(account=caller.account(asked.i_account))
    subscription = rows.filter(pk=asked.i_account_subscription).first()
    if subscription is None:
        raise not_there(caller, f"subscription {asked.i_account_subscription}")
    if subscription.product is not None:
        text = f"product {subscription.product.code} brings it; take the product or the add-on off the account"
        raise refused(caller.method, "obligatory", text)
    tomorrow = _today(caller, subscription) + ONE_DAY
    with caller.changing(f"subscription {subscription.pk}", lambda: _look(subscription)):
        first_day_without = max(tomorrow, subscription.starts_on or tomorrow)
        end_subscription(subscription=subscription, on=first_day_without, by=caller.actor.name, now=caller.now)
        subscription.refresh_from_db()
    return Success()


@method("Account/activate_subscriptions", realms=(STAFF,), writes=True)
def activate_subscriptions(caller: Caller, asked: WhoseSubscriptions) -> Success:
    """Let those of an account's subscriptions begin today that wait for the first use."""
    account = caller.account(asked.i_account)
    for one in _of(account).select_related("customer", "plan").filter(starts_on=None, ends_on=None):
        with caller.changing(f"subscription {one.pk}", partial(_look, one)):
            activate(subscription=one, on=_today(caller, one), now=caller.now)
            one.refresh_from_db()
    watch_when_committed(account.customer, now=caller.now)
    caller.made(f"account {account.pk}", {"subscriptions": "activated"})
    return Success()


@method("Account/charge_subscription_fees", realms=(STAFF,), writes=True)
def charge_subscription_fees(caller: Caller, asked: ChargeFees) -> Success:
    """Charge today what is due of an account's subscriptions."""
    account = caller.account(asked.i_account)
    if asked.immediately_in_advance:
        text = "periods in advance are charged when they are due; leave it out, or send 0"
        raise invalid(caller.method, "immediately_in_advance", text)
    today = caller.now.date() + ONE_DAY  # no customer is charged beyond their own today
    charge_fees(upto=today, now=caller.now, customer=account.customer, account=account)
    caller.made(f"account {account.pk}", {"fees": f"charged up to {today}"})
    return Success()


def _of(account: Account) -> QuerySet[Subscription]:
    return Subscription.objects.filter(account=account)


def _today(caller: Caller, subscription: Subscription) -> date:
    return today_of(subscription.customer, caller.now)


def _look(subscription: Subscription) -> dict[str, Any]:
    return {"starts_on": str(subscription.starts_on), "ends_on": str(subscription.ends_on)}
