"""Hunt groups: extensions that ring for one number."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from django.db.models import Prefetch, QuerySet
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import missing
from tollbook.api.portabilling.fields import YN, Count, Id, YesNo, yes_no
from tollbook.api.portabilling.lists import ListRequest, page
from tollbook.api.portabilling.method import OWNERS, Info, Request, Success, method
from tollbook.api.portabilling.own import not_there, own
from tollbook.api.portabilling.services.customer.extensions import Name, Number, extension_type
from tollbook.customers.models import Customer, Extension, HuntGroup, HuntGroupMember
from tollbook.customers.operations.extensions import add_hunt_group, change_hunt_group, delete_hunt_group

MOST_MEMBERS = 1_000

Word = Annotated[str, msgspec.Meta(max_length=40)]


class MemberGiven(Info, kw_only=True):
    """An extension that rings, by its own id or by its account's."""

    i_c_ext: Id | None = None
    account_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    hunt_active: YesNo | None = None


Members = Annotated[list[MemberGiven], msgspec.Meta(max_length=MOST_MEMBERS)]


class GroupFields(Request):
    """How a group rings."""

    i_customer: Id | None = None
    hunt_sequence: Word | None = None
    hunt_keep_original_cli: YesNo | None = None
    pickup_allowed: YesNo | None = None
    call_wrap_up_time: Count | None = None
    wrap_up_extend_time: Count | None = None
    wrap_up_passed_calls: YesNo | None = None
    hunt_while_wrapping_up: Word | None = None
    minimal_served_call_duration: Count | None = None
    activity_monitoring: YesNo | None = None
    add_extensions: Members | None = None


KEPT = tuple(
    name for name in GroupFields.__struct_fields__ if name not in ("i_customer", "hunt_sequence", "add_extensions")
)


