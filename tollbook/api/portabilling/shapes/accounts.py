"""Our accounts as account_info, a page at a time: a fixed number of queries however many they are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet
from msgspec import UNSET

from tollbook.access.models import User
from tollbook.api.portabilling.fields import bit, day_text, money, time_text, yes_no
from tollbook.api.portabilling.lists import among
from tollbook.api.portabilling.shapes import customers
from tollbook.api.portabilling.shapes.account_info import (
    ALIASES_FROM,
    KEPT,
    ROLES,
    AccountInfo,
    AddonShown,
    AliasShown,
    DidShown,
)
from tollbook.api.portabilling.shapes.features import shown
from tollbook.api.portabilling.shapes.zones import zone_number
from tollbook.catalog.models import Role
from tollbook.credit.models import HeldBy
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, AccountProduct, AccountState, Extension, Number
from tollbook.ledger.queries import spent_on_accounts

FOR_STAFF = ("note", "batch_name", "control_number", "i_acl", "i_role")
LETTERS = {AccountState.INACTIVE: "I", AccountState.TERMINATED: "C"}


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of the accounts of a page besides their rows, by account; of their customers by customer."""

    spent: Mapping[int, Decimal]
    addons: Mapping[int, list[AddonShown]]
    aliases: Mapping[int, list[AliasShown]]
    logins: Mapping[int, str]
    extensions: Mapping[int, tuple[str, str]]  # number and name
    customers: customers.CustomerFacts


def facts_of(accounts: Sequence[Account], *, now: datetime) -> AccountFacts:
    """What is known of these accounts, in eleven queries."""
    ids = [account.pk for account in accounts]
    owners = sorted({account.customer_id for account in accounts})
    users = User.objects.filter(among("account_id", ids), realm=Realm.ACCOUNT).order_by("-pk")
    extensions = Extension.objects.filter(among("account_id", ids)).values_list("account_id", "number", "name")
    return AccountFacts(
        spent_on_accounts(ids, owners),
        _addons(ids, now),
        aliases_of(ids, now=now),
        dict(users.values_list("account_id", "login")),
        {account: (number, name) for account, number, name in extensions},
        customers.facts_of(owners),
    )


def _addons(ids: Sequence[int], now: datetime) -> dict[int, list[AddonShown]]:
    spans = AccountProduct.objects.filter(among("account_id", ids), is_addon=True).exclude(active_until__lte=now)
    found: dict[int, list[AddonShown]] = defaultdict(list)
    for span in spans.select_related("product").order_by("product__code", "pk"):
        product = span.product
        one = AddonShown(
            i_product=product.pk,
            name=product.code,
            end_user_name=product.end_user_name or product.name,
            addon_effective_from=time_text(span.active_from),
            addon_effective_to=time_text(span.active_until),
            addon_priority=len(found[span.account_id]) + 1,
            i_subscription=product.plan_id,
        )
        found[span.account_id].append(one)
    return found


def numbers_now(*, now: datetime) -> QuerySet[Number]:
    """Numbers that are on accounts now, or will be."""
    return Number.objects.exclude(active_until__lte=now).select_related("account").order_by("digits", "pk")


def aliases_of(ids: Sequence[int], *, now: datetime) -> dict[int, list[AliasShown]]:
    """The numbers that lead to each of these accounts."""
    found: dict[int, list[AliasShown]] = defaultdict(list)
    for number in numbers_now(now=now).filter(among("account_id", ids)):
        found[number.account_id].append(alias_shown(number))
    return found


def alias_shown(number: Number) -> AliasShown:
    """A number of an account, as an account of its own that leads there."""
    return AliasShown(
        i_account=ALIASES_FROM + number.pk,
        id=str(number.digits),
        i_master_account=number.account_id,
        i_customer=number.account.customer_id,
    )


