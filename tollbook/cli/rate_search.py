"""`tollbook tariff search`: which rate somebody has for a number, or for a destination by its name."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tollbook.catalog.models import Product
from tollbook.catalog.price_list.cells import moment
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.named import named_account, named_customer
from tollbook.cli.tariff_report import print_rates, rate_facts
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput
from tollbook.jobs.rate_search import (
    FoundRates,
    buyers_of,
    rate_for_buyer,
    rates_for_destination,
    rates_of_every_list,
)

NOT_FOUND = 1  # exit status
UTC_ZONE = ZoneInfo("UTC")


def search(
    wanted: Annotated[
        str, typer.Argument(help="A number in E.164, or words of a destination's name.", show_default=False)
    ] = "",
    *,
    customer: Annotated[str, typer.Option(help="What this customer pays.", show_default=False)] = "",
    account: Annotated[str, typer.Option(help="What this account pays.", show_default=False)] = "",
    product: Annotated[str, typer.Option(help="What accounts with this product pay.", show_default=False)] = "",
    kind: Annotated[str, typer.Option(help="Kind of usage.")] = "voice_out",
    cli: Annotated[str, typer.Option(help="Calling number, where prices depend on it.")] = "",
    category: Annotated[
        str | None, typer.Option(help="Only rates of this category of destinations.", show_default=False)
    ] = None,
    every_list: Annotated[
        bool, typer.Option("--all", help="Of a number: what every list has that is asked, not only what counts.")
    ] = False,
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="For a call that begins then, in UTC.", show_default="now")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The rate for a number, or the rates of a destination, from the lists that price this customer's calls.

    Special price lists come first, those of the account before those of the customer and the product. The exit
    status is 1 when no list has one.

    Example: tollbook tariff search 447700900123 --customer acme
    """
    open_database()
    start = _moment(at) if at else datetime.now(UTC)
    digits = wanted.removeprefix("+").replace(" ", "")
    is_number = digits.isascii() and digits.isdigit()
    _refuse_unclear(wanted, category, is_number=is_number, every_list=every_list)
    caller = cli.removeprefix("+")
    found: list[FoundRates] = []
    for buyer in buyers_of(_owner(customer, account, product)):
        if every_list:
            found += rates_of_every_list(buyer, digits, kind=kind, at=start, cli=caller)
        elif is_number:
            rate = rate_for_buyer(buyer, digits, kind=kind, at=start, cli=caller)
            found += [rate] if rate else []
        else:
            found += rates_for_destination(buyer, wanted, kind=kind, at=start, category=category)
    if as_json:
        print_json([_facts(one) for one in found])
    else:
        _print(found)
    if all(one.rates.is_empty() for one in found):
        typer.echo(f"no list has a rate for {wanted or category} ({kind}) at {start:%F %T %Z}", err=True)
        raise typer.Exit(NOT_FOUND)


def _refuse_unclear(wanted: str, category: str | None, *, is_number: bool, every_list: bool) -> None:
    if not wanted and category is None:
        raise BadInput("which rate? give a number, words of a destination's name, or --category")
    if is_number and category is not None:
        raise BadInput(f"{wanted} is a number, which has one rate; leave --category out")
    if every_list and not is_number:
        raise BadInput("--all is for a number; by a name every list is shown anyway")


def _owner(customer: str, account: str, product: str) -> Account | Customer | Product:
    if sum(map(bool, (customer, account, product))) != 1:
        raise BadInput("whose rate? give one of --customer, --account and --product")
    if account:
        return named_account(account)
    if customer:
        return named_customer(customer)
    found = Product.objects.filter(code=product).first()
    if found is None:
        raise BadInput(f"there is no product {product!r}; see `tollbook products list`")
    return found


def _print(found: Sequence[FoundRates]) -> None:
    for one in found:
        version = one.version
        tariff = version.tariff
        basis = "with tax" if tariff.is_gross else "without tax"
        which = "" if one.counts else "; it does not count" if not one.rates.is_empty() else "; it has no rate"
        typer.echo(
            f"product {one.product}: tariff {tariff.name}, version {version.number}, {tariff.currency} {basis}{which}"
        )
        if not one.rates.is_empty():
            print_rates(one.rates, version)


def _facts(one: FoundRates) -> dict[str, object]:
    return {
        "product": one.product,
        "tariff": one.version.tariff.name,
        "version": one.version.number,
        "currency": one.version.tariff.currency,
        "is_gross": one.version.tariff.is_gross,
        "counts": one.counts,
        "rates": rate_facts(one.rates, one.version),
    }


def _moment(text: str) -> datetime:
    try:
        return moment(text, zone=UTC_ZONE, date_format=None)
    except ValueError as error:
        raise BadInput(f"--at {text!r} {error}") from None
