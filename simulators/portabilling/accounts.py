"""Accounts, their aliases, and DIDs."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from simulators.portabilling.calls import moment
from simulators.portabilling.destinations import BY_COUNTRY
from simulators.portabilling.people import Person
from simulators.portabilling.products import product_for
from simulators.portabilling.transport import Record

FIRST_ACCOUNT = 1_000_800
FIRST_NUMBER = 52_000
CREDIT, ALIAS = 1, 2  # billing_model
UNIVERSAL, MOBILE = 1, 8  # i_account_role
OWN_NUMBERS = 500  # where customers' numbers begin in a country's range; below are the numbers they call most
IDLE_NUMBERS = 6


def make_accounts(
    random: Random, people: tuple[Person, ...], products: tuple[Record, ...], since: datetime
) -> tuple[Record, ...]:
    """Masters and aliases. Some are blocked, some terminated: those keep their rows under another id."""
    used: Counter[str] = Counter()
    made: list[Record] = []
    for person in people:
        for nth in range(person.accounts):
            number = _next_number(person, used)
            account = _account(person, FIRST_ACCOUNT + len(made), nth, number, since)
            product = product_for(person.style, person.currency, products)
            account |= {"i_product": product["i_product"], "product_name": product["name"]}
            account |= {"product_visible_name": product["end_user_name"], "activation_date": account["issue_date"]}
            if person.accounts > 5 and nth == person.accounts - 1:
                account |= {"bill_status": "C", "id": f"{account['id']}-old000"}
            elif random.random() < 0.03:
                account["blocked"] = "Y"
            made.append(account)
            if account["did_number"]:
                made.append(make_alias(account, FIRST_ACCOUNT + len(made), number))
    return tuple(made)


def make_alias(master: Record, i_account: int, number: str) -> Record:
    own = {"i_account": i_account, "id": number, "billing_model": ALIAS, "i_master_account": master["i_account"]}
    none = {"login": None, "password": None, "did_number": None, "extension_id": None, "extension_name": None}
    return master | own | none


def make_numbers(accounts: tuple[Record, ...]) -> tuple[Record, ...]:
    """A DID for each alias, one that only its customer has, some idle, one frozen."""
    aliases = [one for one in accounts if one["billing_model"] == ALIAS]
    made = [_did(one["id"], one["i_customer"], one["i_master_account"]) for one in aliases]
    made.append(_did("48220009001", aliases[0]["i_customer"], None))
    made += [_did(f"4822000910{nth}", None, None) for nth in range(IDLE_NUMBERS)]
    made.append(_did("48220009200", None, None) | {"frozen": "Y"})
    return tuple({"i_did_number": FIRST_NUMBER + nth, **one} for nth, one in enumerate(made))


def closed_id(id: str, taken: set[str]) -> Iterator[str]:
    """Ids that a terminated account may keep its row under, so that its own is free again."""
    yield from (free for nth in range(1000) if (free := f"{id}-old{nth:03d}") not in taken)


def _next_number(person: Person, used: Counter[str]) -> str:
    destination = BY_COUNTRY[person.country]
    start = OWN_NUMBERS if destination.numbers > OWN_NUMBERS else 0
    number = destination.number(start + used[person.country])
    used[person.country] += 1
    return number


def _account(person: Person, i_account: int, nth: int, number: str, since: datetime) -> Record:
    is_extension = person.style == "pbx"
    is_mobile = person.style == "home" and nth == 0 and person.i_customer % 2 == 0
    extension = str(100 + nth) if is_extension else None
    has_did = is_extension and nth % 2 == 0
    return {
        "i_account": i_account,
        "id": f"ph{person.i_customer}x{extension}" if is_extension else number + "@msisdn" * is_mobile,
        "i_customer": str(person.i_customer) if person.state == "text_id" else person.i_customer,
        "customer_name": person.name,
        "i_master_account": None,
        "billing_model": CREDIT,
        "i_account_role": MOBILE if is_mobile else UNIVERSAL,
        "login": f"a{i_account}",
        "password": f"Secret{i_account}",
        "h323_password": f"sip{i_account}",
        "bill_status": "O",
        "blocked": "N",
        "balance": 0.0,
        "opening_balance": 0.0,
        "credit_limit": None,
        "iso_4217": person.currency,
        "i_account_balance_control_type": 3,
        "ecommerce_enabled": "N",
        "issue_date": f"{since - timedelta(days=400):%Y-%m-%d}",
        "activation_date": None,
        "expiration_date": None,
        "first_usage": None,
        "last_usage": moment(since),
        "companyname": person.companyname,
        "firstname": "",
        "lastname": "",
        "email": "",
        "extension_id": extension,
        "extension_name": f"Desk {extension}" if extension else None,
        "did_number": number if has_did else None,
        "sip_status": i_account % 2,
        "i_time_zone": 1,
        "i_lang": "en",
    }


def _did(number: str, i_customer: object, i_account: object) -> Record:
    return {
        "number": number,
        "i_customer": i_customer,
        "i_account": i_account,
        "i_dv_batch": 1,
        "iso_4217": "PLN",
        "country_iso": "PL",
        "description": "",
        "frozen": "N",
        "free_of_charge": "N",
    }
