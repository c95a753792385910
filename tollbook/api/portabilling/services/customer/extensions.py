"""Extensions: short numbers inside a customer's PBX, with the accounts behind them."""

from typing import Annotated, Any, Literal

import msgspec
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing
from tollbook.api.portabilling.fields import YN, Count, Id, Switch, YesNo, yes_no
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import OWNERS, Request, Success, method
from tollbook.api.portabilling.own import own, product
from tollbook.api.portabilling.shapes.account_info import AccountInfo, DidShown
from tollbook.api.portabilling.shapes.accounts import account_infos
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Customer, Extension, HuntGroup
from tollbook.customers.operations.extensions import add_extension, change_extension, delete_extension
from tollbook.jobs.open_account import open_account

Number = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,32}$")]
Name = Annotated[str, msgspec.Meta(max_length=200)]
KEPT = ("i_cpe", "port", "prompt_action", "primary_i_c_group")


class ExtensionFields(Request):
    """What is said of an extension."""

    i_account: Id | None = None
    i_product: Id | None = None
    name: Name | None = None
    published: YesNo | None = None
    i_cpe: Id | None = None
    port: Count | None = None
    prompt_action: Literal["set", "unset"] | None = None
    primary_i_c_group: Count | None = None


class AddExtension(ExtensionFields, kw_only=True):
    """A new extension, of an account that is there or of one that is made for it."""

    i_customer: Id | None = None
    id: Number


class UpdateExtension(ExtensionFields, kw_only=True):
    """What of an extension shall be otherwise."""

    i_customer: Id | None = None
    i_c_ext: Id
    id: Number | None = None


class WhichExtension(Request, kw_only=True):
    """Which extension."""

    i_customer: Id | None = None
    i_c_ext: Id


class ExtensionsRequest(ListRequest):
    """Whose extensions, and which of them."""

    i_customer: Id | None = None
    extension: str | None = None
    name: str | None = None
    account_id: str | None = None
    get_main_office_extensions: Switch | None = None
    detailed_info: Switch | None = None
    limit_alias_did_number_list: Count | None = None


class ExtensionShown(msgspec.Struct, kw_only=True):
    """An extension; the fields of its account where they are asked for."""

    i_c_ext: int
    i_customer: int
    id: str
    name: str
    type: Literal["Account", "Group", "Unassigned"]
    i_account: int | None
    account_id: str | None
    i_c_group: int | None
    primary_i_c_group: int | None = None
    firstname: str = ""
    lastname: str = ""
    published: YN
    i_cpe: int | None = None
    port: int | None = None
    prompt_action: str | None = None
    email: str | UnsetType = UNSET
    i_product: int | UnsetType = UNSET
    product_name: str | UnsetType = UNSET
    bill_status: str | UnsetType = UNSET
    blocked: YN | UnsetType = UNSET
    sip_status: int | UnsetType = UNSET
    did_number: str | UnsetType | None = UNSET
    alias_did_number_list: list[DidShown] | UnsetType = UNSET


class Extensions(msgspec.Struct):
    """Extensions of a page, by their number."""

    extensions_list: list[ExtensionShown]
    total: int | UnsetType = UNSET


class ExtensionAnswer(msgspec.Struct):
    """The extension; nothing when there is none."""

    extension_info: ExtensionShown | UnsetType = UNSET


class ExtensionMade(msgspec.Struct):
    """The extension, and the account that was made for it."""

    i_c_ext: int
    i_account: int | UnsetType = UNSET


@method("Customer/add_customer_extension", realms=OWNERS, writes=True)
def add_customer_extension(caller: Caller, asked: AddExtension) -> ExtensionMade:
    """Make an extension, of an account that is there, or of a new one with the product named."""
    customer = caller.customer(asked.i_customer)
    if asked.i_account is not None and asked.i_product is not None:
        raise invalid(
            caller.method, "i_product", "give i_account for an account that is there, or i_product, not both"
        )
    if asked.i_account is None and asked.i_product is None:
        raise missing(caller.method, "i_account", "the request (or i_product, for a new account)")
    if asked.i_product is None:
        extension = _of_account(caller, customer, asked)
        return ExtensionMade(extension.pk)
    account = open_account(
        actor=caller.actor,
        customer=customer,
        product=product(caller, asked.i_product),
        extension=asked.id,
        name=asked.name or "",
        now=caller.now,
    )
    extension = Extension.objects.get(account=account)
    _change(caller, extension, asked)
    caller.made(f"account {account.pk}", {"id": account.code, "i_product": account.product_id})
    caller.made(f"extension {extension.pk}", _look(extension))
    return ExtensionMade(extension.pk, account.pk)


def _of_account(caller: Caller, customer: Customer, asked: AddExtension) -> Extension:
    account = caller.account(asked.i_account)
    if account.customer_id != customer.pk:
        raise invalid(caller.method, "i_account", f"account {account.pk} is not of customer {customer.pk}")
    extension = add_extension(
        actor=caller.actor,
        customer=customer,
        number=asked.id,
        account=account,
        name=asked.name or "",
        is_published=asked.published == "Y",
        details=_details({}, asked),
        now=caller.now,
    )
    caller.made(f"extension {extension.pk}", _look(extension))
    return extension


@method("Customer/update_customer_extension", realms=OWNERS, writes=True)
def update_customer_extension(caller: Caller, asked: UpdateExtension) -> ExtensionMade:
    """Change an extension's number, name, account or whether it is published."""
    if asked.i_product is not None:
        raise invalid(caller.method, "i_product", "an account's product is changed by Account/update_account")
    extension = _found(caller, asked.i_customer, asked.i_c_ext)
    with caller.changing(f"extension {extension.pk}", lambda: _look(extension)):
        _change(caller, extension, asked)
    return ExtensionMade(extension.pk)


