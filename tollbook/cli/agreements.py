"""`tollbook agreements`: which products customers and their accounts may use, and how many of each."""

import getpass
import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.catalog.models import Product
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_customer, named_product
from tollbook.customers.lists import agreement_list
from tollbook.customers.models import Customer
from tollbook.customers.operations.agreements import set_agreement
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Agreements: what customers may use, and how much of it."
)
UNLIMITED = "unlimited"


@app.command("set")
def set_(
    *,
    customer: Annotated[str, typer.Argument(help="The customer's code.")],
    conditions: Annotated[
        list[str], typer.Argument(metavar="PRODUCT=QUANTITY…", help="Products with a number, or =unlimited.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="What is not named is taken out of the agreement.")
    ] = False,
) -> None:
    """Say on how many accounts at the same time a customer may have each product or add-on. Safe to repeat.

    Customers and their accounts may use nothing else; staff are not bound. What is used already stays.

    Example: tollbook agreements set acme pbx=10 recording=unlimited
    """
    open_database()
    who = named_customer(customer)
    agreed = dict(_condition(text) for text in conditions)
    set_agreement(customer=who, conditions=agreed, replaces=replace, by=getpass.getuser(), now=datetime.now(UTC))
    for line in agreement_list([who]):
        typer.echo(f"{line['product']}: {line['used']} of {line['agreed']} used")


@app.command("list")
def list_(
    customer: Annotated[str | None, typer.Option("--customer", "-c", help="Only this customer's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What customers may use, and how much of it is used.

    Example: tollbook agreements list --customer acme
    """
    open_database()
    with_one = Customer.objects.filter(agreements__isnull=False).distinct().order_by("code")
    who = with_one if customer is None else [named_customer(customer)]
    empty = "there is no agreement; make one with `tollbook agreements set CUSTOMER PRODUCT=QUANTITY`"
    print_list(agreement_list(who), as_json=as_json, empty=empty, right=("agreed", "used", "free"))


def _condition(text: str) -> tuple[Product, int | None]:
    code, _, quantity = text.rpartition("=")
    if not code or not re.fullmatch(rf"\d{{1,9}}|{UNLIMITED}", quantity, re.ASCII):
        raise BadInput(f"{text!r} is not a product with a quantity; write it as pbx=10 or pbx={UNLIMITED}")
    return named_product(code), None if quantity == UNLIMITED else int(quantity)
