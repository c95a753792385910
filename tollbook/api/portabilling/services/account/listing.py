"""Accounts, read: lists and single ones."""

from typing import Annotated

import msgspec
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from msgspec import UNSET, UnsetType

from tollbook.access.models import User
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid
from tollbook.api.portabilling.fields import Count, Id, Switch
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, Request, method
from tollbook.api.portabilling.shapes.account_info import CREDIT, AccountInfo
from tollbook.api.portabilling.shapes.accounts import account_infos, numbers_now
from tollbook.api.portabilling.shapes.customer_info import CustomerInfo
from tollbook.api.portabilling.shapes.customers import customer_infos
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, AccountState, Extension
from tollbook.customers.operations.service_passwords import service_password

NEITHER = (AccountState.INACTIVE, AccountState.TERMINATED)


class AccountListRequest(ListRequest):
    """Filters of the list of accounts."""

    i_customer: Id | None = None
    id: str | None = None
    bill_status: Annotated[str, msgspec.Meta(pattern="^[OIC]$")] | None = None
    billing_model: int | None = None
    i_product: Id | None = None
    did_number: str | None = None
    extension_id: str | None = None
    extension_name: str | None = None
    companyname: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    state: str | None = None
    sip_status: Switch | None = None
    i_customer_site: Id | None = None
    get_not_closed_accounts: Switch | None = None
    get_only_real_accounts: Switch | None = None
    get_statuses: Switch | None = None
    with_aliases: Switch | None = None
    detailed_info: Switch | None = None
    limit_alias_did_number_list: Count | None = None


class AccountList(msgspec.Struct):
    """Accounts of a page, by their number."""

    account_list: list[AccountInfo]
    total: int | UnsetType = UNSET


class AccountInfoRequest(Request):
    """Which account, by one of these, and how much of it."""

    i_account: Id | None = None
    id: str | None = None
    login: str | None = None
    detailed_info: Switch | None = None
    without_service_features: Switch | None = None
    get_auth_info: Switch | None = None
    expand_alias: Switch | None = None
    get_included_services: Switch | None = None
    get_service_features: Switch | None = None
    with_call_processing_mode: Switch | None = None
    with_customer_info: Switch | None = None
    limit_alias_did_number_list: Count | None = None


class AccountInfoAnswer(msgspec.Struct):
    """The account, and its customer if that is asked; nothing when there is none."""

    account_info: AccountInfo | UnsetType = UNSET
    customer_info: CustomerInfo | UnsetType = UNSET


@method("Account/get_account_list", realms=OWNERS)
def get_account_list(caller: Caller, asked: AccountListRequest) -> AccountList:
    """List accounts of one customer or of all, ended ones too."""
    # Few products and customers are shared by many accounts: each is read once.
    rows = _filtered(caller, asked).select_related(None).prefetch_related("customer", "product")
    accounts, total = page(caller, rows.order_by("pk"), asked)
    infos = account_infos(
        accounts,
        now=caller.now,
        is_for_staff=caller.realm is Realm.STAFF,
        is_detailed=bool(asked.detailed_info),
        with_aliases=bool(asked.with_aliases),
        dids_at_most=asked.limit_alias_did_number_list,
    )
    return AccountList(infos, total)


@method("Account/get_account_info", realms=EVERYBODY)
def get_account_info(caller: Caller, asked: AccountInfoRequest) -> AccountInfoAnswer:
    """Show one account, found by number, id or login; in its own realm it is itself."""
    account = _found(caller, asked)
    if account is None:
        return AccountInfoAnswer()
    is_for_staff = caller.realm is Realm.STAFF
    (info,) = account_infos(
        [account],
        now=caller.now,
        is_for_staff=is_for_staff,
        is_detailed=True,
        with_aliases=True,
        dids_at_most=asked.limit_alias_did_number_list,
    )
    if asked.without_service_features:
        info.service_features = UNSET
    if asked.get_included_services:
        info.included_services = []
    if asked.get_auth_info:
        info.h323_password = service_password(account).reveal()
    answer = AccountInfoAnswer(info)
    if asked.with_customer_info and caller.realm is not Realm.ACCOUNT:
        (answer.customer_info,) = customer_infos([account.customer], now=caller.now, is_for_staff=is_for_staff)
    return answer


def visible(caller: Caller) -> QuerySet[Account]:
    """The accounts that the caller may see at all, with customer and product."""
    accounts = Account.objects.select_related("customer", "product")
    if caller.realm is Realm.STAFF:
        return accounts
    accounts = accounts.filter(customer=caller.customer_id)
    return accounts.filter(pk=caller.account_id or 0) if caller.realm is Realm.ACCOUNT else accounts


def _found(caller: Caller, asked: AccountInfoRequest) -> Account | None:
    accounts = visible(caller).order_by("pk")
    if asked.i_account is not None:
        accounts = accounts.filter(pk=asked.i_account)
    if asked.id is not None:
        accounts = accounts.filter(code=asked.id)
    if asked.login is not None:
        users = User.objects.filter(realm=Realm.ACCOUNT, login=asked.login, account=OuterRef("pk"))
        accounts = accounts.filter(Exists(users))
    by_nothing = (asked.i_account, asked.id, asked.login) == (None,) * 3
    if by_nothing and caller.realm is not Realm.ACCOUNT:
        raise invalid(caller.method, "params", "say which account: i_account, id or login")
    return accounts.first()


def _filtered(caller: Caller, asked: AccountListRequest) -> QuerySet[Account]:
    accounts = visible(caller).filter(_state(asked))
    if (customer := caller.own_customer_id(asked.i_customer)) is not None:
        accounts = accounts.filter(customer=customer)
    if asked.i_product is not None:
        accounts = accounts.filter(product=asked.i_product)
    # None is registered with a switch of ours, none belongs to a site, and all are on their customers' balance.
    if asked.sip_status or asked.i_customer_site is not None or (asked.billing_model or CREDIT) != CREDIT:
        return accounts.none()
    accounts = accounts.filter(like("code", asked.id), like("email", asked.email, any_case=True), *_contact(asked))
    if asked.did_number is not None:
        digits = Cast("digits", TextField())
        numbers = numbers_now(now=caller.now).annotate(text=digits).filter(like("text", asked.did_number))
        accounts = accounts.filter(Exists(numbers.order_by().filter(account=OuterRef("pk"))))
    if asked.extension_id is not None or asked.extension_name is not None:
        extensions = Extension.objects.filter(account=OuterRef("pk"))
        extensions = extensions.filter(like("number", asked.extension_id))
        extensions = extensions.filter(like("name", asked.extension_name, any_case=True))
        accounts = accounts.filter(Exists(extensions))
    return accounts


def _contact(asked: AccountListRequest) -> list[Q]:
    """Kept with the account as clients sent it; a name that only Tollbook knows is shown as the last one."""
    last = Coalesce(KT("details__lastname"), F("name"))
    return [
        like(KT("details__companyname"), asked.companyname, any_case=True),
        like(KT("details__firstname"), asked.firstname, any_case=True),
        like(last, asked.lastname, any_case=True),
        like(KT("details__state"), asked.state, any_case=True),
    ]


def _state(asked: AccountListRequest) -> Q:
    states: dict[str | None, Q] = {
        None: Q(),
        "O": ~Q(state__in=NEITHER),
        "I": Q(state=AccountState.INACTIVE),
        "C": Q(state=AccountState.TERMINATED),
    }
    wanted = states[asked.bill_status]
    return wanted & ~Q(state=AccountState.TERMINATED) if asked.get_not_closed_accounts else wanted
