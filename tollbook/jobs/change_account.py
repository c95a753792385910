"""Changing accounts: their product and add-ons within the agreement, what is said of them, and blocking them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import follow_products
from tollbook.catalog.models import Product
from tollbook.credit.models import HeldBy
from tollbook.credit.operations import resume, suspend
from tollbook.credit.permits import demand_unheld
from tollbook.customers.account_facts import SECRET, read_account_facts
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.errors import NotInAgreement, NotTheirs
from tollbook.customers.models import Account, AccountProduct, AccountState, BlockedBy
from tollbook.customers.operations.agreements import shown_name, take_slots
from tollbook.customers.operations.claim_numbers import end_of
from tollbook.customers.operations.events import tell
from tollbook.customers.operations.fitting_products import demand_fitting
from tollbook.customers.operations.permits import demand_account, lock_account
from tollbook.customers.operations.service_passwords import kept
from tollbook.errors import BadInput
from tollbook.jobs.watch_funds import watch_when_committed

ONE_DAY = timedelta(days=1)
MAX_SHOWN = 100  # characters of a value in the history


@transaction.atomic
def change_account(
    *,
    actor: Actor,
    account: Account,
    now: datetime,
    product: Product | None = None,
    addons: Sequence[Product] | None = None,
    **facts: Any,
) -> Account:
    """Say something else of an account, from now on. Safe to repeat.

    `addons` is the complete set: what is not in it is switched off. What the account had today is paid for today; what
    comes back on the same day goes on. Calls that began before are rated with what it had then, however late they
    arrive. `facts` as `account_facts.READERS` has them.

    Raises:
        NotInAgreement, AgreementExceeded: a customer asks for what is not agreed, or the last slot is taken.
        DoesNotGoWith: an add-on with the product, or a currency.
        BlockedByStaff: staff blocked the account, and it is not staff who ask.
        NotTheirs: it is not the actor's, or not theirs to change.
        BadInput: the account has ended, or a fact is none.
    """
    lock_account(account)
    demand_account(actor, account)
    demand_unheld(actor, account.customer, account)
    read = read_account_facts(actor, facts)
    if product is not None or addons is not None:
        if actor.realm is Realm.ACCOUNT:
            raise NotTheirs("products are changed by whoever manages all accounts; ask them")
        _change_products(actor, account, product or account.product, addons, now)
    _change_facts(actor, account, read, now)
    return account


@transaction.atomic
def block_account(*, actor: Actor, account: Account, why: str = "", now: datetime) -> Account:
    """Stop an account's calls at every platform, until whoever stopped them says otherwise. Safe to repeat.

    Raises:
        BlockedByStaff: staff blocked it already, and it is not staff who ask.
        NotTheirs: it is not the actor's, or an account asks.
        BadInput: the account has ended, or waits for staff.
    """
    _demand_manager(actor, account)
    if not actor.is_staff and account.state == AccountState.INACTIVE:
        raise BadInput(f"account {account.code} waits for your operator; there is nothing to block yet")
    suspend(
        customer=account.customer, account=account, held_by=_held_by(actor), why=why, by=actor.name[:150], now=now
    )
    account.refresh_from_db()
    return account


@transaction.atomic
def unblock_account(*, actor: Actor, account: Account, why: str = "", now: datetime) -> Account:
    """Let an account call again, as far as it was the actor who stopped it. Safe to repeat.

    Staff lift what the customer holds, too.

    Raises:
        BlockedByStaff: staff blocked it, and it is not staff who ask.
        NotTheirs: it is not the actor's, or an account asks.
        BadInput: the account has ended; or it stays blocked, for somebody else holds it.
    """
    _demand_manager(actor, account)
    holders = (HeldBy.STAFF, HeldBy.CUSTOMER) if actor.is_staff else (HeldBy.CUSTOMER,)
    for held_by in reversed(holders):
        resume(customer=account.customer, account=account, held_by=held_by, why=why, by=actor.name[:150], now=now)
    account.refresh_from_db()
    if account.state == AccountState.BLOCKED and not actor.is_staff:
        by = "its platform" if account.blocked_by == BlockedBy.PLATFORM else "your operator, for its funds"
        raise BadInput(f"account {account.code} stays blocked by {by}; ask them")
    return account


def products_of(account: Account) -> list[Product]:
    """What it has now: the main product, then add-ons by code."""
    spans = AccountProduct.objects.filter(account=account, is_addon=True, active_until=None)
    addons = spans.select_related("product__plan").order_by("product__code")
    return [account.product, *(span.product for span in addons)]


def _demand_manager(actor: Actor, account: Account) -> None:
    lock_account(account)
    demand_account(actor, account)
    if actor.realm is Realm.ACCOUNT:
        raise NotTheirs("accounts are blocked and unblocked by whoever manages all of them; ask them")
    demand_unheld(actor, account.customer, account)


def _held_by(actor: Actor) -> HeldBy:
    return HeldBy.STAFF if actor.is_staff else HeldBy.CUSTOMER


def _change_products(
    actor: Actor, account: Account, product: Product, addons: Sequence[Product] | None, now: datetime
) -> None:
    spans = {
        span.product_id: span
        for span in AccountProduct.objects.filter(
            account=account, is_addon=True, active_until=None
        ).select_related("product")
    }
    had = [span.product for span in spans.values()]
    wanted = had if addons is None else list(addons)
    changes_main = product.pk != account.product_id
    added = [addon for addon in wanted if addon.pk not in spans]
    dropped = [addon for addon in had if addon.pk not in {one.pk for one in wanted}]
    if not (changes_main or added or dropped):
        return
    demand_fitting(account.customer, product, wanted)
    taken = [*([product] if changes_main else []), *added]
    _demand_no_approval(actor, account, taken)
    take_slots(actor=actor, customer=account.customer, products=taken)
    if changes_main:
        _change_main(account, product, now)
        tell(account, "product", f"{account.product.code} → {product.code}", actor=actor, now=now)
        account.product = product
        account.save(update_fields=["product"])
    for addon in dropped:
        _end_span(spans[addon.pk], now)
        tell(account, "addon_ended", addon.code, actor=actor, now=now)
    for addon in added:
        AccountProduct.objects.create(account=account, product=addon, is_addon=True, active_from=now)
        tell(account, "addon_added", addon.code, actor=actor, now=now)
    today = today_of(account.customer, now)
    follow_products(account, on=today, ends_on=today + ONE_DAY, now=now)
    watch_when_committed(account.customer, now=now)


def _change_main(account: Account, product: Product, now: datetime) -> None:
    """Keep what it had: from here on its main products are written over time."""
    span = AccountProduct.objects.filter(account=account, is_addon=False, active_until=None).first()
    if span is None:
        since = account.active_from
        if since is None or since < now:
            AccountProduct.objects.create(
                account=account, product=account.product, is_addon=False, active_from=since, active_until=now
            )
    else:
        span.product = account.product  # a sheet may have corrected it since
        _end_span(span, now)
    AccountProduct.objects.create(account=account, product=product, is_addon=False, active_from=now)


def _end_span(span: AccountProduct, now: datetime) -> None:
    """One that begins no earlier was never had, and goes."""
    if span.active_from is not None and span.active_from >= now:
        span.delete()
    else:
        span.active_until = end_of(span.active_from, now)
        span.save(update_fields=["product", "active_until"])


def _demand_no_approval(actor: Actor, account: Account, products: Sequence[Product]) -> None:
    """What staff must see to before an account is used is not had by changing one that they have not seen.

    Raises:
        NotInAgreement: a product that staff activate.
    """
    needs = account.customer.needs_approval
    if actor.is_staff or needs is False:
        return
    for product in products:
        if product.needs_approval:
            raise NotInAgreement(
                f"{shown_name(product)} is activated by your operator; ask them, or open another account with it"
            )


def _change_facts(actor: Actor, account: Account, read: Mapping[str, Any], now: datetime) -> None:
    fields = dict(read)
    if password := fields.pop(SECRET, ""):
        account.service_secret = kept(password)
        account.save(update_fields=["service_secret"])
        tell(account, "password", "of the service, a new one", actor=actor, now=now)
    differing = {name: value for name, value in fields.items() if getattr(account, name) != value}
    for name, value in differing.items():
        was = getattr(account, name)
        setattr(account, name, value)
        detail = f"{name}: {_shown(was)} → {_shown(value)}" if _is_short(was) and _is_short(value) else name
        tell(account, "changed", detail, actor=actor, now=now)
    if differing:
        account.save(update_fields=list(differing))


def _is_short(value: object) -> bool:
    return not isinstance(value, (dict, list))


def _shown(value: object) -> str:
    return str(value)[:MAX_SHOWN] if value not in (None, "") else "(nothing)"
