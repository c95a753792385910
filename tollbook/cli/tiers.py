"""`tollbook tiers`: prices that depend on how much was used in a period."""

from typing import Annotated

import typer

from tollbook.catalog.models import TierMode
from tollbook.catalog.operations import TierPrice, remove_tiers, set_tiers
from tollbook.catalog.operations.checks import usage_kind
from tollbook.catalog.plan_queries import tier_list
from tollbook.catalog.price_list.cells import unit_name
from tollbook.cli.allowances import quantity
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.tariff_options import amount
from tollbook.errors import BadInput
from tollbook.records import KINDS, Measure

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Tiers: prices that depend on how much was used in a period."
)

Product = Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's code.", show_default=False)]
Name = Annotated[str, typer.Argument(help="Of the tiers, once in a product.", show_default=False)]


@app.command("set")
def set_(
    *,
    product: Product,
    name: Name,
    step: Annotated[
        list[str],
        typer.Option(
            metavar="FROM=PRICE",
            help="What it costs from so much on: 0=0.02, 1000min=0.015; of data with its unit: 10GB=1.50/GB.",
        ),
    ],
    mode: Annotated[TierMode, typer.Option(help="Each slice its price, or all the price of the tier reached.")],
    kind: Annotated[str, typer.Option(help="Kind of usage.")] = "voice_out",
    destinations: Annotated[
        str | None, typer.Option(metavar="GROUP", help="A destination group.", show_default="all")
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="All accounts of the customer count together.")] = False,
    place: Annotated[int, typer.Option(min=0, max=10_000, help="Of several that fit, the lowest counts.")] = 0,
) -> None:
    """Give a product tiers, or say anew what they are. They are counted by the customer's billing period.

    Their prices stand in place of the rate's price per minute or unit; its connect fee and bounds stay.

    Example: tollbook tiers set office volume --mode graduated --step 0=0.02 --step 1000min=0.015
    """
    open_database()
    usage_kind(f"tiers {name!r}", kind)
    made = set_tiers(
        product=product,
        name=name,
        kind=kind,
        mode=mode,
        steps=[_step(text, kind) for text in step],
        group=destinations,
        is_shared=shared,
        place=place,
    )
    count = made.steps.count()
    typer.echo(f"product {product}: tiers {name}, {count} step{'s' if count > 1 else ''} of {kind}, {mode.value}")


@app.command("list")
def list_(
    *,
    product: Annotated[str, typer.Option(help="Of this product alone.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """All tiers, step by step.

    Example: tollbook tiers list --product office
    """
    open_database()
    empty = "there are no tiers; see `tollbook tiers set --help`"
    print_list(tier_list(product), as_json=as_json, empty=empty, right=("from", "price"))


@app.command()
def remove(product: Product, name: Name) -> None:
    """Take tiers away in which nothing is counted yet.

    Example: tollbook tiers remove office volume
    """
    open_database()
    remove_tiers(product=product, name=name)
    typer.echo(f"product {product}: no tiers {name} any more")


def _step(text: str, kind: str) -> TierPrice:
    since, equals, price = text.partition("=")
    number, slash, unit = price.partition("/")
    if not (since and equals and number):
        raise BadInput(f"--step {text!r}: write from how much on, and the price, as 1000min=0.015")
    try:
        named = unit_name(unit) if slash else ("message" if KINDS[kind] is Measure.MESSAGES else "")
    except ValueError as error:
        raise BadInput(f"--step {text!r}: {unit!r} {error}") from None
    return TierPrice(quantity("--step", since, kind), amount("--step", number), named)
