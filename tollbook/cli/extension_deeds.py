"""`tollbook extensions list`, `add`, `delete`, and `tollbook hunt-groups`: a customer's own dial plan."""

import getpass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_account, named_customer
from tollbook.customers.actors import Actor, staff
from tollbook.customers.lists import extension_list, hunt_group_list
from tollbook.customers.models import Customer, Extension, HuntGroup
from tollbook.customers.operations.extensions import (
    add_extension,
    add_hunt_group,
    change_hunt_group,
    delete_extension,
    delete_hunt_group,
)
from tollbook.errors import BadInput

hunt_groups = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Hunt groups: extensions that ring for one number."
)

Of = Annotated[str, typer.Option("--customer", "-c", help="The customer's code.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Rings = Annotated[list[str] | None, typer.Option(help="An extension that rings, in order; may be repeated.")]


class RingOrder(StrEnum):
    """In which order extensions ring, in the words that clients of the API use; those may send others."""

    SIMULTANEOUS = "Simultaneous"
    ORDER = "Order"
    RANDOM = "Random"
    LEAST_USED = "Least used"


def list_(*, customer: Of, as_json: AsJson = False) -> None:
    """A customer's short numbers, and whose they are.

    Example: tollbook extensions list --customer acme
    """
    open_database()
    empty = "there are none; `tollbook accounts open CUSTOMER --extension NUMBER` opens an account with one"
    print_list(extension_list(named_customer(customer)), as_json=as_json, empty=empty)


def add(
    *,
    number: Annotated[str, typer.Argument(help="Digits as dialled.")],
    customer: Of,
    account: Annotated[str, typer.Option(help="Whose it is.", show_default="nobody's yet")] = "",
    name: Annotated[str, typer.Option(help="In the directory.")] = "",
    published: Annotated[bool, typer.Option("--published", help="Shown in the company directory.")] = False,
) -> None:
    """Make an extension of an account that there is, or of nobody yet.

    Example: tollbook extensions add 4665 --customer acme --account ph12x4665
    """
    open_database()
    one = add_extension(
        actor=_staff(),
        customer=named_customer(customer),
        number=number,
        account=named_account(account) if account else None,
        name=name,
        is_published=published,
        now=datetime.now(UTC),
    )
    typer.echo(f"extension {one.number} is {one.account.code if one.account else 'nobody'}'s")


def delete(*, number: Annotated[str, typer.Argument(help="Digits as dialled.")], customer: Of) -> None:
    """Free an extension's number; its account stays.

    Example: tollbook extensions delete 4665 --customer acme
    """
    open_database()
    one = _extension(named_customer(customer), number)
    delete_extension(actor=_staff(), extension=one, now=datetime.now(UTC))
    typer.echo(f"extension {number} is free")


@hunt_groups.command("list")
def list_groups(*, customer: Of, as_json: AsJson = False) -> None:
    """A customer's hunt groups, with their extensions in order.

    Example: tollbook hunt-groups list --customer acme
    """
    open_database()
    empty = "there are none; make one with `tollbook hunt-groups add`"
    print_list(hunt_group_list(named_customer(customer)), as_json=as_json, empty=empty)


@hunt_groups.command("add")
def add_group(
    *,
    name: Annotated[str, typer.Argument(help="For people.")],
    number: Annotated[str, typer.Argument(help="Digits as dialled.")],
    customer: Of,
    extension: Rings = None,
    sequence: Annotated[RingOrder, typer.Option(help="In which order they ring.")] = RingOrder.SIMULTANEOUS,
) -> None:
    """Make a hunt group with a number of its own.

    Example: tollbook hunt-groups add Sales 600 --customer acme --extension 4665 --extension 4666
    """
    open_database()
    who = named_customer(customer)
    group = add_hunt_group(
        actor=_staff(),
        customer=who,
        name=name,
        number=number,
        sequence=sequence,
        members=[_extension(who, one) for one in extension or ()],
        now=datetime.now(UTC),
    )
    typer.echo(f"hunt group {group.name} rings for {group.extension.number}")


@hunt_groups.command("change")
def change_group(*, name: Annotated[str, typer.Argument()], customer: Of, extension: Rings = None) -> None:
    """Say which extensions ring; those that are not named do not any more.

    Example: tollbook hunt-groups change Sales --customer acme --extension 4666
    """
    open_database()
    who = named_customer(customer)
    members = [_extension(who, one) for one in extension or ()]
    change_hunt_group(actor=_staff(), group=_group(who, name), members=members, now=datetime.now(UTC))
    typer.echo(f"hunt group {name} rings {len(members)} extensions")


@hunt_groups.command("delete")
def delete_group(*, name: Annotated[str, typer.Argument()], customer: Of) -> None:
    """The group and its number go; its extensions stay.

    Example: tollbook hunt-groups delete Sales --customer acme
    """
    open_database()
    group = _group(named_customer(customer), name)
    delete_hunt_group(actor=_staff(), group=group, now=datetime.now(UTC))
    typer.echo(f"hunt group {name} is no more")


def _staff() -> Actor:
    return staff(getpass.getuser())


def _extension(customer: Customer, number: str) -> Extension:
    found = (
        Extension.objects.filter(customer=customer, number=number).select_related("customer", "account").first()
    )
    if found is None:
        raise BadInput(
            f"{customer.code} has no extension {number!r}; see `tollbook extensions list -c {customer.code}`"
        )
    return found


def _group(customer: Customer, name: str) -> HuntGroup:
    groups = HuntGroup.objects.filter(customer=customer, name=name).select_related("customer", "extension")
    found = groups.first()
    if found is None:
        raise BadInput(f"{customer.code} has no hunt group {name!r}; see `tollbook hunt-groups list`")
    return found
