"""`tollbook usage calls`: the call list of a customer or account, on the screen or as CSV."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from tollbook.billing.calls import calls_csv, calls_of_month, set_aside_of_month, talked_seconds
from tollbook.cli.bill import parse_month
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.named import named_account, named_customer
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.money import decimal_of

SHOWN = 50  # calls on a screen; CSV and JSON have all


def calls(
    *,
    month: Annotated[str, typer.Option(help="Of the customer's zone, as 2017-06.", show_default=False)],
    customer: Annotated[str, typer.Option(help="All accounts of this customer.", show_default=False)] = "",
    account: Annotated[str, typer.Option(help="This account alone.", show_default=False)] = "",
    csv: Annotated[Path | None, typer.Option(help="Write them to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The calls of a month, invoiced or not: each with its price, or why it is free.

    What an exclusion hides is not listed; what is set aside has no price yet, and is only counted.

    Example: tollbook usage calls --customer acme --month 2017-06 --csv june.csv
    """
    first_day = parse_month(month)
    open_database()
    who = named_account(account) if account else None
    payer = named_customer(customer) if customer else who.customer if who else None
    if payer is None or (who is not None and who.customer_id != payer.pk):
        raise BadInput(
            "give --customer, or --account" if payer is None else f"{account!r} is none of {customer!r}"
        )
    found = calls_of_month(payer, first_day, account=who)
    waiting = set_aside_of_month(payer, first_day, account=who)
    if csv is not None:
        calls_csv(found, payer, csv)
        typer.echo(f"{csv}: {found.height:,} calls")
    elif as_json:
        print_json({"calls": _rows(found, payer), "set_aside": waiting})
        return
    else:
        empty = f"no calls of {month}"
        print_list(_rows(found.head(SHOWN), payer), as_json=False, empty=empty, right=("duration_s", "price"))
        if found.height > SHOWN:
            typer.echo(f"… and {found.height - SHOWN:,} more; --csv FILE has all")
    for currency, nanos in (
        found.group_by("currency").agg(pl.col("price_nanos").sum()).sort("currency").iter_rows()
    ):
        typer.echo(f"{found.height:,} calls, {currency} {decimal_of(nanos).normalize():f}")
    if waiting:
        typer.echo(f"{waiting:,} more have no price yet; `tollbook set-aside list` says why")


def _rows(found: pl.DataFrame, payer: Customer) -> list[dict[str, object]]:
    start = pl.col("start").dt.convert_time_zone(payer.timezone).dt.strftime("%Y-%m-%d %H:%M:%S")
    shown = found.select(
        *("account", "kind", start, "cli", "cld", "destination"),
        *(talked_seconds(), "quantity", "price_nanos", "currency", "free_because"),
    )
    return [
        {("price" if name == "price_nanos" else name): value for name, value in row.items()}
        | {"price": decimal_of(row["price_nanos"])}
        for row in shown.iter_rows(named=True)
    ]
