"""`tollbook products`: which tariff prices which kind of usage."""

from typing import Annotated

import typer

from tollbook.catalog.models import OnNet
from tollbook.catalog.operations import set_product
from tollbook.catalog.queries import product_list
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Products: which tariff prices which kind of usage."
)


@app.command("set")
def set_(
    code: Annotated[str, typer.Argument(help="The product's code, as accounts name it.")],
    name: Annotated[str, typer.Option(help="Its name, for people.")],
    tariff: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=TARIFF", help="The tariff of a kind of usage; may be repeated."),
    ] = None,
    not_billed: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="A kind that costs nothing; may be repeated.")
    ] = None,
    on_net: Annotated[
        OnNet,
        typer.Option(
            help="Calls between accounts: charged, free between those of one customer, or free between all."
        ),
    ] = OnNet.CHARGED,
) -> None:
    """Make a product, or say anew what it is: kinds that are not named any more are taken out of it.

    Usage of a kind that the product does not name is set aside, it is not free.

    Example: tollbook products set office --name "Office lines" --tariff voice_out=retail --not-billed voice_in
    """
    tariffs: dict[str, str | None] = {}
    for kind, name_of_tariff in [
        *map(_kind_and_tariff, tariff or ()),
        *((kind, None) for kind in not_billed or ()),
    ]:
        if kind in tariffs:
            raise BadInput(f"product {code!r}: {kind!r} is named twice; a kind has one tariff or is not billed")
        tariffs[kind] = name_of_tariff
    open_database()
    set_product(code=code, name=name, tariffs=tariffs, on_net=on_net)
    named = ", ".join(f"{kind}={tariff or 'not billed'}" for kind, tariff in tariffs.items())
    typer.echo(
        f"product {code}: {named or 'no kind of usage, all of it is set aside'}; on-net calls {on_net.value}"
    )


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All products, by code.

    Example: tollbook products list
    """
    open_database()
    empty = "there are no products; make one with `tollbook products set CODE --name … --tariff voice_out=NAME`"
    print_list(product_list(), as_json=as_json, empty=empty, right=("accounts",))


def _kind_and_tariff(text: str) -> tuple[str, str]:
    kind, equals, name = text.partition("=")
    if not (kind and equals and name):
        raise BadInput(f"--tariff {text!r}: write the kind and the tariff's name, as voice_out=retail")
    return kind, name
