"""`tollbook customers special` and `tollbook accounts special`: price lists that come before the product's tariff."""

from datetime import UTC, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tollbook.cli.connection.words import day
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations import remove_special, set_special
from tollbook.customers.special_queries import price_order
from tollbook.errors import BadInput

SpecialList = Annotated[
    str | None,
    typer.Argument(
        metavar="[KIND=TARIFF]", help="The small tariff; without it the lists are shown.", show_default=False
    ),
]
Since = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="For calls from this day on.", show_default="always")
]
Until = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="The first day on which it does not count.", show_default="open end"),
]
Remove = Annotated[bool, typer.Option("--remove", help="Take it away, as if it had never been there.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def of_customer(
    *,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's code.")],
    list_: SpecialList = None,
    since: Since = None,
    until: Until = None,
    remove: Remove = False,
    as_json: Json = False,
) -> None:
    """Prices of one customer alone: a small tariff whose prefixes come before the product's tariff.

    A known one gets its new end. Several are asked in the order in which they came; an account's come before them.

    Example: tollbook customers special acme voice_out=acme-deal --from 2026-03-01
    """
    open_database()
    found = Customer.objects.filter(code=customer).first()
    if found is None:
        raise BadInput(f"there is no customer {customer!r}; `tollbook customers list` shows those there are")
    _change_or_show(found, found.timezone, list_, since, until, remove=remove, as_json=as_json)


def of_account(
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's code.")],
    list_: SpecialList = None,
    since: Since = None,
    until: Until = None,
    remove: Remove = False,
    as_json: Json = False,
) -> None:
    """Prices of one account alone; without a list, all that price its calls in the order in which they are asked.

    Example: tollbook accounts special acme-office voice_out=office-deal --from 2026-03-01
    """
    open_database()
    found = Account.objects.select_related("customer", "product").filter(code=account).first()
    if found is None:
        raise BadInput(f"there is no account {account!r}; `tollbook accounts list` shows those there are")
    _change_or_show(found, found.customer.timezone, list_, since, until, remove=remove, as_json=as_json)


def _change_or_show(
    owner: Customer | Account,
    zone: str,
    list_: str | None,
    since: str | None,
    until: str | None,
    *,
    remove: bool,
    as_json: bool,
) -> None:
    if list_ is not None:
        kind, equals, tariff = list_.partition("=")
        if not (kind and equals and tariff):
            raise BadInput(f"{list_!r}: write the kind and the tariff's name, as voice_out=special")
        if remove:
            remove_special(owner=owner, kind=kind, tariff=tariff)
        else:
            begin, end = (
                _midnight(option, text, zone) if text else None
                for option, text in (("--from", since), ("--until", until))
            )
            set_special(owner=owner, kind=kind, tariff=tariff, since=begin, until=end)
    elif since or until or remove:
        raise BadInput("which list? Name it with its kind, as voice_out=special")
    empty = f"{owner.code} has no special lists"
    print_list(price_order(owner), as_json=as_json, empty=empty)


def _midnight(option: str, text: str, zone: str) -> datetime:
    return datetime.combine(day(option, text), time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