class AddGroup(GroupFields, kw_only=True):
    """A new group."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    id: Number


class UpdateGroup(GroupFields, kw_only=True):
    """What of a group shall be otherwise; `add_extensions` come to those that ring already."""

    i_c_group: Id
    name: Name | None = None
    id: Number | None = None
    remove_extensions: Members | None = None


class WhichGroup(Request, kw_only=True):
    """Which group."""

    i_customer: Id | None = None
    i_c_group: Id


class GroupsRequest(ListRequest):
    """Whose groups."""

    i_customer: Id | None = None


class MemberShown(msgspec.Struct, kw_only=True):
    """An extension that rings."""

    i_c_ext: int
    id: str
    name: str
    account_id: str | None
    type: Literal["Account", "Group", "Unassigned"]
    hunt_active: YN


class GroupShown(msgspec.Struct, kw_only=True):
    """A group with its extensions, in the order in which they ring."""

    i_c_group: int
    i_customer: int
    id: str
    name: str
    hunt_sequence: str
    hunt_keep_original_cli: str = "N"
    pickup_allowed: str = "N"
    call_wrap_up_time: int | None = None
    wrap_up_extend_time: int | None = None
    wrap_up_passed_calls: str = "N"
    hunt_while_wrapping_up: str | None = None
    minimal_served_call_duration: int | None = None
    activity_monitoring: str = "N"
    assigned_extensions: list[MemberShown]


class Groups(msgspec.Struct):
    """Groups of a page, by their number."""

    huntgroup_list: list[GroupShown]
    total: int | UnsetType = UNSET


class GroupAnswer(msgspec.Struct):
    """The group; nothing when there is none."""

    huntgroup_info: GroupShown | UnsetType = UNSET


class GroupMade(msgspec.Struct):
    """The group."""

    i_c_group: int


@method("Customer/get_huntgroup_list", realms=OWNERS)
def get_huntgroup_list(caller: Caller, asked: GroupsRequest) -> Groups:
    """List the hunt groups of a customer with their extensions."""
    customer = caller.customer(asked.i_customer)
    groups, total = page(caller, _visible().filter(customer=customer).order_by("extension__number", "pk"), asked)
    return Groups([_shown(group) for group in groups], total)


@method("Customer/get_huntgroup_info", realms=OWNERS)
def get_huntgroup_info(caller: Caller, asked: WhichGroup) -> GroupAnswer:
    """Show one hunt group."""
    groups = _visible().filter(pk=asked.i_c_group)
    if (customer := caller.own_customer_id(asked.i_customer)) is not None:
        groups = groups.filter(customer=customer)
    found = groups.first()
    return GroupAnswer() if found is None else GroupAnswer(_shown(found))


@method("Customer/add_customer_huntgroup", realms=OWNERS, writes=True)
def add_customer_huntgroup(caller: Caller, asked: AddGroup) -> GroupMade:
    """Make a hunt group with a number of its own."""
    customer = caller.customer(asked.i_customer)
    members = _members(caller, customer, asked.add_extensions or [])
    group = add_hunt_group(
        actor=caller.actor,
        customer=customer,
        name=asked.name,
        number=asked.id,
        sequence=asked.hunt_sequence or "Simultaneous",
        members=members,
        details=_details({}, asked),
        now=caller.now,
    )
    _set_active(group, members, asked.add_extensions or [])
    caller.made(f"hunt group {group.pk}", _look(group))
    return GroupMade(group.pk)


@method("Customer/update_customer_huntgroup", realms=OWNERS, writes=True)
def update_customer_huntgroup(caller: Caller, asked: UpdateGroup) -> GroupMade:
    """Change a hunt group, and which extensions ring."""
    group = _found(caller, asked.i_customer, asked.i_c_group)
    facts: dict[str, Any] = {"details": _details(group.details, asked)}
    added = _members(caller, group.customer, asked.add_extensions or [])
    gone = _members(caller, group.customer, asked.remove_extensions or [])
    if added or gone:
        there = list(_ringing().filter(group=group))
        ringing = [one.extension for one in there]
        facts["inactive"] = [one.extension for one in there if not one.is_active and one.extension not in gone]
        facts["members"] = [one for one in dict.fromkeys([*ringing, *added]) if one not in gone]
    if asked.name:
        facts["name"] = asked.name
    if asked.id is not None:
        facts["number"] = asked.id
    if asked.hunt_sequence is not None:
        facts["sequence"] = asked.hunt_sequence
    with caller.changing(f"hunt group {group.pk}", lambda: _look(group)):
        change_hunt_group(actor=caller.actor, group=group, now=caller.now, **facts)
        _set_active(group, added, asked.add_extensions or [])
        group.refresh_from_db()
    return GroupMade(group.pk)


@method("Customer/delete_customer_huntgroup", realms=OWNERS, writes=True)
def delete_customer_huntgroup(caller: Caller, asked: WhichGroup) -> Success:
    """Delete a hunt group; its extensions stay."""
    group = _found(caller, asked.i_customer, asked.i_c_group)
    look, there = _look(group), HuntGroup.objects.filter(pk=group.pk)
    with caller.changing(f"hunt group {group.pk}", lambda: look if there.exists() else {}):
        delete_hunt_group(actor=caller.actor, group=group, now=caller.now)
    return Success()


def _found(caller: Caller, i_customer: int | None, i_c_group: int) -> HuntGroup:
    groups = HuntGroup.objects.select_related("customer", "extension")
    if i_customer is not None:
        groups = groups.filter(customer=caller.own_customer_id(i_customer))
    return own(caller, groups, i_c_group, "hunt group")


def _members(caller: Caller, customer: Customer, given: Sequence[MemberGiven]) -> list[Extension]:
    """The extensions named, in their order."""
    rows = Extension.objects.filter(customer=customer).select_related("account")
    named = rows.filter(pk__in=[one.i_c_ext for one in given if one.i_c_ext])
    of_accounts = rows.filter(account__code__in=[one.account_id for one in given if one.account_id])
    by_id = {one.pk: one for one in named}
    by_account = {one.account.code: one for one in of_accounts if one.account is not None}
    found = []
    for one in given:
        if one.i_c_ext is None and not one.account_id:
            raise missing(caller.method, "i_c_ext", "add_extensions")
        extension = by_id.get(one.i_c_ext) if one.i_c_ext else by_account.get(one.account_id or "")
        if extension is None:
            raise not_there(caller, f"extension {one.i_c_ext or one.account_id} of customer {customer.pk}")
        found.append(extension)
    return found


def _set_active(group: HuntGroup, members: Sequence[Extension], given: Sequence[MemberGiven]) -> None:
    for extension, one in zip(members, given, strict=True):
        if one.hunt_active is not None:
            there = HuntGroupMember.objects.filter(group=group, extension=extension)
            there.update(is_active=one.hunt_active == "Y")


def _ringing() -> QuerySet[HuntGroupMember]:
    members = HuntGroupMember.objects.select_related("extension__account", "extension__group")
    return members.order_by("place", "pk")


def _visible() -> QuerySet[HuntGroup]:
    groups = HuntGroup.objects.select_related("extension")
    return groups.prefetch_related(Prefetch("members", queryset=_ringing()))


def _shown(group: HuntGroup) -> GroupShown:
    kept = {name: group.details[name] for name in KEPT if name in group.details}
    return GroupShown(
        **kept,
        i_c_group=group.pk,
        i_customer=group.customer_id,
        id=group.extension.number,
        name=group.name,
        hunt_sequence=group.sequence,
        assigned_extensions=[_member_shown(one) for one in group.members.all()],
    )


def _member_shown(member: HuntGroupMember) -> MemberShown:
    extension = member.extension
    return MemberShown(
        i_c_ext=extension.pk,
        id=extension.number,
        name=extension.name,
        account_id=extension.account.code if extension.account is not None else None,
        type=extension_type(extension),
        hunt_active=yes_no(member.is_active),
    )


def _details(kept: dict[str, Any], asked: GroupFields) -> dict[str, Any]:
    return {**kept, **{name: getattr(asked, name) for name in KEPT if getattr(asked, name) is not None}}


def _look(group: HuntGroup) -> dict[str, Any]:
    ringing = _ringing().filter(group=group).values_list("extension__number", flat=True)
    return {"name": group.name, "id": group.extension.number, "sequence": group.sequence, "rings": list(ringing)}
