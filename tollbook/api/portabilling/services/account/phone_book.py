"""An account's phone book."""

from typing import Annotated

import msgspec
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import refused
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import EVERYBODY, Info, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.customers.models import Account, DialCode
from tollbook.customers.operations.permits import demand_account, lock_account

MOST_ENTRIES = 10_000  # of an account


class EntriesRequest(ListRequest):
    """Whose phone book, and what of it."""

    i_account: Id | None = None
    name: str | None = None
    phone_number: str | None = None


class EntryGiven(Info, kw_only=True):
    """Somebody to call; `abbreviated_dial` is what may be dialled instead."""

    i_account: Id | None = None
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    phone_number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    abbreviated_dial: Annotated[str, msgspec.Meta(pattern="^[0-9*#]{0,32}$")] = ""


class AddEntry(Request, kw_only=True):
    """An entry to be made."""

    i_account: Id | None = None
    phonebook_info: EntryGiven


class WhichEntry(Request, kw_only=True):
    """Which entry."""

    i_account: Id | None = None
    i_phonebook: Id


class EntryShown(msgspec.Struct, kw_only=True):
    """Somebody to call."""

    i_phonebook: int
    i_account: int
    name: str
    phone_number: str
    abbreviated_dial: str


class Entries(msgspec.Struct):
    """Entries of a page, by name."""

    phonebook_list: list[EntryShown]
    total: int | UnsetType = UNSET


class EntryMade(msgspec.Struct):
    """The entry."""

    i_phonebook: int


@method("Account/get_phonebook_list", realms=EVERYBODY)
def get_phonebook_list(caller: Caller, asked: EntriesRequest) -> Entries:
    """List an account's phone book."""
    account = caller.account(asked.i_account)
    rows = _of(account).filter(like("name", asked.name, any_case=True), like("number", asked.phone_number))
    listed, total = page(caller, rows.order_by("name", "pk"), asked)
    shown = [
        EntryShown(
            i_phonebook=one.pk,
            i_account=account.pk,
            name=one.name,
            phone_number=one.number,
            abbreviated_dial=one.code,
        )
        for one in listed
    ]
    return Entries(shown, total)


@method("Account/add_phonebook", realms=EVERYBODY, writes=True)
def add_phonebook(caller: Caller, asked: AddEntry) -> EntryMade:
    """Make an entry of an account's phone book."""
    info = asked.phonebook_info
    account = caller.account(asked.i_account or info.i_account)
    lock_account(account)
    demand_account(caller.actor, account)
    if info.abbreviated_dial and _of(account).filter(code=info.abbreviated_dial).exists():
        text = f"{info.abbreviated_dial} is in the phone book already; delete that entry first"
        raise refused(caller.method, "duplicate_id", text)
    if _of(account).count() >= MOST_ENTRIES:
        raise refused(
            caller.method, "too_many", f"a phone book has at most {MOST_ENTRIES} entries; delete one first"
        )
    made = DialCode.objects.create(
        customer=account.customer,
        account=account,
        code=info.abbreviated_dial,
        number=info.phone_number,
        name=info.name,
    )
    caller.made(f"account {account.pk}", {"phone book": made.name, "number": made.number, "code": made.code})
    return EntryMade(made.pk)


@method("Account/delete_phonebook", realms=EVERYBODY, writes=True)
def delete_phonebook(caller: Caller, asked: WhichEntry) -> Success:
    """Delete an entry of an account's phone book."""
    account = caller.account(asked.i_account)
    demand_account(caller.actor, account)
    if (entry := _of(account).filter(pk=asked.i_phonebook).first()) is None:
        raise not_there(caller, f"entry {asked.i_phonebook} in the phone book of account {account.pk}")
    there = {"phone book": entry.name, "number": entry.number, "code": entry.code}
    with caller.changing(f"account {account.pk}", lambda: there if entry.pk else {}):
        entry.delete()
    return Success()


def _of(account: Account) -> QuerySet[DialCode]:
    return DialCode.objects.filter(account=account)
