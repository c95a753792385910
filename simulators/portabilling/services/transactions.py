"""Money given and taken by hand, for customers and accounts alike."""

from decimal import Decimal

from simulators.portabilling.call import Call
from simulators.portabilling.charges import ADJUSTMENTS, PAYMENTS, charge
from simulators.portabilling.destinations import UNIT
from simulators.portabilling.transport import Record

# What each action does to what is owed, and as which service it is written. Letters match in either case.
ACTIONS = {
    "manual charge": (1, ADJUSTMENTS),
    "manual credit": (-1, ADJUSTMENTS),
    "promotional credit": (-1, ADJUSTMENTS),
    "manual payment": (-1, PAYMENTS),
    "e-commerce payment": (-1, PAYMENTS),
    "capture payment": (-1, PAYMENTS),
    "refund": (1, PAYMENTS),
    "e-commerce refund": (1, PAYMENTS),
    "authorization only": (0, PAYMENTS),
}


def make_transaction(call: Call, owner: Record, *, grows: int) -> Record:
    """Book it on a balance.

    Args:
        call: with the action, the amount and the comments.
        owner: the row of a customer or an account.
        grows: 1 where the balance is what is owed, -1 where it is what is left.
    """
    action = call.must("action")
    if action.lower() not in ACTIONS:
        call.invalid("action", action)
    amount = call.amount("amount")
    if amount is None:
        call.missing("amount")
    if amount <= 0:
        call.invalid("amount", amount)
    sign, service = ACTIONS[action.lower()]
    units = int((amount * UNIT).quantize(Decimal(1)))
    xdr = charge(owner, service, sign * units, call.now, call.text("visible_comment") or action)
    owner["balance"] = (round(owner["balance"] * UNIT) + grows * sign * units) / UNIT
    transaction = call.books.new_id()
    return {
        "i_payment_transaction": transaction,
        "balance": owner["balance"],
        "transaction_id": call.text("transaction_id") or str(transaction),
        "authorization": "",
        "result_code": "0",
        "i_xdr": call.books.add_xdr(xdr) if sign else None,
    }
