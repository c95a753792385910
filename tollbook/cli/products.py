"""`tollbook products`: which tariff prices which kind of usage."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from django.db import transaction

from tollbook.catalog.models import OnNet
from tollbook.catalog.operations import put_markups, set_product
from tollbook.catalog.queries import product_facts, product_list
from tollbook.cli.connection import options
from tollbook.cli.connection.number_rules import read_number_rules
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.tariff_options import percent
from tollbook.errors import BadInput
from tollbook.usage.exclusions import read_patterns

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Products: which tariff prices which kind of usage."
)


@app.command("set")
def set_(
    *,
    code: Annotated[str, typer.Argument(help="The product's code, as accounts name it.")],
    name: Annotated[str, typer.Option(help="Its name, for people.")],
    tariff: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=TARIFF", help="The tariff of a kind of usage; may be repeated."),
    ] = None,
    markup: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[KIND=]PERCENT",
            help="Put on the prices of its tariffs, or of one kind's; special lists take none. May be repeated.",
        ),
    ] = None,
    special: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=TARIFF",
            help="A small tariff whose prefixes come first: custom rates, special numbers. May be repeated: the first "
            "that has a rate counts.",
        ),
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
    exclude: options.Exclude = None,
    hide: options.Hide = None,
    country: options.Country = None,
    exit_code: options.ExitCodes = None,
    trunk_prefix: options.TrunkPrefix = None,
    add_country_code: options.AddCountryCode = None,
    extension_length: options.ExtensionLengths = None,
    number_rules: options.NumberRulesFile = None,
) -> None:
    """Make a product, or say anew what it is: what is not named any more is taken out of it.

    Usage of a kind that the product does not name is set aside, it is not free. Rules for numbers are in place of the
    connection's, for the numbers called; what costs nothing is so besides what the connection says.

    Example: tollbook products set office --name "Office lines" --tariff voice_out=retail --markup 15
    """
    tariffs = _kinds_named(code, tariff or (), not_billed or ())
    rules = {
        "country": country,
        "exit_codes": exit_code,
        "trunk_prefix": trunk_prefix,
        "add_country_code": add_country_code,
        "extension_lengths": extension_length,
    }
    open_database()
    with transaction.atomic():
        tariffs = put_markups(tariffs, _markups(tariffs, markup or ()), recorded_at=datetime.now(UTC))
        product = set_product(
            code=code,
            name=name,
            tariffs=tariffs,
            on_net=on_net,
            specials=[_pair("--special", text) for text in special or ()],
            number_rules=read_number_rules(number_rules, rules),
            exclusions=[
                {"pattern": pattern, "is_hidden": is_hidden}
                for is_hidden, text in ((False, exclude), (True, hide))
                for pattern in read_patterns(text or "")
            ],
        )
    named = ", ".join(f"{kind}={tariff or 'not billed'}" for kind, tariff in tariffs.items())
    typer.echo(
        f"product {code}: {named or 'no kind of usage, all of it is set aside'}; on-net calls {on_net.value}"
    )
    for what, said in _also(product_facts(product)):
        typer.echo(f"{what}: {said}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All products, by code.

    Example: tollbook products list
    """
    open_database()
    empty = "there are no products; make one with `tollbook products set CODE --name … --tariff voice_out=NAME`"
    only_json = ("number_rules", "excluded", "hidden")
    print_list(product_list(), as_json=as_json, empty=empty, right=("accounts",), only_json=only_json)


def _also(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What a product says besides its tariffs."""
    rules = facts["number_rules"]
    if facts["special"]:
        yield "special lists, which come first", str(facts["special"])
    if facts["excluded"]:
        yield "not billed", str(facts["excluded"])
    if facts["hidden"]:
        yield "not billed and not shown", str(facts["hidden"])
    if isinstance(rules, dict) and rules:
        yield "numbers called", ", ".join(f"{key} {value}" for key, value in rules.items())


def _kinds_named(code: str, tariffs: Iterable[str], not_billed: Iterable[str]) -> dict[str, str | None]:
    named: dict[str, str | None] = {}
    for kind, tariff in [*(_pair("--tariff", text) for text in tariffs), *((kind, None) for kind in not_billed)]:
        if kind in named:
            raise BadInput(f"product {code!r}: {kind!r} is named twice; a kind has one tariff or is not billed")
        named[kind] = tariff
    return named


def _markups(tariffs: Mapping[str, str | None], texts: Iterable[str]) -> dict[str, Decimal]:
    """By kind. One without a kind is for every kind that has a tariff; one with its kind comes before it."""
    markups: dict[str, Decimal] = {}
    for text in sorted(texts, key=lambda text: "=" in text):
        kind, equals, number = text.rpartition("=")
        kinds = [kind] if equals else [kind for kind, tariff in tariffs.items() if tariff]
        markups |= dict.fromkeys(kinds, percent("--markup", number))
    return markups


def _pair(option: str, text: str) -> tuple[str, str]:
    kind, equals, name = text.partition("=")
    if not (kind and equals and name):
        raise BadInput(f"{option} {text!r}: write the kind and the tariff's name, as voice_out=retail")
    return kind, name
