"""A small operator's catalog and a customer with an agreement, for tests of what customers may do."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.customers.actors import Actor, Realm, staff
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations.agreements import set_agreement
from tollbook.customers.operations.customers import add_customer
from tollbook.customers.operations.numbers import add_to_stock, give_number

EVA = staff("eva")
JUNE_1 = datetime(2026, 6, 1, 9, tzinfo=UTC)
JUNE_11 = datetime(2026, 6, 11, 9, tzinfo=UTC)
JUNE_12 = datetime(2026, 6, 12, 9, tzinfo=UTC)
JUNE_20 = datetime(2026, 6, 20, 9, tzinfo=UTC)


def product(
    code: str,
    *,
    monthly: str | None = None,
    is_addon: bool = False,
    goes_with: Sequence[Product] = (),
    needs_approval: bool = False,
    checklist: Sequence[str] = (),
    is_hidden: bool = False,
    currency: str = "USD",
) -> Product:
    """A product, with a fee charged in advance if it has one. An add-on without `goes_with` goes with every product."""
    plan = None
    if monthly is not None:
        plan = SubscriptionPlan.objects.create(
            code=code, name=f"{code} fee", currency=currency, fee=Decimal(monthly)
        )
    made = Product.objects.create(
        code=code,
        name=code,
        is_addon=is_addon,
        goes_with_any=is_addon and not goes_with,
        plan=plan,
        needs_approval=needs_approval,
        checklist=list(checklist),
        is_hidden=is_hidden,
    )
    made.goes_with.set(goes_with)
    return made


def customer(code: str = "acme", **agreed: int | None) -> Customer:
    """A customer kept in dollars, in New York, with an agreement about the products of these codes."""
    made = add_customer(
        actor=EVA, code=code, name=code.title(), currency="USD", timezone="America/New_York", now=JUNE_1
    )
    agree(made, **agreed)
    return made


def agree(customer: Customer, **agreed: int | None) -> None:
    """Let the customer have so many of each."""
    conditions = {Product.objects.get(code=code): quantity for code, quantity in agreed.items()}
    set_agreement(customer=customer, conditions=conditions, by="eva", now=JUNE_1)


def themselves(customer: Customer) -> Actor:
    """The customer, at their portal."""
    return Actor(realm=Realm.CUSTOMER, name=f"customer {customer.code}", customer_id=customer.pk)


def itself(account: Account) -> Actor:
    """Whoever uses an account."""
    return Actor(
        realm=Realm.ACCOUNT, name=f"account {account.pk}", customer_id=account.customer_id, account_id=account.pk
    )


def give(customer: Customer, *digits: int) -> None:
    """Put numbers into stock, and give them to the customer."""
    for one in digits:
        number = add_to_stock(digits=one, by="eva", now=JUNE_1)
        give_number(number=number, customer=customer, by="eva", now=JUNE_1)


def history(account: Account) -> list[str]:
    """What became of it, in order."""
    return list(account.events.order_by("pk").values_list("what", flat=True))
