"""What an xDR's number stands for."""

from dataclasses import dataclass

from tollbook.api.portabilling.caller import Caller
from tollbook.customers.actors import Realm
from tollbook.ledger.models import Transaction
from tollbook.usage.models import UsageRecord


@dataclass(frozen=True, slots=True)
class Found:
    """An xDR: a usage record, or a transaction of money."""

    customer_id: int
    account_id: int | None
    usage_id: int | None = None
    money: Transaction | None = None


def find(caller: Caller, i_xdr: int) -> Found | None:
    """The xDR of that number, if there is one and it is the caller's to see."""
    found = _usage(i_xdr // 2) if i_xdr % 2 == 0 else _money(i_xdr // 2)
    if found is None or not _is_theirs(caller, found):
        return None
    return found


def _usage(number: int) -> Found | None:
    billed = UsageRecord.objects.filter(pk=number, billed_at__isnull=False, customer_id__isnull=False)
    row = billed.values_list("customer_id", "account_id").first()
    return None if row is None or row[0] is None else Found(row[0], row[1], usage_id=number)


def _money(number: int) -> Found | None:
    usage = (Transaction.Kind.USAGE, Transaction.Kind.USAGE_REVERSAL)
    row = Transaction.objects.exclude(kind__in=usage).filter(pk=number).first()
    return None if row is None else Found(row.customer_id, row.account_id, money=row)


def _is_theirs(caller: Caller, found: Found) -> bool:
    if caller.realm is Realm.STAFF:
        return True
    if found.customer_id != caller.customer_id:
        return False
    return caller.realm is Realm.CUSTOMER or found.account_id == caller.account_id
