"""Extensions of a customer's PBX, and hunt groups of them. Both share the customer's short numbers."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from tollbook.customers.account_facts import read_texts
from tollbook.customers.actors import Actor
from tollbook.customers.errors import DuplicateCode, NotTheirs
from tollbook.customers.models import Account, Customer, Extension, HuntGroup, HuntGroupMember
from tollbook.customers.operations.events import tell, tell_customer
from tollbook.customers.operations.permits import (
    demand_account,
    demand_customer,
    demand_open,
    lock_account,
    lock_customer,
    not_theirs,
)
from tollbook.errors import BadInput

MAX_DIGITS = 32  # of an extension, as the column has it
MAX_MEMBERS = 1_000  # of a hunt group
CHANGEABLE = ("number", "account", "name", "is_published", "details")


@transaction.atomic
def add_extension(
    *,
    actor: Actor,
    customer: Customer,
    number: str,
    account: Account | None = None,
    name: str = "",
    is_published: bool = False,
    details: Mapping[str, Any] | None = None,
    now: datetime,
) -> Extension:
    """Make an extension, of an account or of none yet.

    Raises:
        DuplicateCode: the customer has the number already, or the account has another one.
        NotTheirs, BlockedByStaff: customer or account are not the actor's to manage.
        BadInput: the number is not digits.
    """
    lock_customer(customer)
    demand_customer(actor, customer)
    demand_open(customer)
    extension = Extension(
        customer=customer,
        number=_free_number(customer, number),
        account=_own_account(actor, customer, account),
        is_published=is_published,
        details=dict(details or {}),
        **read_texts(Extension, {"name": name}),
    )
    extension.save()
    _tell(extension, "extension_added", extension.number, actor=actor, now=now)
    return extension


@transaction.atomic
def change_extension(*, actor: Actor, extension: Extension, now: datetime, **facts: Any) -> Extension:
    """Say something else of an extension: number, account (None = nobody's), name, is_published, details.

    Raises:
        As `add_extension`; BadInput: it is a hunt group's and is to be an account's.
    """
    for name in facts:
        if name not in CHANGEABLE:
            raise BadInput(f"an extension has no {name!r}; there are {', '.join(CHANGEABLE)}")
    _lock(actor, extension)
    said = []
    if "number" in facts and facts["number"] != extension.number:
        was, extension.number = extension.number, _free_number(extension.customer, facts["number"])
        said.append(f"number {was} → {extension.number}")
    if "account" in facts and (facts["account"] and facts["account"].pk) != extension.account_id:
        _hand_over(actor, extension, facts["account"], now)
        said.append(f"account {extension.account.code if extension.account else '(nobody)'}")
    said += _say(extension, facts)
    extension.save()
    for what in said:
        _tell(extension, "extension_changed", f"{extension.number}: {what}", actor=actor, now=now)
    return extension


def _hand_over(actor: Actor, extension: Extension, account: Account | None, now: datetime) -> None:
    if account is not None and hasattr(extension, "group"):
        raise BadInput(f"extension {extension.number} is the hunt group {extension.group.name}'s number")
    if extension.account is not None:
        tell(extension.account, "extension_taken", extension.number, actor=actor, now=now)
    extension.account = _own_account(actor, extension.customer, account)


def _say(extension: Extension, facts: Mapping[str, Any]) -> list[str]:
    said = []
    for name, value in read_texts(Extension, {"name": facts["name"]} if "name" in facts else {}).items():
        said += [f"{name} {value}"] if value != getattr(extension, name) else []
        setattr(extension, name, value)
    if "is_published" in facts and facts["is_published"] != extension.is_published:
        extension.is_published = facts["is_published"]
        said.append("published" if extension.is_published else "not published")
    if "details" in facts:
        extension.details = dict(facts["details"])
    return said


@transaction.atomic
def delete_extension(*, actor: Actor, extension: Extension, now: datetime) -> None:
    """Free an extension's number. Its account stays, and is no member of hunt groups any more.

    Raises:
        NotTheirs, BlockedByStaff: as `add_extension`.
        BadInput: it is a hunt group's number.
    """
    _lock(actor, extension)
    if hasattr(extension, "group"):
        raise BadInput(
            f"extension {extension.number} is the hunt group {extension.group.name}'s; delete the hunt group"
        )
    free_extension(extension, actor=actor, now=now)


def free_extension(extension: Extension, *, actor: Actor, now: datetime) -> None:
    """It and its places in hunt groups go; part of the transaction that is open."""
    for membership in extension.memberships.select_related("group"):
        tell_customer(
            extension.customer,
            "huntgroup_changed",
            f"{membership.group.name}: without {extension.number}",
            actor=actor,
            now=now,
        )
    _tell(extension, "extension_deleted", extension.number, actor=actor, now=now)
    extension.delete()


@transaction.atomic
def add_hunt_group(
    *,
    actor: Actor,
    customer: Customer,
    name: str,
    number: str,
    sequence: str = "Simultaneous",
    members: Sequence[Extension] = (),
    details: Mapping[str, Any] | None = None,
    now: datetime,
) -> HuntGroup:
    """Make a hunt group with a number of its own and its extensions in order.

    Raises:
        DuplicateCode: the customer has the number, or a hunt group of that name.
        NotTheirs: the customer, or an extension, is not the actor's.
        BadInput: the number is not digits, or the name is blank.
    """
    lock_customer(customer)
    demand_customer(actor, customer)
    demand_open(customer)
    texts = read_texts(HuntGroup, {"name": name, "sequence": sequence})
    _free_name(customer, texts["name"])
    own = Extension.objects.create(
        customer=customer,
        number=_free_number(customer, number),
        name=texts["name"],
    )
    group = HuntGroup.objects.create(customer=customer, extension=own, details=dict(details or {}), **texts)
    _set_members(group, members)
    tell_customer(customer, "huntgroup_added", f"{group.name}: {own.number}", actor=actor, now=now)
    return group


@transaction.atomic
def change_hunt_group(
    *,
    actor: Actor,
    group: HuntGroup,
    now: datetime,
    members: Sequence[Extension] | None = None,
    inactive: Sequence[Extension] = (),
    number: str | None = None,
    details: Mapping[str, Any] | None = None,
    **texts: str,
) -> HuntGroup:
    """Say something else of a hunt group: name, sequence, number, details; `members` is the complete set in order.

    `inactive`: members of the set that are not rung for now.

    Raises:
        As `add_hunt_group`.
    """
    _lock_group(actor, group)
    for name in texts:
        if name not in ("name", "sequence"):
            raise BadInput(f"a hunt group has no {name!r}; there are name, sequence, number, members and details")
    said = []
    for name, value in read_texts(HuntGroup, texts).items():
        if value != getattr(group, name):
            if name == "name":
                _free_name(group.customer, value)
            said.append(f"{name} {value}")
            setattr(group, name, value)
    if number is not None and number != group.extension.number:
        group.extension.number = _free_number(group.customer, number)
        group.extension.save(update_fields=["number"])
        said.append(f"number {number}")
    if details is not None:
        group.details = dict(details)
    group.save()
    if members is not None:
        _set_members(group, members, inactive)
        said.append(f"extensions {', '.join(one.number for one in members) or 'none'}")
    for what in said:
        tell_customer(group.customer, "huntgroup_changed", f"{group.name}: {what}", actor=actor, now=now)
    return group


@transaction.atomic
def delete_hunt_group(*, actor: Actor, group: HuntGroup, now: datetime) -> None:
    """The group and its number go; its extensions stay.

    Raises:
        NotTheirs: it is not the actor's.
    """
    _lock_group(actor, group)
    extension = group.extension
    tell_customer(group.customer, "huntgroup_deleted", f"{group.name}: {extension.number}", actor=actor, now=now)
    group.delete()
    extension.delete()


def join_hunt_group(group: HuntGroup, extensions: Sequence[Extension]) -> None:
    """Put extensions at the end of a group, those that are not in it yet; part of the transaction that is open.

    Raises:
        BadInput: the group would have more than it may.
    """
    members = set(group.members.values_list("extension", flat=True))
    new = [one for one in extensions if one.pk not in members]
    if len(members) + len(new) > MAX_MEMBERS:
        raise BadInput(f"hunt group {group.name} would have more than {MAX_MEMBERS} extensions; make another one")
    last = group.members.aggregate(last=Max("place"))["last"]
    HuntGroupMember.objects.bulk_create(
        HuntGroupMember(group=group, extension=one, place=place)
        for place, one in enumerate(new, start=0 if last is None else last + 1)
    )


def read_extension(number: str) -> str:
    """The digits of an extension.

    Raises:
        BadInput: they are none.
    """
    if not re.fullmatch(rf"\d{{1,{MAX_DIGITS}}}", number, re.ASCII):
        raise BadInput(f"extension {number!r} is not a number; write 1 to {MAX_DIGITS} digits")
    return number


def _free_number(customer: Customer, number: str) -> str:
    digits = read_extension(number)
    if Extension.objects.filter(customer=customer, number=digits).exists():
        raise DuplicateCode(f"extension {digits} is there already; choose another number, or change that one")
    return digits


def _free_name(customer: Customer, name: str) -> None:
    if not name:
        raise BadInput("a hunt group needs a name")
    if HuntGroup.objects.filter(customer=customer, name=name).exists():
        raise DuplicateCode(f"there is a hunt group {name!r} already; choose another name, or change that one")


def _own_account(actor: Actor, customer: Customer, account: Account | None) -> Account | None:
    """An account of the same customer that has no extension yet."""
    if account is None:
        return None
    lock_account(account)
    if account.customer_id != customer.pk:
        raise not_theirs()
    demand_account(actor, account)
    if known := Extension.objects.filter(account=account).first():
        raise DuplicateCode(f"account {account.code} has extension {known.number}; an account has one")
    return account


def _lock(actor: Actor, extension: Extension) -> None:
    demand_customer(actor, extension.customer)
    lock_customer(extension.customer)
    try:
        extension.refresh_from_db()
    except Extension.DoesNotExist:
        raise not_theirs() from None
    if extension.account is not None:
        demand_account(actor, extension.account)


def _lock_group(actor: Actor, group: HuntGroup) -> None:
    demand_customer(actor, group.customer)
    lock_customer(group.customer)
    try:
        group.refresh_from_db()
    except HuntGroup.DoesNotExist:
        raise not_theirs() from None


def _set_members(group: HuntGroup, members: Sequence[Extension], inactive: Sequence[Extension] = ()) -> None:
    if len(members) > MAX_MEMBERS:
        raise BadInput(f"a hunt group has at most {MAX_MEMBERS} extensions, not {len(members)}; make several")
    for member in members:
        if member.customer_id != group.customer_id:
            raise NotTheirs("there is no such extension of the same customer; see their extensions")
        if member.pk == group.extension_id:
            raise BadInput(f"hunt group {group.name} cannot ring itself; leave {member.number} out")
    silent = {one.pk for one in inactive}
    group.members.all().delete()
    HuntGroupMember.objects.bulk_create(
        HuntGroupMember(group=group, extension_id=pk, place=place, is_active=pk not in silent)
        for place, pk in enumerate(dict.fromkeys(one.pk for one in members))
    )


def _tell(extension: Extension, what: str, detail: str, *, actor: Actor, now: datetime) -> None:
    tell_customer(extension.customer, what, detail, actor=actor, now=now)
    if extension.account is not None:
        tell(extension.account, what, detail, actor=actor, now=now)
