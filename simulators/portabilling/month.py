"""The platform's books of one month, made up with a seed: the same seed gives the same month.

Some forty customers, three hundred accounts and more than twelve thousand xDRs, with everything that makes real ones
hard: see `people.py`, `calls.py` and `charges.py`.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from simulators.portabilling.accounts import make_accounts, make_numbers
from simulators.portabilling.calls import draw_calls, moment
from simulators.portabilling.charges import draw_charges
from simulators.portabilling.destinations import DESTINATIONS, UNIT
from simulators.portabilling.people import ZONES, Person, everybody
from simulators.portabilling.products import make_products
from simulators.portabilling.transport import Record

FIRST_XDR = 918_270_000
BILL_STATUS = {"suspended": "S", "closed": "C"}
TARIFFS = {"PLN": 21, "EUR": 22}


@dataclass(frozen=True, slots=True)
class Month:
    """Rows as the API shows them; the xDRs in the order they were billed in."""

    since: datetime
    until: datetime
    customers: tuple[Record, ...]
    accounts: tuple[Record, ...]
    numbers: tuple[Record, ...]
    products: tuple[Record, ...]
    tariffs: tuple[Record, ...]
    rates: tuple[Record, ...]
    invoices: tuple[Record, ...]
    xdrs: tuple[Record, ...]


@lru_cache(maxsize=4)
def make_month(seed: int, month: str, *, with_xdrs: bool = True) -> Month:
    """The books of a month that is written as 2017-06, with xDRs or, for the bulk mode, without."""
    since, until = bounds_of(month)
    random = Random(seed)
    people = everybody()
    products = make_products()
    customers = tuple(_customer(one, since, until) for one in people)
    accounts = make_accounts(random, people, products, since)
    numbers = make_numbers(accounts)
    by_id = {int(one["i_customer"]): one for one in customers}
    xdrs: list[Record] = []
    if with_xdrs:
        xdrs += draw_calls(random, accounts, by_id, since, until)
        xdrs += draw_charges(random, customers, accounts, numbers, since, until)
        xdrs.sort(key=lambda xdr: str(xdr["bill_time"]))
    i_xdr = FIRST_XDR
    for at, xdr in enumerate(xdrs):
        i_xdr += random.randint(1, 4)
        xdrs[at] = {"i_xdr": i_xdr, **xdr}
    _set_balances(customers, xdrs)
    return Month(
        since,
        until,
        customers,
        accounts,
        numbers,
        products,
        tuple(_tariff(currency) for currency in TARIFFS),
        tuple(_rate(currency, nth) for currency in TARIFFS for nth in range(len(DESTINATIONS))),
        tuple(_invoices(random, customers, since)),
        tuple(xdrs),
    )


def bounds_of(month: str) -> tuple[datetime, datetime]:
    since = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return since, (since + timedelta(days=32)).replace(day=1)


def _customer(person: Person, since: datetime, until: datetime) -> Record:
    city, postcode = person.city
    first, _, last = person.person.partition(" ")
    is_text = person.state == "text_id"
    is_prepaid = person.state == "prepaid"
    parent = int(person.state.removeprefix("under_")) if person.state.startswith("under_") else None
    return {
        "i_customer": str(person.i_customer) if is_text else person.i_customer,
        "name": person.name,
        "login": f"c{person.i_customer}",
        "password": f"Secret{person.i_customer}",
        "refnum": None,
        "i_customer_type": 2 if person.state == "reseller" else 1,
        "i_parent": parent,
        "i_customer_class": 1,
        "i_office_type": 1,
        "i_main_office": None,
        "creation_date": moment(since - timedelta(days=700 + person.i_customer % 300)),
        "companyname": person.companyname,
        "salutation": "",
        "firstname": first,
        "lastname": last,
        "midinit": "",
        "baddr1": person.street,
        "address_line_2": "",
        "city": city,
        "state": "",
        "zip": postcode,
        "country": person.country,
        "phone1": "",
        "phone2": "",
        "email": person.email,
        "note": "",
        "tax_id": person.tax_id or None,
        "iso_4217": person.currency,
        "i_balance_control_type": 2 if is_prepaid else 1,
        "balance": 0.0,
        "opening_balance": 0.0,
        "credit_limit": 0 if is_prepaid else None,
        "perm_credit_limit": 0 if is_prepaid else None,
        "credit_exceed": 0,
        "unallocated_payments": 0,
        "i_billing_period": 4,
        "billed_to": moment(since),
        "next_billed_to": moment(until),
        "bill_status": BILL_STATUS.get(person.state, "O"),
        "blocked": "Y" if person.state == "blocked" else "N",
        "i_time_zone": 1,
        "time_zone_name": ZONES[person.country],
        "i_lang": "pl" if person.country == "PL" else "en",
        "out_date_format": "YYYY-MM-DD",
        "out_date_time_format": "YYYY-MM-DD HH24:MI:SS",
        "has_custom_fields": 0,
        "is_used": 1,
    }


def _set_balances(customers: tuple[Record, ...], xdrs: list[Record]) -> None:
    """A balance is what it was before plus all that was charged; with prepaid customers it is below zero."""
    charged: defaultdict[int, int] = defaultdict(int)
    for xdr in xdrs:
        charged[int(xdr["i_customer"])] += round(xdr["charged_amount"] * UNIT)
    for customer in customers:
        units = charged[int(customer["i_customer"])]
        opening = -abs(units) - 13_721_000 if customer["i_balance_control_type"] == 2 else 5_017_000
        customer["opening_balance"] = opening / UNIT
        customer["balance"] = (opening + units) / UNIT


def _tariff(currency: str) -> Record:
    return {"i_tariff": TARIFFS[currency], "name": f"Retail {currency}", "iso_4217": currency, "i_service": 3}


def _rate(currency: str, nth: int) -> Record:
    destination = DESTINATIONS[nth]
    price = destination.price(currency) / UNIT
    return {
        "i_rate": TARIFFS[currency] * 1000 + nth,
        "i_tariff": TARIFFS[currency],
        "i_dest": destination.i_dest,
        "destination": destination.prefix,
        "country": destination.country,
        "description": destination.description,
        "interval_1": destination.interval_1,
        "interval_n": destination.interval_n,
        "price_1": price,
        "price_n": price,
        "effective_from": "2017-01-01 00:00:00",
        "discontinued": "N",
        "forbidden": "N",
        "hidden": "N",
    }


def _invoices(random: Random, customers: tuple[Record, ...], since: datetime) -> list[Record]:
    """Last month's, one for each direct customer."""
    before = (since - timedelta(days=1)).replace(day=1)
    billed = [one for one in customers if one["i_customer_type"] == 1 and one["i_parent"] is None]
    return [
        {
            "i_invoice": 70_000 + nth,
            "i_customer": customer["i_customer"],
            "i_parent": None,
            "invoice_number": f"{before:%Y%m}{nth:04d}",
            "issue_date": f"{since:%Y-%m-%d}",
            "due_date": f"{since + timedelta(days=14):%Y-%m-%d}",
            "period_from": moment(before),
            "period_to": moment(since),
            "iso_4217": customer["iso_4217"],
            "amount_due": random.randrange(1_000, 90_000) / 100,
            "amount_paid": 0,
            "invoice_status_desc": "ok",
        }
        for nth, customer in enumerate(billed, 1)
    ]
