"""`tollbook products`: which tariff prices which kind of usage."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from django.db import transaction

from tollbook.catalog.models import OnNet, Role
from tollbook.catalog.operations import put_markups, set_product
from tollbook.catalog.operations.checks import named_product
from tollbook.catalog.queries import allowed_addons, product_facts, product_list
from tollbook.cli.connection import options
from tollbook.cli.connection.number_rules import read_number_rules
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list, shown
from tollbook.cli.tariff_options import percent
from tollbook.errors import BadInput
from tollbook.usage.exclusions import read_patterns

ANY = "any"  # an add-on goes with it: every main product
# Of a product, what makes a table too wide; `products show` has it.
ONLY_JSON = (
    *("number_rules", "excluded", "hidden", "needs_approval", "checklist", "features", "role"),
    *("description", "end_user_name", "end_user_description"),
)

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
    plan: Annotated[str | None, typer.Option(metavar="CODE", help="The plan of its fees.")] = None,
    addon: Annotated[bool, typer.Option("--addon", help="It is had besides a main product.")] = False,
    goes_with: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="A main product that the add-on goes with, or any; may be repeated."),
    ] = None,
    role: Annotated[Role, typer.Option(help="Of accounts that have it.")] = Role.UNIVERSAL,
    end_user_name: Annotated[str, typer.Option(help="As customers see it.", show_default="the name")] = "",
    end_user_description: Annotated[str, typer.Option(help="As customers see it.")] = "",
    description: Annotated[str, typer.Option(help="For you.")] = "",
    hidden: Annotated[bool, typer.Option("--hidden", help="Not offered any more; who has it keeps it.")] = False,
    needs_approval: Annotated[
        bool,
        typer.Option("--needs-approval", help="An account that a customer makes waits until staff activate it."),
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="What staff see to before they activate one; may be repeated."),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A service feature of accounts that have it; may be repeated."),
    ] = None,
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

    An add-on is had besides a main product: it brings its fee and allowances, and prices the kinds that the main
    product does not name.

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
            is_addon=addon,
            goes_with=[one for one in goes_with or () if one != ANY],
            goes_with_any=ANY in (goes_with or ()),
            role=role,
            plan=plan,
            description=description,
            end_user_name=end_user_name,
            end_user_description=end_user_description,
            is_hidden=hidden,
            needs_approval=needs_approval,
            checklist=check or (),
            features=dict(_feature(text) for text in feature or ()),
        )
    named = ", ".join(f"{kind}={tariff or 'not billed'}" for kind, tariff in tariffs.items())
    nothing = "no kind of usage" if addon else "no kind of usage, all of it is set aside"
    typer.echo(f"{'add-on' if addon else 'product'} {code}: {named or nothing}; on-net calls {on_net.value}")
    for what, said in _also(product_facts(product)):
        typer.echo(f"{what}: {said}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All products, by code.

    Example: tollbook products list
    """
    open_database()
    empty = "there are no products; make one with `tollbook products set CODE --name … --tariff voice_out=NAME`"
    print_list(product_list(), as_json=as_json, empty=empty, right=("accounts",), only_json=ONLY_JSON)


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="The product's code.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What a product is, and the add-ons that go with it.

    Example: tollbook products show office
    """
    open_database()
    product = named_product("products show", code)
    addons = [] if product.is_addon else [one.code for one in allowed_addons(product)]
    facts = product_facts(product) | {"addons": addons}
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        if value:
            said = ", ".join(map(str, value)) if isinstance(value, list) else shown(value)
            typer.echo(f"{key.replace('_', ' ')}: {said}")


def _also(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What a product says besides its tariffs."""
    rules = facts["number_rules"]
    if facts["plan"]:
        yield "fees", str(facts["plan"])
    if facts["goes_with"]:
        yield "goes with", str(facts["goes_with"])
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


def _feature(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BadInput(f"--feature {text!r}: write name and value, as call_recording=yes")
    return name, value