def _change(caller: Caller, extension: Extension, asked: AddExtension | UpdateExtension) -> None:
    facts: dict[str, Any] = {"details": _details(extension.details, asked)}
    if asked.id is not None and asked.id != extension.number:
        facts["number"] = asked.id
    if asked.name is not None:
        facts["name"] = asked.name
    if asked.published is not None:
        facts["is_published"] = asked.published == "Y"
    if asked.i_account is not None:
        facts["account"] = caller.account(asked.i_account)
    if asked.primary_i_c_group:
        own(
            caller, HuntGroup.objects.filter(customer=extension.customer_id), asked.primary_i_c_group, "hunt group"
        )
    change_extension(actor=caller.actor, extension=extension, now=caller.now, **facts)
    extension.refresh_from_db()


@method("Customer/get_customer_extension_info", realms=OWNERS)
def get_customer_extension_info(caller: Caller, asked: WhichExtension) -> ExtensionAnswer:
    """Show one extension."""
    found = _visible(caller, asked.i_customer).filter(pk=asked.i_c_ext).first()
    return ExtensionAnswer() if found is None else ExtensionAnswer(extension_shown(found))


@method("Customer/get_extensions_list", realms=OWNERS)
def get_extensions_list(caller: Caller, asked: ExtensionsRequest) -> Extensions:
    """List the extensions of a customer."""
    customer = caller.customer(asked.i_customer)
    rows = _visible(caller, customer.pk).filter(
        like("number", asked.extension),
        like("name", asked.name, any_case=True),
        like("account__code", asked.account_id),
    )
    extensions, total = page(caller, rows.order_by("number", "pk"), asked)
    listed = [extension_shown(one) for one in extensions]
    if asked.detailed_info or asked.limit_alias_did_number_list is not None:
        _detail(caller, extensions, listed, asked.limit_alias_did_number_list)
    return Extensions(listed, total)


@method("Customer/delete_customer_extension", realms=OWNERS, writes=True)
def delete_customer_extension(caller: Caller, asked: WhichExtension) -> Success:
    """Delete an extension; the account behind it stays."""
    extension = _found(caller, asked.i_customer, asked.i_c_ext)
    look = _look(extension)
    there = Extension.objects.filter(pk=extension.pk)
    with caller.changing(f"extension {extension.pk}", lambda: look if there.exists() else {}):
        delete_extension(actor=caller.actor, extension=extension, now=caller.now)
    return Success()


def _visible(caller: Caller, i_customer: int | None) -> QuerySet[Extension]:
    rows = Extension.objects.select_related("account__customer", "account__product", "group")
    customer = caller.own_customer_id(i_customer)
    return rows if customer is None else rows.filter(customer=customer)


def _found(caller: Caller, i_customer: int | None, i_c_ext: int) -> Extension:
    rows = Extension.objects.select_related("customer", "account")
    if i_customer is not None:
        rows = rows.filter(customer=caller.own_customer_id(i_customer))
    return own(caller, rows, i_c_ext, "extension")


def extension_shown(extension: Extension) -> ExtensionShown:
    """An extension as lists and single answers have it. It comes with account and group."""
    account: Account | None = extension.account
    group: HuntGroup | None = getattr(extension, "group", None)
    first, last = ("", "")
    if account is not None:
        first = account.details.get("firstname", "")
        last = account.details.get("lastname", "" if first else account.name)
    kept = {name: extension.details[name] for name in KEPT if name in extension.details}
    return ExtensionShown(
        **kept,
        i_c_ext=extension.pk,
        i_customer=extension.customer_id,
        id=extension.number,
        name=extension.name,
        type=extension_type(extension),
        i_account=None if account is None else account.pk,
        account_id=None if account is None else account.code,
        i_c_group=None if group is None else group.pk,
        firstname=first,
        lastname=last,
        published=yes_no(extension.is_published),
    )


def extension_type(extension: Extension) -> Literal["Account", "Group", "Unassigned"]:
    """What is behind an extension."""
    if extension.account_id is not None:
        return "Account"
    return "Group" if getattr(extension, "group", None) is not None else "Unassigned"


def _detail(caller: Caller, rows: list[Extension], shown: list[ExtensionShown], dids: int | None) -> None:
    accounts = [one.account for one in rows if one.account is not None]
    is_for_staff = caller.realm is Realm.STAFF
    infos: dict[int, AccountInfo] = {
        info.i_account: info
        for info in account_infos(accounts, now=caller.now, is_for_staff=is_for_staff, dids_at_most=dids)
    }
    for one in shown:
        if one.i_account is None:
            continue
        info = infos[one.i_account]
        one.email, one.i_product, one.product_name = info.email, info.i_product, info.product_name
        one.bill_status, one.blocked, one.sip_status = info.bill_status, info.blocked, info.sip_status
        one.did_number, one.alias_did_number_list = info.did_number, info.alias_did_number_list


def _details(kept: dict[str, Any], asked: ExtensionFields) -> dict[str, Any]:
    """What is kept of an extension, with what was sent; 0 takes the primary hunt group away."""
    sent = {name: getattr(asked, name) for name in KEPT if getattr(asked, name) is not None}
    joined = {**kept, **sent}
    if joined.get("primary_i_c_group") == 0:
        del joined["primary_i_c_group"]
    return joined


def _look(extension: Extension) -> dict[str, Any]:
    return {
        "id": extension.number,
        "name": extension.name,
        "i_account": extension.account_id,
        "published": yes_no(extension.is_published),
        **extension.details,
    }
