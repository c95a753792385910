"""An agreement in the demo: a customer opens extensions of their own within it, and pays for them by the month."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tollbook.billing.models import MoneyAction
from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_product
from tollbook.catalog.operations.plans import set_allowance, set_plan
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.agreement_queries import Condition, agreement_of
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations.agreements import set_agreement
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.enter_money import enter_money
from tollbook.jobs.open_account import open_account

CUSTOMER = "harbour"
OPENED_AT = datetime(2017, 6, 11, 9, 0, tzinfo=UTC)  # so June costs 20 of its 30 days
CHARGED_UPTO = date(2017, 6, 30)
PAID = Decimal("25.00")
PLANS = {"pbx": Decimal(6), "recording": Decimal(4)}
EXTENSIONS = {"201": False, "202": True, "203": False}  # with call recording or not
BY = "demo"


def agree_and_open(*, tariff: str, now: datetime) -> None:
    """What is sold, what is agreed, the extensions that the customer opens, and their fees. Once."""
    set_plan(code="pbx", name="Cloud PBX", currency="EUR", fee=PLANS["pbx"], waives=["blocked_by_staff"])
    set_allowance(plan="pbx", name="60 minutes", kind="voice_out", amount=3_600)
    set_plan(code="recording", name="Call recording", currency="EUR", fee=PLANS["recording"])
    set_product(code="pbx", name="Cloud PBX", tariffs={"voice_out": tariff, "voice_in": None}, plan="pbx")
    set_product(
        code="recording", name="Call recording", tariffs={}, is_addon=True, goes_with=["pbx"], plan="recording"
    )
    customer = Customer.objects.get(code=CUSTOMER)
    pbx, recording = (Product.objects.get(code=code) for code in PLANS)
    set_agreement(customer=customer, conditions={pbx: 5, recording: 1}, by=BY, now=OPENED_AT)
    themselves = Actor(realm=Realm.CUSTOMER, name=f"customer {CUSTOMER}", customer_id=customer.pk)
    for extension, is_recorded in EXTENSIONS.items():
        if not Account.objects.filter(customer=customer, extension__number=extension).exists():
            open_account(
                actor=themselves,
                customer=customer,
                product=pbx,
                addons=[recording] if is_recorded else [],
                extension=extension,
                now=OPENED_AT,
            )
    charge_fees(upto=CHARGED_UPTO, customer=customer, now=now)
    enter_money(
        customer=customer,
        action=MoneyAction.PAYMENT,
        amount=PAID,
        reference="bank 2017-07-03",
        comment="on account",
        by=BY,
        now=now,
    )


def agreed() -> list[Condition]:
    """What of it is used."""
    customer = Customer.objects.filter(code=CUSTOMER).first()
    return agreement_of(customer) if customer else []
