"""Cards on file: there are none, because no card processor is connected."""

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import refused
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import OWNERS, Request, Success, method


class WhoseMethod(Request):
    """Whose card."""

    i_customer: Id | None = None


class NoMethod(msgspec.Struct):
    """Nothing, as of whatever is not found."""

    payment_method_info: UnsetType | None = UNSET


@method("Customer/get_payment_method_info", realms=OWNERS)
def get_payment_method_info(caller: Caller, asked: WhoseMethod) -> NoMethod:
    """Show the card that a customer pays with: none."""
    caller.customer(asked.i_customer)
    return NoMethod()


@method("Customer/update_payment_method", realms=OWNERS)
def update_payment_method(caller: Caller, asked: WhoseMethod) -> Success:
    """Refuse to keep a card."""
    caller.customer(asked.i_customer)
    raise refused(caller.method, "no_payment_processor", "no card processor is connected; pay by transfer")
