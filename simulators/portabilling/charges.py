"""What is on an account besides calls: fees, payments, adjustments, tax. These are xDRs too, of other services."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from simulators.portabilling.calls import VOICE, call, moment, money
from simulators.portabilling.destinations import DESTINATIONS
from simulators.portabilling.transport import Record

# Only the numbers of voice (3) and of adjustments (2) are public; the others are ours.
PAYMENTS, ADJUSTMENTS, SUBSCRIPTIONS, TAXES, DID_FEES = 1, 2, 4, 12, 15
SERVICES = {
    PAYMENTS: "Payments",
    ADJUSTMENTS: "Credits / Adjustments",
    VOICE: "Voice Calls",
    SUBSCRIPTIONS: "Subscriptions",
    TAXES: "Taxes",
    DID_FEES: "DID Usage",
}
FEES = {"PLN": 1_999_000, "EUR": 499_000}  # an account's subscription a month, in units of 0.00001
DID_FEE = {"PLN": 500_000, "EUR": 125_000}


def charge(
    owner: Record, service: int, units: int, at: datetime, description: str, *, until: datetime | None = None
) -> Record:
    """An xDR that is not a call, on an account or, where the owner is a customer, on the customer directly."""
    ended = until or at
    return {
        "i_customer": owner["i_customer"],
        "i_account": owner.get("i_account"),
        "account_id": owner.get("id", ""),
        "CLI": "",
        "CLD": "",
        "connect_time": moment(at),
        "disconnect_time": moment(ended),
        "bill_time": moment(ended if until is None else at + timedelta(minutes=5)),
        "unix_connect_time": int(at.timestamp()),
        "unix_disconnect_time": int(ended.timestamp()),
        "charged_quantity": 1,
        "used_quantity": 1,
        "charged_amount": money(units),
        "i_service": service,
        "service": SERVICES[service],
        "country": "",
        "subdivision": "",
        "description": description,
        "failed": 0,
        "bill_status": "O",
        "bit_flags": 0,
        "xdr_type": "CDR",
    }


def draw_charges(
    random: Random,
    customers: Sequence[Record],
    accounts: Sequence[Record],
    numbers: Sequence[Record],
    since: datetime,
    until: datetime,
) -> Iterator[Record]:
    """The month's charges, without `i_xdr`."""
    by_id = {int(one["i_customer"]): one for one in customers}
    for account in accounts:
        customer = by_id[int(account["i_customer"])]
        if account["bill_status"] == "O" and customer["bill_status"] == "O" and account["billing_model"] == 1:
            fee = FEES[str(customer["iso_4217"])]
            yield charge(account, SUBSCRIPTIONS, fee, since, f"{account['product_name']} fee", until=until)
    for number in numbers:
        if number["i_customer"] is not None:
            customer = by_id[int(number["i_customer"])]
            fee = DID_FEE[str(customer["iso_4217"])]
            yield charge(customer, DID_FEES, fee, since, f"DID {number['number']} fee", until=until)
    for customer in customers:
        if customer["bill_status"] == "O" and customer["i_customer_type"] == 1:
            yield from _of_customer(random, customer, since, until)


def _of_customer(random: Random, customer: Record, since: datetime, until: datetime) -> Iterator[Record]:
    at = since + timedelta(days=random.randrange(5, 20), seconds=random.randrange(86_400))
    yield charge(customer, PAYMENTS, -random.randrange(40, 400) * 100_000, at, "Bank transfer")
    tax = random.randrange(5, 60) * 100_000
    yield charge(customer, TAXES, tax, until - timedelta(seconds=1), "VAT 23%")
    if int(customer["i_customer"]) % 5 == 0:
        yield charge(customer, ADJUSTMENTS, -250_000, at + timedelta(days=1), "Goodwill credit")
        yield charge(customer, ADJUSTMENTS, 120_000, at + timedelta(days=2), "Manual charge: visit")
    if int(customer["i_customer"]) % 7 == 0:  # a call charged to the customer, to none of its accounts
        direct = {"i_account": 0, "id": f"trunk{customer['i_customer']}"}
        record = call(customer | direct, str(customer["iso_4217"]), at, 61, DESTINATIONS[2], nth=77)
        yield record | {"i_account": None, "account_id": ""}
