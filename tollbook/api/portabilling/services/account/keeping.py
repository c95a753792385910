"""Making, changing and ending accounts: account_info as it is sent, as what it means here."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tollbook.access.operations import set_login
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import denied, invalid, missing, refused
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, Request, Success, method
from tollbook.api.portabilling.own import product, products
from tollbook.api.portabilling.services.customer.keeping import zone_of
from tollbook.api.portabilling.shapes.account_info import (
    CREDIT,
    KEPT,
    ROLES,
    AccountGiven,
    AccountToAdd,
    AddonGiven,
)
from tollbook.api.portabilling.shapes.contact import given, noted, person
from tollbook.api.portabilling.shapes.features import merged
from tollbook.api.portabilling.shapes.new_password import new_password
from tollbook.catalog.models import Product, Role
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, AccountProduct, AccountState, Customer
from tollbook.jobs.approve_account import approve
from tollbook.jobs.change_account import block_account, change_account, unblock_account
from tollbook.jobs.end_account import terminate_account as end
from tollbook.jobs.open_account import open_account

DEMANDS_BILL_STATUS = "TOLLBOOK_API_DEMANDS_BILL_STATUS"  # "1": add_account without bill_status is refused
OPEN = "O"
ROLE_OF = {number: role for role, number in ROLES.items()}
# What an account may change of itself.
ITS_OWN = frozenset({"i_account", "firstname", "lastname", "email", "i_time_zone", "time_zone_name"})


class AddAccount(Request, kw_only=True):
    """The new account."""

    account_info: AccountToAdd
    generate_web_password: Switch | None = None


class UpdateAccount(Request, kw_only=True):
    """What of an account shall be otherwise."""

    account_info: AccountGiven


class ValidateAccount(Request, kw_only=True):
    """An account to be, or what of one shall be otherwise."""

    account_info: AccountGiven


class TerminateAccount(Request):
    """Which account, and whether its numbers are free afterwards."""

    i_account: Id | None = None
    force: Switch | None = None
    release_assigned_did: Switch | None = None


class AccountMade(msgspec.Struct):
    """The account."""

    i_account: int


class Validated(msgspec.Struct):
    """What was sent, as it would be taken."""

    account_info: dict[str, Any]


@method("Account/add_account", realms=OWNERS, writes=True)
def add_account(caller: Caller, asked: AddAccount) -> AccountMade:
    """Open an account of a customer."""
    info = given(asked.account_info)
    customer = _customer(caller, info)
    facts = facts_of(caller, info, customer, None)
    main, is_auto_attendant = product(caller, info["i_product"]), facts.get("role") == Role.AUTO_ATTENDANT
    if facts.get("role") == main.role:
        del facts["role"]  # its product's, which goes without saying; only staff say another
    account = open_account(
        actor=caller.actor,
        customer=customer,
        product=main,
        code=info["id"],
        addons=_addons(caller, info, None) or (),
        now=caller.now,
        is_auto_attendant=is_auto_attendant,
        **facts,
    )
    _set_the_rest(caller, account, info, generate=bool(asked.generate_web_password))
    caller.made(f"account {account.pk}", noted(info))
    return AccountMade(account.pk)


@method("Account/update_account", realms=EVERYBODY, writes=True)
def update_account(caller: Caller, asked: UpdateAccount) -> AccountMade:
    """Change what is sent of an account; the rest stays."""
    info = given(asked.account_info)
    account = _named(caller, info)
    facts = facts_of(caller, info, account.customer, account)
    addons = _addons(caller, info, account)
    other = _other_product(caller, info, account)
    with caller.changing(f"account {account.pk}", lambda: _look(account, facts)):
        if facts or addons is not None or other is not None:
            change_account(
                actor=caller.actor, account=account, now=caller.now, product=other, addons=addons, **facts
            )
        _set_the_rest(caller, account, info)
        account.refresh_from_db()
    return AccountMade(account.pk)


@method("Account/terminate_account", realms=OWNERS, writes=True)
def terminate_account(caller: Caller, asked: TerminateAccount) -> Success:
    """End an account for good; its record stays, and its id is free."""
    account = caller.account(asked.i_account)
    with caller.changing(f"account {account.pk}", lambda: _look(account, {})):
        end(
            actor=caller.actor,
            account=account,
            releases_numbers=asked.release_assigned_did != 0,
            why=caller.method,
            now=caller.now,
        )
        account.refresh_from_db()
    return Success()


@method("Account/validate_account_info", realms=OWNERS)
def validate_account_info(caller: Caller, asked: ValidateAccount) -> Validated:
    """Say whether account_info would be taken; nothing is written."""
    info = given(asked.account_info)
    if "i_account" in info:
        account = _named(caller, info)
        facts_of(caller, info, account.customer, account)
        _addons(caller, info, account)
        _other_product(caller, info, account)
        return Validated(noted(info))
    for field in ("id", "billing_model", "i_product"):
        if field not in info:
            raise missing(caller.method, field, "account_info")
    facts_of(caller, info, _customer(caller, info), None)
    product(caller, info["i_product"])
    _addons(caller, info, None)
    if Account.objects.filter(code=info["id"]).exists():
        raise invalid(caller.method, "id", f"there is an account {info['id']!r} already")
    return Validated(noted(info))


def _customer(caller: Caller, info: dict[str, Any]) -> Customer:
    if "i_customer" not in info and caller.realm is Realm.STAFF:
        raise missing(caller.method, "i_customer", "account_info")
    return caller.customer(info.get("i_customer"))


def _named(caller: Caller, info: dict[str, Any]) -> Account:
    if "i_account" not in info and caller.realm is not Realm.ACCOUNT:
        raise missing(caller.method, "i_account", "account_info")
    account = caller.account(info.get("i_account"))
    if info.get("i_customer", account.customer_id) != account.customer_id:
        if caller.realm is not Realm.STAFF:
            raise denied(caller.method)
        raise invalid(caller.method, "i_customer", "an account stays with its customer; open another one")
    if caller.realm is Realm.ACCOUNT and (others := sorted(set(info) - ITS_OWN)):
        raise denied(caller.method, f"only who manages all accounts changes {', '.join(others)}; leave them out")
    return account


def facts_of(caller: Caller, info: dict[str, Any], customer: Customer, account: Account | None) -> dict[str, Any]:
    """What of account_info are facts of an account, as operations take them.

    Raises:
        Fault: something that cannot be here: debit accounts, a balance or limit of the account's own.
    """
    _check_served(caller, info, account)
    facts: dict[str, Any] = {}
    names: dict[str, Any] = {name: info[name] for name in ("firstname", "lastname") if name in info}
    if names:
        facts["name"] = person({**(account.details if account else {}), **names})
    if "email" in info:
        facts["email"] = info["email"]
    if (zone := zone_of(caller, info)) is not None:
        facts["timezone"] = zone
    if "i_account_role" in info:
        facts["role"] = _role(caller, info["i_account_role"])
    if info.get("h323_password"):
        facts["service_password"] = info["h323_password"]
    if "expiration_date" in info:
        facts["expires_on"] = info["expiration_date"]
    if info.get("activation_date"):
        zone_there = ZoneInfo(zone or (account.timezone if account else "") or customer.timezone)
        facts["active_from"] = datetime.combine(info["activation_date"], time(), zone_there).astimezone(UTC)
    kept = {name: value for name, value in info.items() if name in KEPT}
    if kept and caller.realm is not Realm.ACCOUNT:
        facts["details"] = {**(account.details if account else {}), **kept}
    if "service_features" in info:
        facts["features"] = merged(account.features if account else {}, info["service_features"])
    return {name: value for name, value in facts.items() if not _is_so(account, name, value)}


def _is_so(account: Account | None, name: str, value: Any) -> bool:
    """Whether a client only sends back what it read."""
    return (
        account is not None and name in ("role", "expires_on", "active_from") and getattr(account, name) == value
    )


def _check_served(caller: Caller, info: dict[str, Any], account: Account | None) -> None:
    said = caller.method
    if info.get("billing_model", CREDIT) != CREDIT:
        text = "accounts with a balance of their own (debit, vouchers) are not kept here; send 1"
        raise invalid(said, "billing_model", text)
    if info.get("opening_balance") or info.get("credit_limit"):
        raise invalid(said, "credit_limit", "accounts have no balance of their own; set the limit of the customer")
    if account is not None:
        if info.get("id", account.code) != account.code:
            raise invalid(said, "id", "an account keeps its id; open another one, or add an alias")
        if (status := info.get("bill_status")) not in (None, OPEN) and status != _letter(account):
            text = (
                "terminate_account ends an account, and blocked Y stops one; O lets one begin that waits for staff"
            )
            raise invalid(said, "bill_status", text)
        if status == OPEN and _letter(account) == "I" and caller.realm is not Realm.STAFF:
            raise refused(said, "waits_for_approval", f"account {account.code} waits for your operator to open it")
        return
    if os.environ.get(DEMANDS_BILL_STATUS) == "1" and "bill_status" not in info and "add" in said:
        raise missing(said, "bill_status", "account_info")
    if info.get("bill_status", OPEN) != OPEN:
        raise invalid(said, "bill_status", "an account begins open (O), or waits for staff where that is the rule")


def _letter(account: Account) -> str:
    return {AccountState.INACTIVE: "I", AccountState.TERMINATED: "C"}.get(AccountState(account.state), OPEN)


def _role(caller: Caller, number: int) -> str:
    if number not in ROLE_OF:
        raise invalid(caller.method, "i_account_role", f"{number} is no role here; there are {sorted(ROLE_OF)}")
    return ROLE_OF[number].value


def _addons(caller: Caller, info: Mapping[str, Any], account: Account | None) -> Sequence[Product] | None:
    """The complete set of add-ons that is sent; None = none was, and they stay."""
    if "assigned_addons" not in info:
        return None
    sent: list[AddonGiven] = info["assigned_addons"]
    for one in sent:
        if one.addon_effective_to:
            text = "an add-on lasts until it is no longer sent; leave addon_effective_to out"
            raise invalid(caller.method, "assigned_addons.addon_effective_to", text)
        if isinstance(one.addon_effective_from, datetime) and one.addon_effective_from > caller.now:
            text = "an add-on begins at once; send it when it shall begin"
            raise invalid(caller.method, "assigned_addons.addon_effective_from", text)
    numbers = [one.i_product for one in sent]
    has = _has(account) if account else {}
    found = {**products(caller, [number for number in numbers if number not in has]), **has}
    return [found[number] for number in dict.fromkeys(numbers)]


def _has(account: Account) -> dict[int, Product]:
    """The add-ons that the account has: they may stay, whatever is agreed by now."""
    spans = AccountProduct.objects.filter(account=account, is_addon=True, active_until=None)
    return {span.product_id: span.product for span in spans.select_related("product")}


def _other_product(caller: Caller, info: Mapping[str, Any], account: Account) -> Product | None:
    number = info.get("i_product", account.product_id)
    return None if number == account.product_id else product(caller, number)


def _set_the_rest(caller: Caller, account: Account, info: dict[str, Any], *, generate: bool = False) -> None:
    """What other parts keep: who stops the account, its approval, its login."""
    is_opened = info.get("bill_status") == OPEN and account.state == AccountState.INACTIVE
    if is_opened and "update" in caller.method:
        approve(actor=caller.actor, account=account, now=caller.now)
        account.refresh_from_db()
    if "blocked" in info:
        _set_blocked(caller, account, is_wanted=info["blocked"] == "Y")
    if "login" in info or info.get("password"):
        login = info.get("login") or account.code
        password = info.get("password") or (new_password() if generate else "")
        set_login(
            realm=Realm.ACCOUNT,
            account=account,
            customer=account.customer,
            login=login,
            password=password,
            by=caller.actor.name,
            now=caller.now,
        )


def _set_blocked(caller: Caller, account: Account, *, is_wanted: bool) -> None:
    """A client that sends back what it read changes nothing."""
    is_blocked = account.state == AccountState.BLOCKED
    if is_wanted == is_blocked and caller.realm is not Realm.STAFF:
        return
    if is_wanted:
        block_account(actor=caller.actor, account=account, why=caller.method, now=caller.now)
    elif is_blocked:
        unblock_account(actor=caller.actor, account=account, why=caller.method, now=caller.now)


def _look(account: Account, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit says of the fields that are about to change, without secrets."""
    addons = AccountProduct.objects.filter(account=account, is_addon=True, active_until=None)
    fields = {name: getattr(account, name) for name in facts if name != "service_password"}
    return fields | {
        "id": account.code,
        "state": account.state,
        "blocked_by": account.blocked_by,
        "i_product": account.product_id,
        "addons": sorted(addons.values_list("product_id", flat=True)),
    }