def account_infos(
    accounts: Sequence[Account],
    *,
    now: datetime,
    is_for_staff: bool,
    is_detailed: bool = False,
    with_aliases: bool = False,
    dids_at_most: int | None = None,
) -> list[AccountInfo]:
    """The accounts as they are shown, in the same order. They come with customer and product."""
    facts = facts_of(accounts, now=now)
    infos = [_info(account, facts, now=now, is_for_staff=is_for_staff) for account in accounts]
    used = last_used(account.pk for account in accounts) if is_detailed else {}
    for account, info in zip(accounts, infos, strict=True):
        aliases = facts.aliases.get(account.pk, [])
        if with_aliases:
            info.alias_list = aliases
        if dids_at_most is not None:
            info.alias_did_number_list = [DidShown(one.id) for one in aliases[:dids_at_most]]
        if is_detailed:
            info.service_features = shown(account.features, account.product.features, account.customer.features)
            last = used.get(account.pk)
            info.last_usage = time_text(last)
            info.idle_days = None if last is None else (now - last).days
    return infos


def last_used(accounts: Iterable[int]) -> dict[int, datetime]:
    """When each of these accounts was last used: its newest record that was charged or free."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, u.start FROM unnest(%s::bigint[]) AS a(id) CROSS JOIN LATERAL (
                SELECT start FROM usage_usagerecord
                 WHERE account_id = a.id AND outcome IN ('charged', 'free') ORDER BY start DESC LIMIT 1
            ) AS u
            """,
            (list(accounts),),
        )
        return dict(cursor.fetchall())


def _info(account: Account, facts: AccountFacts, *, now: datetime, is_for_staff: bool) -> AccountInfo:
    customer, product = account.customer, account.product
    kept = {name: value for name, value in account.details.items() if name in KEPT}
    if not is_for_staff:
        kept = {name: value for name, value in kept.items() if name not in FOR_STAFF}
    if "firstname" not in kept:
        kept.setdefault("lastname", account.name)
    language = kept.pop("i_lang", customer.language)
    held_by = facts.customers.held_by.get(customer.pk, frozenset())
    owed = facts.customers.owed.get(customer.pk, Decimal(0))
    extension, extension_name = facts.extensions.get(account.pk, (None, None))
    aliases = facts.aliases.get(account.pk, [])
    zone = account.timezone or customer.timezone
    used = account.first_used_at
    began = account.active_from or account.created_at
    return AccountInfo(
        **kept,
        i_account=account.pk,
        id=account.code,
        i_customer=customer.pk,
        customer_name=customer.code,
        login=facts.logins.get(account.pk),
        i_account_role=ROLES[Role(account.role)],
        i_product=product.pk,
        product_name=product.name,
        product_visible_name=product.end_user_name or product.name,
        assigned_addons=facts.addons.get(account.pk, []),
        bill_status=LETTERS.get(AccountState(account.state), "O"),
        blocked=yes_no(account.state == AccountState.BLOCKED),
        status=status(account, owed, held_by, now=now) or UNSET,
        is_active=bit(not status(account, owed, held_by, now=now)),
        customer_blocked=yes_no(HeldBy.STAFF in held_by),
        customer_bill_status=customers.bill_status(customer, held_by),
        customer_bill_suspended=bit(HeldBy.CREDIT in held_by),
        activation_date=_day(began),
        expiration_date=day_text(account.expires_on),
        issue_date=_day(account.created_at),
        first_usage=_day(used),
        first_usage_time=time_text(used),
        balance=money(facts.spent.get(account.pk)) or Decimal(0),
        iso_4217=customer.currency,
        email=account.email,
        extension_id=extension,
        extension_name=extension_name,
        did_number=aliases[0].id if aliases else None,
        i_time_zone=zone_number(zone),
        time_zone_name=zone,
        i_lang=language,
        iso_639_1=language,
    )


def status(account: Account, owed: Decimal, held_by: frozenset[str], *, now: datetime) -> str:
    """The one thing that is shown of how the account stands: the first of these that is so; "" = all is well."""
    customer = account.customer
    no_funds = "customer_has_no_available_funds" if customer.is_prepaid else "customer_credit_exceed"
    words = (
        ("closed", account.state == AccountState.TERMINATED),
        ("blocked", account.state == AccountState.BLOCKED),
        ("customer_blocked", HeldBy.STAFF in held_by),
        ("expired", account.expires_on is not None and account.expires_on <= now.date()),
        ("inactive", account.state == AccountState.INACTIVE),
        ("not_yet_active", account.active_from is not None and account.active_from > now),
        ("customer_suspended", HeldBy.CREDIT in held_by),
        (no_funds, customers.is_exceeded(customer, owed)),
    )
    return next((word for word, is_so in words if is_so), "")


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else day_text(moment.date())
