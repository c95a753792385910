"""Customers, read: lists and single ones."""

from decimal import Decimal
from typing import Annotated

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from msgspec import UNSET, UnsetType

from tollbook.access.models import User
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.lists import ListRequest, among, any_of, like, page
from tollbook.api.portabilling.method import OWNERS, STAFF, Info, Request, method
from tollbook.api.portabilling.shapes.customer_info import CustomerInfo
from tollbook.api.portabilling.shapes.customers import customer_infos, is_exceeded
from tollbook.billing.models import Invoice
from tollbook.credit.models import HeldBy, Hold
from tollbook.customers.actors import Realm
from tollbook.customers.models import Customer, CustomerState
from tollbook.ledger.queries import owed_by_customers

RETAIL = 1
NOTHING = Decimal(0)


class Search(Info):
    """One value that is looked for in several fields."""

    search_by: list[str] = []
    value: str = ""


class CustomerListRequest(ListRequest):
    """Filters of the list of customers."""

    name: str | None = None
    companyname: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    refnum: str | None = None
    bill_status: Annotated[str, msgspec.Meta(pattern="^[OSCED]$")] | None = None
    i_customer: Id | None = None
    i_customer_type: Id | None = None
    i_parent: Id | None = None
    i_customer_class: Id | None = None
    i_office_type: Id | None = None
    i_main_customer: Id | None = None
    has_invoices: Switch | None = None
    credit_limit_exceeded: Switch | None = None
    spending_limit_reached: Switch | None = None
    with_terminated: Switch | None = None
    get_statuses: Switch | None = None
    detailed_info: Switch | None = None
    search: Search | None = None


class CustomerList(msgspec.Struct):
    """Customers of a page, by their number."""

    customer_list: list[CustomerInfo]
    total: int | UnsetType = UNSET


class CustomerInfoRequest(Request):
    """Which customer, by one of these, and how much of them."""

    i_customer: Id | None = None
    name: str | None = None
    login: str | None = None
    refnum: str | None = None
    detailed_info: Switch | None = None
    effective_values: Switch | None = None
    get_time_zone_name: Switch | None = None


class CustomerInfoAnswer(msgspec.Struct):
    """The customer; nothing when there is none."""

    customer_info: CustomerInfo | UnsetType = UNSET


@method("Customer/get_customer_list", realms=(STAFF,))
def get_customer_list(caller: Caller, asked: CustomerListRequest) -> CustomerList:
    """List customers; closed ones only with `with_terminated` or `bill_status` C."""
    customers, total = page(caller, _filtered(caller, asked).order_by("pk"), asked)
    with_features = bool(asked.detailed_info)
    infos = customer_infos(customers, now=caller.now, is_for_staff=True, with_features=with_features)
    return CustomerList(infos, total)


@method("Customer/get_customer_info", realms=OWNERS)
def get_customer_info(caller: Caller, asked: CustomerInfoRequest) -> CustomerInfoAnswer:
    """Show one customer, found by number, name, login or reference number."""
    found = _found(caller, asked)
    if found is None:
        return CustomerInfoAnswer()
    with_features = bool(asked.detailed_info or asked.effective_values)
    is_for_staff = caller.realm is Realm.STAFF
    (info,) = customer_infos([found], now=caller.now, is_for_staff=is_for_staff, with_features=with_features)
    if asked.get_time_zone_name:
        info.time_zone_name = found.timezone
    return CustomerInfoAnswer(info)


def _found(caller: Caller, asked: CustomerInfoRequest) -> Customer | None:
    customers = Customer.objects.order_by("pk")
    if caller.realm is not Realm.STAFF:
        customers = customers.filter(pk=caller.customer_id or 0)
    if asked.i_customer is not None:
        customers = customers.filter(pk=asked.i_customer)
    if asked.name is not None:
        customers = customers.filter(code=asked.name)
    if asked.refnum is not None:
        customers = customers.filter(details__refnum=asked.refnum)
    if asked.login is not None:
        users = User.objects.filter(realm=Realm.CUSTOMER, login=asked.login, customer=OuterRef("pk"))
        customers = customers.filter(Exists(users))
    by_nothing = (asked.i_customer, asked.name, asked.refnum, asked.login) == (None,) * 4
    if by_nothing and caller.realm is Realm.STAFF:
        raise invalid(caller.method, "params", "say which customer: i_customer, name, login or refnum")
    return customers.first()


