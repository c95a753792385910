"""Our customers as customer_info, a page at a time: a fixed number of queries however many they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Exists, Max, OuterRef
from msgspec import UNSET

from tollbook.access.models import User
from tollbook.api.portabilling.fields import bit, money, time_text, yes_no
from tollbook.api.portabilling.lists import among
from tollbook.api.portabilling.shapes.contact import person
from tollbook.api.portabilling.shapes.customer_info import KEPT, CustomerInfo
from tollbook.api.portabilling.shapes.features import shown
from tollbook.api.portabilling.shapes.zones import zone_number
from tollbook.billing.models import Invoice
from tollbook.credit.models import FundsPolicy, HeldBy, Hold, WhenUsedUp
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Customer, CustomerState
from tollbook.ledger.queries import owed_by_customers

POSTPAID, PREPAID = 1, 2
FOR_STAFF = ("note", "refnum", "i_rep", "i_acl", "i_role")


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What is known of the customers of a page besides their rows, by customer."""

    owed: Mapping[int, Decimal]
    held_by: Mapping[int, frozenset[str]]
    invoiced_until: Mapping[int, date]
    logins: Mapping[int, str]
    watched: frozenset[int]  # credit control stops them when their funds are used up
    used: frozenset[int]  # they have accounts


def facts_of(customers: Iterable[int]) -> CustomerFacts:
    """What is known of these customers, in six queries."""
    ids = list(customers)
    holding: dict[int, set[str]] = {}
    for customer, held_by in _holds(ids):
        holding.setdefault(customer, set()).add(held_by)
    stops = FundsPolicy.objects.filter(among("customer_id", ids)).exclude(when_used_up=WhenUsedUp.ALARM)
    invoiced = Invoice.objects.filter(among("customer_id", ids)).values("customer_id").order_by()
    users = User.objects.filter(among("customer_id", ids), realm=Realm.CUSTOMER).order_by("-pk")
    return CustomerFacts(
        owed_by_customers(ids),
        {customer: frozenset(names) for customer, names in holding.items()},
        dict(invoiced.annotate(until=Max("period_until")).values_list("customer_id", "until")),
        dict(users.values_list("customer_id", "login")),
        frozenset(stops.values_list("customer_id", flat=True)),
        _with_accounts(ids),
    )


def _with_accounts(ids: Sequence[int]) -> frozenset[int]:
    accounts = Account.objects.filter(customer=OuterRef("pk"))
    return frozenset(Customer.objects.filter(among("pk", ids), Exists(accounts)).values_list("pk", flat=True))


def _holds(ids: Sequence[int]) -> Iterable[tuple[int, str]]:
    holding = Hold.objects.filter(among("customer_id", ids), account=None, lifted_at=None)
    return holding.values_list("customer_id", "held_by")


def customer_infos(
    customers: Sequence[Customer], *, now: datetime, is_for_staff: bool, with_features: bool = False
) -> list[CustomerInfo]:
    """The customers as they are shown, in the same order."""
    facts = facts_of(customer.pk for customer in customers)
    infos = [_info(customer, facts, now=now, is_for_staff=is_for_staff) for customer in customers]
    if with_features:
        for customer, info in zip(customers, infos, strict=True):
            info.service_features = shown(customer.features)
    return infos


def _info(customer: Customer, facts: CustomerFacts, *, now: datetime, is_for_staff: bool) -> CustomerInfo:
    owed = facts.owed.get(customer.pk, Decimal(0))
    limit = money(customer.credit_limit)
    held_by = facts.held_by.get(customer.pk, frozenset())
    until = facts.invoiced_until.get(customer.pk)
    zone = ZoneInfo(customer.timezone)
    kept = {name: value for name, value in customer.details.items() if name in KEPT}
    if not is_for_staff:
        kept = {name: value for name, value in kept.items() if name not in FOR_STAFF}
    return CustomerInfo(
        **kept,
        i_customer=customer.pk,
        name=customer.code,
        login=facts.logins.get(customer.pk),
        companyname="" if customer.name == person(kept) else customer.name,
        baddr1=customer.street,
        city=customer.city,
        zip=customer.postcode,
        country=customer.country,
        email=customer.email,
        tax_id=customer.tax_id,
        creation_date=time_text(customer.created_at),
        is_used=bit(customer.pk in facts.used),
        has_custom_fields=bit(bool(customer.custom)),
        iso_4217=customer.currency,
        i_balance_control_type=PREPAID if customer.is_prepaid else POSTPAID,
        balance=round(owed, 5),
        credit_limit=limit,
        perm_credit_limit=limit,
        credit_exceed=bit(is_exceeded(customer, owed)),
        suspend_on_insuff_funds=yes_no(customer.pk in facts.watched),
        billed_to=None if until is None else time_text(_midnight(until, zone)),
        next_billed_to=time_text(_next_month(now, zone)),
        bill_status=bill_status(customer, held_by),
        blocked=yes_no(HeldBy.STAFF in held_by),
        status=status(customer, owed, held_by) or UNSET,
        i_time_zone=zone_number(customer.timezone),
        i_lang=customer.language,
    )


def bill_status(customer: Customer, held_by: frozenset[str]) -> str:
    """The platform's letter: O open, S suspended, C closed."""
    if customer.state == CustomerState.CLOSED:
        return "C"
    return "S" if HeldBy.CREDIT in held_by else "O"


def status(customer: Customer, owed: Decimal, held_by: frozenset[str]) -> str:
    """The one thing that is shown of how the customer stands: the first of these that is so; "" = all is well."""
    if customer.state == CustomerState.CLOSED:
        return "closed"
    if HeldBy.STAFF in held_by:
        return "blocked"
    if HeldBy.CREDIT in held_by:
        return "suspended"
    if is_exceeded(customer, owed):
        return "no_available_funds" if customer.is_prepaid else "credit_exceeded"
    return ""


def is_exceeded(customer: Customer, owed: Decimal) -> bool:
    """Whether no funds are left. A prepaid customer without a limit has what they paid."""
    limit = customer.credit_limit
    if limit is None:
        return customer.is_prepaid and owed >= 0
    return owed >= limit


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next_month(now: datetime, zone: ZoneInfo) -> datetime:
    first = now.astimezone(zone).date().replace(day=1)
    return _midnight((first + timedelta(days=32)).replace(day=1), zone)
