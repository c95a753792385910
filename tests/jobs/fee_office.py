"""A small operator who sells by the month: plans, products, accounts; and what everybody was charged."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tollbook.billing.models import FeeCharge, Subscription
from tollbook.billing.operations.subscriptions import follow_products
from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.customers.models import Account, AccountProduct, AccountState, Customer
from tollbook.jobs.charge_fees import charge_fees
from tollbook.ledger.queries import balance


def noon(text: str) -> datetime:
    """12:00 UTC of a day, `06-11` being in 2026."""
    return datetime.combine(day(text), datetime.min.time(), UTC).replace(hour=12)


def day(text: str) -> date:
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def add_plan(code: str, fee: str, **facts: Any) -> SubscriptionPlan:
    """Net, in dollars, by the month in advance, unless the facts say else."""
    return SubscriptionPlan.objects.create(
        code=code, name=code.replace("-", " ").title(), currency="USD", fee=Decimal(fee), **facts
    )


def add_product(code: str, plan: SubscriptionPlan | None = None, **facts: Any) -> Product:
    return Product.objects.create(code=code, name=code.replace("-", " ").title(), plan=plan, **facts)


def add_customer(code: str = "acme", **facts: Any) -> Customer:
    usual = {"name": code.title(), "currency": "USD", "timezone": "UTC", "tax_rate": 0}
    return Customer.objects.create(code=code, **(usual | facts))


def add_account(
    customer: Customer, product: Product, *addons: Product, code: str = "", on: str = "06-01"
) -> Account:
    """An account with its products, made on a day: what follows is charged at once."""
    account = Account.objects.create(
        customer=customer, product=product, code=code or f"{customer.code}-{customer.accounts.count() + 1}"
    )
    for addon in addons:
        AccountProduct.objects.create(account=account, product=addon, is_addon=True, active_from=noon(on))
    follow_products(account, on=day(on), now=noon(on))
    return account


def change_product(account: Account, product: Product, on: str) -> None:
    account.product = product
    account.save()
    follow_products(account, on=day(on), now=noon(on))


def terminate(account: Account, on: str) -> None:
    account.state = AccountState.TERMINATED
    account.save()
    follow_products(account, on=day(on), now=noon(on))


def charge(upto: str, **scope: Any) -> None:
    charge_fees(upto=day(upto), now=noon(upto), **scope)


def owed(customer: Customer) -> Decimal:
    return balance(customer, customer.currency).amount.normalize()


def charged(customer: Customer) -> list[str]:
    """`lines fee 06-11 07-01 20`: of each amount the plan, what, for which days, how much; in the order charged."""
    charges = FeeCharge.objects.filter(subscription__customer=customer).select_related("subscription__plan")
    return [
        " ".join(
            filter(
                None,
                (
                    one.subscription.plan.code,
                    one.what,
                    f"{one.since:%m-%d}",
                    f"{one.until:%m-%d}",
                    f"{one.amount.normalize():f}",
                    one.reason,
                ),
            )
        )
        for one in charges.order_by("pk")
    ]


def subscriptions(customer: Customer) -> list[str]:
    """`lines acme-1 06-11 06-20`: plan, account, from, until."""
    return [
        " ".join(
            (
                one.plan.code,
                one.account.code if one.account else "-",
                f"{one.starts_on:%m-%d}" if one.starts_on else "-",
                f"{one.ends_on:%m-%d}" if one.ends_on else "-",
            )
        )
        for one in Subscription.objects.filter(customer=customer).select_related("plan", "account").order_by("pk")
    ]
