"""Who calls the API in tests, and what they were answered, as it goes over the wire."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from tollbook.api.portabilling import services
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.method import Upload, invoke
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Customer

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SERVED = services
ENCODER = msgspec.json.Encoder(decimal_format="number")

Answer = dict[str, Any]


def staff(now: datetime = NOON) -> Caller:
    return Caller(realm=Realm.STAFF, user_id=1, login="clerk", now=now)


def customer(of: Customer, now: datetime = NOON) -> Caller:
    return Caller(realm=Realm.CUSTOMER, user_id=2, login=of.code, customer_id=of.pk, now=now)


def account(of: Account, now: datetime = NOON) -> Caller:
    return Caller(
        realm=Realm.ACCOUNT, user_id=3, login=of.code, customer_id=of.customer_id, account_id=of.pk, now=now
    )


def ask(caller: Caller, name: str, upload: Upload | None = None, /, **params: Any) -> Answer:
    """What is answered, as a client reads it."""
    answer: Answer = msgspec.json.decode(ENCODER.encode(invoke(name, caller, params, upload)))
    return answer
