"""The stock of numbers: staff put numbers in, change what is said of them, and take them out."""

import csv
import io
from typing import Annotated

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing, refused
from tollbook.api.portabilling.fields import Id, YesNo
from tollbook.api.portabilling.lists import ListRequest, span
from tollbook.api.portabilling.method import STAFF, Info, Request, Success, Upload, method
from tollbook.api.portabilling.own import not_there
from tollbook.api.portabilling.services.did import look
from tollbook.customers.models import StockNumber
from tollbook.customers.operations.numbers import add_to_stock, change_stock

MOST_NUMBERS = 10_000  # of one request or file
MOST_FILE_BYTES = 4 << 20
KEPT = ("external", "free_of_charge", "i_dv_batch", "i_do_batch", "i_group", "i_vendor", "iso_4217")


class NumberGiven(Info, kw_only=True):
    """What a number is to be; what is not sent stays as it is."""

    i_did_number: Id | None = None
    number: str | None = None
    description: str | None = None
    country_iso: str | None = None
    frozen: YesNo | None = None
    external: str | None = None
    free_of_charge: str | None = None
    i_dv_batch: Id | None = None
    i_do_batch: Id | None = None
    i_group: Id | None = None
    i_vendor: Id | None = None
    iso_4217: str | None = None


class AddNumber(Request, kw_only=True):
    """A number to put into stock."""

    number_info: NumberGiven


class NumberAdded(msgspec.Struct):
    """Its id."""

    i_did_number: Id


class NumbersGiven(Request, kw_only=True):
    """Numbers, each by its id or its digits."""

    number_list: Annotated[list[NumberGiven], msgspec.Meta(max_length=MOST_NUMBERS)]


class Nothing(Request):
    """Of methods that only take a file."""


class Uploaded(msgspec.Struct):
    """How many numbers a file brought."""

    count: int
    success: int = 1


class Batch(msgspec.Struct):
    """A vendor's batch of numbers."""

    i_dv_batch: Id
    name: str


class BatchList(msgspec.Struct):
    """Batches of numbers."""

    vendor_batch_list: list[Batch]


@method("DID/add_number", realms=(STAFF,), writes=True)
def add_number(caller: Caller, asked: AddNumber) -> NumberAdded:
    """Put a number into stock."""
    given = asked.number_info
    if not given.number:
        raise missing(caller.method, "number", "number_info")
    return NumberAdded(_add(caller, given).pk)


@method("DID/update_number_list", realms=(STAFF,), writes=True)
def update_number_list(caller: Caller, asked: NumbersGiven) -> Success:
    """Change what is said of numbers in stock, all or none."""
    for given in asked.number_list:
        number = _named(caller, given)
        _change(caller, number, given)
    return Success()


@method("DID/delete_number_list", realms=(STAFF,), writes=True)
def delete_number_list(caller: Caller, asked: NumbersGiven) -> Success:
    """Take numbers out of stock that nobody was ever given, all or none."""
    for given in asked.number_list:
        number = _named(caller, given)
        if number.grants.exists():
            text = f"+{number.digits} was given to a customer, and its history stays; freeze it instead"
            raise refused(caller.method, "number_in_use", text)
        _delete(caller, number)
    return Success()


def _change(caller: Caller, number: StockNumber, given: NumberGiven) -> None:
    with caller.changing(f"number {number.digits}", lambda: look(number, caller)):
        change_stock(number=number, **_facts(given, number))


def _delete(caller: Caller, number: StockNumber) -> None:
    before = look(number, caller)
    with caller.changing(f"number {number.digits}", lambda: before if number.pk else {}):
        number.delete()


@method("DID/upload_did_numbers", realms=(STAFF,), writes=True)
def upload_did_numbers(caller: Caller, _asked: Nothing, upload: Upload | None) -> Uploaded:
    """Put the numbers of a CSV file into stock, all or none. Columns: number, description, country_iso."""
    if upload is None:
        raise missing(caller.method, "file")
    if len(upload.content) > MOST_FILE_BYTES:
        raise invalid(caller.method, "file", f"it is larger than {MOST_FILE_BYTES} bytes; send it in parts")
    rows = _rows(caller, upload.content)
    for line, row in enumerate(rows, start=2):
        if not (row.get("number") or "").strip():
            raise invalid(caller.method, "file", f"line {line} has no number; its first line names the columns")
        given = NumberGiven(
            number=row["number"], description=row.get("description"), country_iso=row.get("country_iso")
        )
        _add(caller, given)
    return Uploaded(len(rows))


@method("DID/get_vendor_batch_list", realms=(STAFF,))
def get_vendor_batch_list(caller: Caller, asked: ListRequest) -> BatchList:
    """List batches of numbers: there are none, numbers are kept one by one."""
    span(caller, asked)
    return BatchList([])


def _rows(caller: Caller, content: bytes) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise invalid(caller.method, "file", f"it is not CSV in UTF-8: {error}") from None
    if len(rows) > MOST_NUMBERS:
        raise invalid(caller.method, "file", f"it has more than {MOST_NUMBERS} numbers; send it in parts")
    return rows


def _add(caller: Caller, given: NumberGiven) -> StockNumber:
    digits = (given.number or "").strip().lstrip("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise invalid(caller.method, "number", f"{given.number!r} is not a number; write country code and number")
    added = add_to_stock(digits=int(digits), by=caller.actor.name, now=caller.now, **_facts(given, None))
    caller.made(f"number {added.digits}", look(added, caller))
    return added


def _facts(given: NumberGiven, number: StockNumber | None) -> dict[str, object]:
    facts: dict[str, object] = {}
    if given.description is not None:
        facts["description"] = given.description
    if given.country_iso is not None:
        facts["country"] = given.country_iso.upper()
    if given.frozen is not None:
        facts["is_frozen"] = given.frozen.is_yes
    kept = {name: value for name in KEPT if (value := getattr(given, name)) is not None}
    if kept:
        facts["details"] = (number.details if number else {}) | kept
    return facts


def _named(caller: Caller, given: NumberGiven) -> StockNumber:
    if given.i_did_number is not None:
        found = StockNumber.objects.filter(pk=given.i_did_number).first()
    elif given.number and given.number.lstrip("+").isdecimal():
        found = StockNumber.objects.filter(digits=int(given.number.lstrip("+"))).first()
    else:
        raise missing(caller.method, "i_did_number", "number_list")
    if found is None:
        raise not_there(caller, f"number {given.i_did_number or given.number}")
    return found
