"""Which service of PortaBilling a record belongs to. Only the numbers of calls (3) and adjustments (2) are public."""

from collections.abc import Mapping
from dataclasses import dataclass

from tollbook.ledger.models import Transaction
from tollbook.records import INCOMING, KINDS


@dataclass(frozen=True, slots=True)
class Service:
    """A service by its number and name there."""

    number: int
    name: str


PAYMENTS = Service(1, "Payments")
ADJUSTMENTS = Service(2, "Credits / Adjustments")
VOICE = Service(3, "Voice Calls")
SUBSCRIPTIONS = Service(4, "Subscriptions")
MESSAGES = Service(7, "Messaging Service")
DATA = Service(101, "Data Service")
VIDEO = Service(102, "Video Calls")

SERVICE_OF_KIND: Mapping[str, Service] = {
    kind: next(
        service
        for begins, service in {
            "voice": VOICE,
            "video": VIDEO,
            "sms": MESSAGES,
            "mms": MESSAGES,
            "data": DATA,
        }.items()
        if kind.startswith(begins)
    )
    for kind in KINDS
}
SERVICE_OF_MONEY: Mapping[str, Service] = {
    Transaction.Kind.FEE: SUBSCRIPTIONS,
    Transaction.Kind.PAYMENT: PAYMENTS,
    Transaction.Kind.REFUND: PAYMENTS,
    Transaction.Kind.CHARGE: ADJUSTMENTS,
    Transaction.Kind.CREDIT: ADJUSTMENTS,
    Transaction.Kind.TIER: ADJUSTMENTS,
    Transaction.Kind.INVOICE_ROUNDING: ADJUSTMENTS,
}

# Of bit_flags.
OUTGOING_FLAG, INCOMING_FLAG = 4, 8
FLAG_OF_KIND: Mapping[str, int] = {kind: INCOMING_FLAG if kind in INCOMING else OUTGOING_FLAG for kind in KINDS}

# Of disconnect_cause, decimal. Why a call ended is not kept here: these are what clients read as answered and missed.
NORMAL_END, NO_ANSWER = 16, 19


def kinds_of_service(number: int) -> list[str]:
    """The usage kinds that are of this service."""
    return [kind for kind, service in SERVICE_OF_KIND.items() if service.number == number]


def money_of_service(number: int) -> list[str]:
    """The kinds of transactions that are of this service."""
    return [str(kind) for kind, service in SERVICE_OF_MONEY.items() if service.number == number]
