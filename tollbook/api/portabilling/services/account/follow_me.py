"""Where an account's calls go on to."""

from typing import Annotated, Any

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.fields import YN, Count, Id, YesNo
from tollbook.api.portabilling.method import EVERYBODY, Info, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.customers.models import Account
from tollbook.customers.operations.permits import lock_account
from tollbook.jobs.change_account import change_account

RINGS_S = 15  # when nobody says how long

Number = Annotated[str, msgspec.Meta(pattern=r"^[+*#0-9A-Za-z@._:-]{1,64}$")]


class WhoseNumbers(Request):
    """Which account."""

    i_account: Id | None = None


class NumberGiven(Info, kw_only=True):
    """A number that is rung in turn."""

    i_account: Id | None = None
    redirect_number: Number
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    timeout: Count = RINGS_S
    active: YesNo = msgspec.field(default_factory=lambda: YesNo("Y"))


class AddNumber(Request, kw_only=True):
    """A number to be rung."""

    i_account: Id | None = None
    number_info: NumberGiven


class WhichNumber(Request, kw_only=True):
    """Which number."""

    i_account: Id | None = None
    i_follow_me_number: Id


class NumberShown(msgspec.Struct, kw_only=True):
    """A number that is rung in turn; its id is one of the account's."""

    i_follow_me_number: int
    redirect_number: str
    name: str
    timeout: int
    active: YN


class FollowMe(msgspec.Struct):
    """How an account's calls go on."""

    i_account: int
    sequence: str


class FollowMeAnswer(msgspec.Struct):
    """How an account's calls go on, and where to, in order."""

    followme_info: FollowMe
    followme_numbers: list[NumberShown]


class NumberMade(msgspec.Struct):
    """The number."""

    i_follow_me_number: int


@method("Account/get_account_followme", realms=EVERYBODY)
def get_account_followme(caller: Caller, asked: WhoseNumbers) -> FollowMeAnswer:
    """Show where an account's calls go on to."""
    account = caller.account(asked.i_account)
    return FollowMeAnswer(FollowMe(account.pk, "Order"), [_shown(one) for one in account.follow_me])


@method("Account/add_followme_number", realms=EVERYBODY, writes=True)
def add_followme_number(caller: Caller, asked: AddNumber) -> NumberMade:
    """Let an account's calls go on to a number, after those that are there."""
    info = asked.number_info
    account = caller.account(asked.i_account or info.i_account)
    lock_account(account)
    number = max((one["id"] for one in account.follow_me), default=0) + 1
    added = {
        "id": number,
        "number": info.redirect_number,
        "name": info.name,
        "ring_s": info.timeout,
        "is_active": info.active == "Y",
    }
    _put(caller, account, [*account.follow_me, added])
    return NumberMade(number)


@method("Account/delete_followme_number", realms=EVERYBODY, writes=True)
def delete_followme_number(caller: Caller, asked: WhichNumber) -> Success:
    """Let an account's calls go on to a number no longer."""
    account = caller.account(asked.i_account)
    lock_account(account)
    left = [one for one in account.follow_me if one["id"] != asked.i_follow_me_number]
    if len(left) == len(account.follow_me):
        raise not_there(caller, f"follow-me number {asked.i_follow_me_number} of account {account.pk}")
    _put(caller, account, left)
    return Success()


def _put(caller: Caller, account: Account, numbers: list[dict[str, Any]]) -> None:
    with caller.changing(f"account {account.pk}", lambda: {"follow_me": account.follow_me}):
        change_account(actor=caller.actor, account=account, now=caller.now, follow_me=numbers)


def _shown(one: dict[str, Any]) -> NumberShown:
    return NumberShown(
        i_follow_me_number=one["id"],
        redirect_number=one["number"],
        name=one["name"],
        timeout=one["ring_s"],
        active="Y" if one["is_active"] else "N",
    )
