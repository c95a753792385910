"""Abbreviated numbers: short codes that a customer's extensions dial."""

from typing import Annotated

import msgspec
from django.db.models import QuerySet
from msgspec import UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import refused
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.lists import ListRequest, page
from tollbook.api.portabilling.method import OWNERS, Info, Request, Success, method
from tollbook.api.portabilling.own import own
from tollbook.customers.models import Customer, DialCode

MOST_CODES = 10_000  # of a customer

Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{1,32}$")]


class CodesRequest(ListRequest):
    """Whose short codes."""

    i_customer: Id | None = None


class CodeGiven(Info, kw_only=True):
    """A short code, and what it stands for."""

    i_customer: Id | None = None
    abbreviated_number: Digits
    number_to_dial: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    description: Annotated[str, msgspec.Meta(max_length=200)] = ""


class AddCode(Request, kw_only=True):
    """A short code to be made."""

    i_customer: Id | None = None
    abbreviated_dialing_number_info: CodeGiven


class WhichCode(Request, kw_only=True):
    """Which short code."""

    i_customer: Id | None = None
    i_abbreviated_dialing_number: Id


class CodeShown(msgspec.Struct, kw_only=True):
    """A short code, and what it stands for."""

    i_abbreviated_dialing_number: int
    i_customer: int
    abbreviated_number: str
    number_to_dial: str
    description: str


class Codes(msgspec.Struct):
    """Short codes of a page."""

    abbreviated_dialing_number_list: list[CodeShown]
    total: int | UnsetType = msgspec.UNSET


class CodeMade(msgspec.Struct):
    """The new one."""

    i_abbreviated_dialing_number: int


@method("Customer/get_abbreviated_dialing_number_list", realms=OWNERS)
def get_abbreviated_dialing_number_list(caller: Caller, asked: CodesRequest) -> Codes:
    """List the short codes of a customer."""
    customer = caller.customer(asked.i_customer)
    codes, total = page(caller, _of(customer).order_by("code", "pk"), asked)
    shown = [
        CodeShown(
            i_abbreviated_dialing_number=one.pk,
            i_customer=customer.pk,
            abbreviated_number=one.code,
            number_to_dial=one.number,
            description=one.name,
        )
        for one in codes
    ]
    return Codes(shown, total)


@method("Customer/add_abbreviated_dialing_number", realms=OWNERS, writes=True)
def add_abbreviated_dialing_number(caller: Caller, asked: AddCode) -> CodeMade:
    """Make a short code of a customer."""
    info = asked.abbreviated_dialing_number_info
    customer = caller.customer(asked.i_customer or info.i_customer, lock=True)
    if _of(customer).filter(code=info.abbreviated_number).exists():
        text = f"{info.abbreviated_number} is a short code already; delete it first"
        raise refused(caller.method, "duplicate_id", text)
    if _of(customer).count() >= MOST_CODES:
        raise refused(
            caller.method, "too_many", f"a customer has at most {MOST_CODES} short codes; delete one first"
        )
    made = DialCode.objects.create(
        customer=customer, code=info.abbreviated_number, number=info.number_to_dial, name=info.description
    )
    caller.made(f"customer {customer.pk}", {"short code": made.code, "number": made.number, "name": made.name})
    return CodeMade(made.pk)


@method("Customer/delete_abbreviated_dialing_number", realms=OWNERS, writes=True)
def delete_abbreviated_dialing_number(caller: Caller, asked: WhichCode) -> Success:
    """Delete a short code of a customer."""
    codes = DialCode.objects.filter(account=None)
    if asked.i_customer is not None:
        codes = codes.filter(customer=caller.customer(asked.i_customer))
    code = own(caller, codes, asked.i_abbreviated_dialing_number, "short code")
    there = {"short code": code.code, "number": code.number}
    with caller.changing(f"customer {code.customer_id}", lambda: there if code.pk else {}):
        code.delete()
    return Success()


def _of(customer: Customer) -> QuerySet[DialCode]:
    return DialCode.objects.filter(customer=customer, account=None)
