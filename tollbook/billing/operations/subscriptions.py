"""Who subscribes to what: as the products of accounts bring it, or by itself."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from tollbook.billing.models import Subscription
from tollbook.billing.operations.charging import charge_subscriptions, today_of
from tollbook.catalog.models import Product, Start, SubscriptionPlan
from tollbook.customers.models import (
    Account,
    AccountProduct,
    AccountState,
    Customer,
    CustomerEvent,
    CustomerState,
)
from tollbook.errors import BadInput

MAX_BY = 150
ONE_DAY = timedelta(days=1)

# Accounts that have no products to pay for: one that waits for staff, and one that is no more.
WITHOUT_PRODUCTS = (AccountState.INACTIVE, AccountState.TERMINATED)


def follow_products(
    account: Account, *, on: date, now: datetime, ends_on: date | None = None
) -> list[Subscription]:
    """`follow_products_of` one account."""
    return follow_products_of([account], on=on, now=now, ends_on=ends_on)


@transaction.atomic
def follow_products_of(
    accounts: Sequence[Account], *, on: date, now: datetime, ends_on: date | None = None
) -> list[Subscription]:
    """Bring the subscriptions that products bring in line with the products these accounts have, from the day `on`.

    What began or ended comes back, charged with what is due at once. Safe to repeat. An account that is inactive
    pays for no product until it is active; with an account that has ended, all its subscriptions end. A product whose
    plan was changed brings the new plan to those who take it from then on.

    `ends_on`: the first day without what they have no more, when it is not `on`: who gives something up in the middle
    of a day has had it that day. What comes back before its end has come goes on as if it had never left.

    Raises:
        BadInput: a plan is in another currency than the customer's.
    """
    changed = bring_in_line(accounts, on=on, now=now, ends_on=ends_on)
    charge_subscriptions(changed, now=now)
    return changed


@transaction.atomic
def bring_in_line(
    accounts: Sequence[Account], *, on: date, now: datetime, ends_on: date | None = None
) -> list[Subscription]:
    """`follow_products_of`, without charging: what changed is due from `on`."""
    wanted = _products_with_fees(accounts)
    ended = {account.pk for account in accounts if account.state == AccountState.TERMINATED}
    current = Subscription.objects.filter(Q(ends_on=None) | Q(ends_on__gt=on), account__in=accounts)
    locked = _locked(current.values_list("pk", flat=True))
    held = {(one.account_id, one.product_id) for one in locked if one.ends_on is None}
    last = ends_on or on
    leaving, returning = [], []
    for one in locked:
        assert one.account_id is not None
        if one.product_id is None and one.account_id not in ended:
            continue  # made by itself, whatever products the account has
        key = (one.account_id, one.product_id)
        if one.product_id not in wanted.get(one.account_id, {}):
            leaving += [one] if one.ends_on is None or one.ends_on > last else []
        elif key not in held:
            held.add(key)
            returning.append(one)
    coming = [
        _new(account.customer, product.plan, account=account, product=product, starts_on=on, now=now)
        for account in accounts
        for product in wanted[account.pk].values()
        if product.plan is not None and (account.pk, product.pk) not in held
    ]
    for one in leaving:
        _end(one, last)
    for one in returning:
        _go_on(one, on)
    changed = [*leaving, *returning]
    Subscription.objects.bulk_update(changed, ["starts_on", "ends_on", "due_on"])
    Subscription.objects.bulk_create(coming)
    return [*changed, *coming]


@transaction.atomic
def subscribe(
    *,
    customer: Customer,
    plan: SubscriptionPlan,
    account: Account | None = None,
    starts_on: date | None = None,
    fee: Decimal | None = None,
    by: str,
    now: datetime,
) -> Subscription:
    """Have a customer, or one of their accounts, pay for a plan, and charge at once what is due.

    Without `starts_on` it begins as the plan says: today, or with the first use. `fee` stands in place of the plan's.

    Raises:
        BadInput: another currency, somebody else's account, one who has ended, or a plan that needs a date.
    """
    _refuse(customer, plan, account, fee)
    if starts_on is None and plan.starts == Start.ON_DATE:
        raise BadInput(f"plan {plan.code} begins on a day that is named; say on which")
    begins = plan.starts if starts_on is None else Start.ON_DATE
    subscription = _new(
        customer, plan, account=account, starts_on=starts_on or today_of(customer, now), now=now, begins=begins
    )
    subscription.fee = fee
    subscription.save()
    whose = f" for {account.code}" if account else ""
    _note(customer, "subscribed", f"{plan.code}{whose} from {subscription.starts_on or 'its first use'}", by, now)
    charge_subscriptions([subscription], now=now)
    return subscription


@transaction.atomic
def end_subscription(*, subscription: Subscription, on: date, by: str, now: datetime) -> Subscription:
    """Let it end: `on` is the first day without it. What that means in money follows at once, or when the day comes.

    An end that is still to come may be moved.

    Raises:
        BadInput: it has ended already, would end before it began, comes with a product that the account has, or waits
            for its first use and would not be there for it any more.
    """
    (one,) = _locked([subscription.pk])
    if one.product is not None and one.ends_on is None:
        raise BadInput(f"{one} comes with product {one.product.code}; take that from the account, and it ends")
    if one.ends_on is not None and one.due_on is None:
        raise BadInput(f"{one} ended on {one.ends_on}, and that is settled; begin another one instead")
    if one.starts_on is not None and on < one.starts_on:
        raise BadInput(f"{one} begins on {one.starts_on}; it cannot end on {on}, which is before")
    if one.starts_on is None and on > today_of(one.customer, now) + ONE_DAY:
        raise BadInput(
            f"{one} waits for its first use, and has no end before that; end it today, or once it has begun"
        )
    _end(one, on)
    one.save(update_fields=["starts_on", "ends_on", "due_on"])
    _note(one.customer, "subscription ended", f"{one.plan.code} on {on}", by, now)
    charge_subscriptions([one], now=now)
    return one


@transaction.atomic
def activate(*, subscription: Subscription, on: date, now: datetime) -> Subscription:
    """Let one that waits for its first use begin. Safe to repeat: one that has begun stays as it is."""
    (one,) = _locked([subscription.pk])
    if one.starts_on is None:
        one.starts_on = one.due_on = on
        one.save(update_fields=["starts_on", "due_on"])
        charge_subscriptions([one], now=now)
    return one


def _products_with_fees(accounts: Sequence[Account]) -> dict[int, dict[int, Product]]:
    """By account and product, what each account pays for now: its main product and its add-ons."""
    paying = {account.pk: account for account in accounts if account.state not in WITHOUT_PRODUCTS}
    products = {
        one.pk: one
        for one in Product.objects.filter(
            pk__in={account.product_id for account in paying.values()}, plan__isnull=False
        ).select_related("plan")
    }
    wanted: dict[int, dict[int, Product]] = {account.pk: {} for account in accounts}
    for pk, account in paying.items():
        if account.product_id in products:
            wanted[pk][account.product_id] = products[account.product_id]
    addons = AccountProduct.objects.filter(
        account__in=paying, is_addon=True, active_until=None, product__plan__isnull=False
    )
    for span in addons.select_related("product__plan").order_by("pk"):
        wanted[span.account_id][span.product_id] = span.product
    return wanted


def _locked(ids: Iterable[int]) -> list[Subscription]:
    found = Subscription.objects.filter(pk__in=list(ids)).select_related("plan", "customer", "account", "product")
    return list(found.select_for_update(of=("self",)).order_by("pk"))


def _new(
    customer: Customer,
    plan: SubscriptionPlan,
    *,
    account: Account | None,
    product: Product | None = None,
    starts_on: date,
    now: datetime,
    begins: str = "",
) -> Subscription:
    if plan.currency != customer.currency:
        raise BadInput(
            f"plan {plan.code} is in {plan.currency} and customer {customer.code} in {customer.currency}; "
            "make a plan in their currency"
        )
    day = None if (begins or plan.starts) == Start.ON_FIRST_USE else starts_on
    return Subscription(
        customer=customer, account=account, plan=plan, product=product, created_at=now, starts_on=day, due_on=day
    )


def _end(one: Subscription, on: date) -> None:
    """From `on` it is no more; what has not begun by then never begins."""
    was_used = one.starts_on is not None
    one.starts_on = one.starts_on or on
    one.ends_on = max(on, one.starts_on)
    one.due_on = min(one.due_on or one.ends_on, one.ends_on) if was_used else None


def _go_on(one: Subscription, on: date) -> None:
    """Its end is not to come; one that waited for its first use does so again."""
    waits = one.starts_on == one.ends_on and one.plan.starts == Start.ON_FIRST_USE
    one.starts_on = None if waits else one.starts_on
    one.ends_on, one.due_on = None, None if waits else on


def _refuse(customer: Customer, plan: SubscriptionPlan, account: Account | None, fee: Decimal | None) -> None:
    if customer.state == CustomerState.CLOSED:
        raise BadInput(f"customer {customer.code} is closed; nothing can be sold to them any more")
    if account is not None and account.customer_id != customer.pk:
        raise BadInput(f"account {account.code} is not of customer {customer.code}")
    if account is not None and account.state == AccountState.TERMINATED:
        raise BadInput(f"account {account.code} has ended; choose one that is in use")
    if fee is not None and fee < 0:
        raise BadInput(f"a fee of {fee} {plan.currency} is less than nothing; write 0 for none")


def _note(customer: Customer, what: str, detail: str, by: str, now: datetime) -> None:
    CustomerEvent.objects.create(customer=customer, what=what, detail=detail, by=by[:MAX_BY], at=now)