SEARCHED = {
    "name": lambda value: like("code", value),
    "companyname": lambda value: like("name", value, any_case=True),
    "firstname": lambda value: like(KT("details__firstname"), value, any_case=True),
    "lastname": lambda value: like(KT("details__lastname"), value, any_case=True),
    "email": lambda value: like("email", value, any_case=True),
    "refnum": lambda value: like(KT("details__refnum"), value),
    "phone1": lambda value: like(KT("details__phone1"), value),
    "city": lambda value: like("city", value, any_case=True),
    "baddr1": lambda value: like("street", value, any_case=True),
    "tax_id": lambda value: like("tax_id", value),
}


def _filtered(caller: Caller, asked: CustomerListRequest) -> QuerySet[Customer]:
    customers = Customer.objects.filter(_state(asked))
    for name in ("name", "companyname", "firstname", "lastname", "email", "refnum"):
        value = getattr(asked, name)
        if value is not None:
            customers = customers.filter(SEARCHED[name](value))
    if asked.i_customer is not None:
        customers = customers.filter(pk=asked.i_customer)
    if asked.i_customer_class is not None:
        customers = customers.filter(details__i_customer_class=asked.i_customer_class)
    if asked.i_office_type is not None:
        customers = customers.filter(details__i_office_type=asked.i_office_type)
    # There are no resellers here, and nobody's customer is another's.
    if asked.i_parent is not None or asked.i_main_customer is not None or (asked.i_customer_type or 1) != RETAIL:
        customers = customers.none()
    if asked.has_invoices is not None:
        invoices = Exists(Invoice.objects.filter(customer=OuterRef("pk")))
        customers = customers.filter(invoices if asked.has_invoices else ~invoices)
    if asked.spending_limit_reached:
        customers = customers.none()  # no limits of spending are kept here
    if asked.search is not None and asked.search.value:
        customers = customers.filter(_search(caller, asked.search))
    return _exceeded(customers) if asked.credit_limit_exceeded else customers


def _exceeded(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Those of them with no funds left. Who may owe any amount never is."""
    limited = list(customers.filter(Q(is_prepaid=True) | Q(credit_limit__isnull=False)))
    owed = owed_by_customers([one.pk for one in limited])
    return customers.filter(
        among("pk", [one.pk for one in limited if is_exceeded(one, owed.get(one.pk, NOTHING))])
    )


def _state(asked: CustomerListRequest) -> Q:
    stopped = Exists(
        Hold.objects.filter(customer=OuterRef("pk"), account=None, lifted_at=None, held_by=HeldBy.CREDIT)
    )
    match asked.bill_status:
        case None if asked.with_terminated:
            return Q()
        case None:
            return ~Q(state=CustomerState.CLOSED)
        case "C":
            return Q(state=CustomerState.CLOSED)
        case "S":
            return ~Q(state=CustomerState.CLOSED) & Q(stopped)
        case "O":
            return ~Q(state=CustomerState.CLOSED) & ~Q(stopped)
    return Q(pk__in=[])  # nobody is exported or deactivated here


def _search(caller: Caller, search: Search) -> Q:
    unknown = sorted(set(search.search_by) - set(SEARCHED))
    if unknown:
        raise invalid(
            caller.method,
            "search.search_by",
            f"{', '.join(unknown)} cannot be searched; use {', '.join(SEARCHED)}",
        )
    return any_of(SEARCHED[name](search.value) for name in search.search_by or ("name", "companyname"))
