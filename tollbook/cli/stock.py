"""`tollbook numbers`: the operator's numbers, whom they are given to, and on which accounts they are."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_account, named_customer
from tollbook.customers.account_sheet import numbers
from tollbook.customers.actors import staff
from tollbook.customers.lists import number_list
from tollbook.customers.models import StockNumber
from tollbook.customers.operations.numbers import (
    add_to_stock,
    assign_number,
    give_number,
    release_number,
    take_back_number,
)
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Numbers: in stock, given to customers, on accounts."
)

Digits = Annotated[list[str], typer.Argument(metavar="NUMBER…", help="As +12094555948.")]
Account = Annotated[str, typer.Option(help="The account's code.")]


@app.command()
def add(
    *,
    number: Digits,
    country: Annotated[str, typer.Option(help="As US.")] = "",
    description: Annotated[str, typer.Option(help="For people.")] = "",
) -> None:
    """Put numbers into stock.

    Example: tollbook numbers add +12094555948 +12094555949 --country US
    """
    open_database()
    for digits in _read(number):
        add_to_stock(
            digits=digits,
            country=country,
            description=description,
            by=getpass.getuser(),
            now=datetime.now(UTC),
        )
        typer.echo(f"+{digits} is in stock")


@app.command()
def give(*, number: Digits, customer: Annotated[str, typer.Option(help="The customer's code.")]) -> None:
    """Give numbers to a customer, who may put them on accounts. Safe to repeat.

    Example: tollbook numbers give +12094555948 --customer acme
    """
    open_database()
    who = named_customer(customer)
    for one in _in_stock(number):
        give_number(number=one, customer=who, by=getpass.getuser(), now=datetime.now(UTC))
        typer.echo(f"{one} is given to {who.code}")


@app.command("take-back")
def take_back(*, number: Digits) -> None:
    """Put numbers back into stock. Safe to repeat.

    Example: tollbook numbers take-back +12094555948
    """
    open_database()
    for one in _in_stock(number):
        take_back_number(number=one, by=getpass.getuser(), now=datetime.now(UTC))
        typer.echo(f"{one} is nobody's")


@app.command()
def assign(*, number: Digits, account: Account) -> None:
    """Put numbers on an account, from now on; those of the stock are given to its customer by that. Safe to repeat.

    Example: tollbook numbers assign +12094555948 --account ph12x4665
    """
    open_database()
    one = named_account(account)
    for digits in _read(number):
        assign_number(actor=staff(getpass.getuser()), account=one, digits=digits, now=datetime.now(UTC))
        typer.echo(f"+{digits} is on {one.code}")


@app.command()
def release(*, number: Digits, account: Account) -> None:
    """Take numbers off an account, from now on; its customer keeps them.

    Example: tollbook numbers release +12094555948 --account ph12x4665
    """
    open_database()
    one = named_account(account)
    for digits in _read(number):
        release_number(actor=staff(getpass.getuser()), account=one, digits=digits, now=datetime.now(UTC))
        typer.echo(f"+{digits} is on {one.code} no more")


@app.command("list")
def list_(
    customer: Annotated[str | None, typer.Option("--customer", "-c", help="Only this customer's.")] = None,
    free: Annotated[bool, typer.Option("--free", help="Only those that nobody has.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Numbers in stock, and who has them now.

    Example: tollbook numbers list --free
    """
    open_database()
    who = None if customer is None else named_customer(customer)
    empty = "there are no such numbers; put some into stock with `tollbook numbers add`"
    print_list(number_list(customer=who, is_free=free), as_json=as_json, empty=empty)


def _read(texts: list[str]) -> list[int]:
    try:
        return [digits for text in texts for digits in numbers(text)]
    except ValueError as error:
        raise BadInput(str(error)) from None


def _in_stock(texts: list[str]) -> list[StockNumber]:
    found = []
    for digits in _read(texts):
        one = StockNumber.objects.filter(digits=digits).first()
        if one is None:
            raise BadInput(f"+{digits} is not in stock; put it there with `tollbook numbers add +{digits}`")
        found.append(one)
    return found
