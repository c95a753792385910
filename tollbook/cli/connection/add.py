"""Adding a connection, and changing one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from django.db import transaction

from tollbook.catalog.queries import product_codes
from tollbook.cli.connection import options
from tollbook.cli.connection.customer_defaults import read_customer_defaults
from tollbook.cli.connection.number_rules import read_number_rules
from tollbook.cli.connection.presets import begin_with
from tollbook.cli.connection.schedule import Wish, grant
from tollbook.cli.connection.secret_input import read_secrets, variable
from tollbook.cli.connection.words import day, interval, pairs, time_of_day
from tollbook.cli.database import open_database
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection, schedule_of, set_connection
from tollbook.connectors.registry import connector_class
from tollbook.errors import BadInput
from tollbook.usage.operations import set_exclusions


def add(
    *,
    name: Annotated[str, typer.Argument(help="What people call it.")],
    kind: options.Kind = None,
    set_: options.Set = None,
    secret: options.SecretNames = None,
    secret_file: options.SecretFiles = None,
    preset: options.Preset = None,
    layout: options.Layout = None,
    timezone: options.Timezone = None,
    match_by: options.MatchBy = None,
    price_is: options.PriceIs = None,
    account_product: options.AccountProduct = None,
    creates_customers: options.CreatesCustomers = None,
    customer_default: options.CustomerDefault = None,
    import_from: options.ImportFrom = None,
    at: options.At = None,
    every: options.Every = None,
    scheduled: options.Scheduled = None,
    stale_after: options.StaleAfter = None,
    country: options.Country = None,
    exit_code: options.ExitCodes = None,
    trunk_prefix: options.TrunkPrefix = None,
    add_country_code: options.AddCountryCode = None,
    extension_length: options.ExtensionLengths = None,
    number_rules: options.NumberRulesFile = None,
    exclude: options.Exclude = None,
    hide: options.Hide = None,
    change: options.Change = False,
) -> None:
    """Add a place from which usage comes: a platform, or files of calls. Safe to repeat.

    Passwords are never arguments: they are asked for, or come from a file or the environment.

    Example: tollbook connection add office --preset asterisk --country US --timezone America/New_York

    Example: tollbook connection add switch --kind portabilling --set url=https://pb.example --set login=tollbook
    --secret token --at 01:00 --timezone Europe/Warsaw
    """
    settings = pairs("--set", set_, example="--set url=https://platform.example")
    rules = {
        "country": country,
        "exit_codes": exit_code,
        "trunk_prefix": trunk_prefix,
        "add_country_code": add_country_code,
        "extension_lengths": extension_length,
    }
    more: dict[str, Any] = {
        "price_is": None if price_is is None else price_is.value.replace("none", ""),
        "creates_customers": creates_customers,
        "customer_defaults": read_customer_defaults(customer_default),
    }
    more = _given(more) | _products(account_product or ())
    if import_from is not None:
        more["import_from"] = day("--import-from", import_from) if import_from else None
    if stale_after is not None:
        more["stale_after"] = interval("--stale-after", stale_after) or None
    when = Wish(
        at=None if at is None else time_of_day("--at", at),
        every=None if every is None else interval("--every", every),
        is_on=scheduled,
    )
    secret_files = pairs("--secret-file", secret_file, example="--secret-file password=FILE")
    open_database()
    if change:
        named_connection(name)
    known = Connection.objects.filter(name=name).first()
    _no_secrets_among(settings, kind or (known.kind if known else "files"))
    was = schedule_of(known) if known else None
    begun = begin_with(preset, kind=kind, timezone=timezone or (known.timezone if known else ""))
    for code in filter(None, [more.get("account_product"), *more.get("account_products", {}).values()]):
        if code not in product_codes():
            raise BadInput(f"there is no product {code!r}; make it with `tollbook products set`")
    secrets = read_secrets(secret, secret_files)
    with transaction.atomic():
        added = set_connection(
            name=name,
            kind=kind,
            settings={**begun.settings, **settings},
            secrets=secrets,
            layout=layout or begun.layout,
            timezone=timezone,
            number_rules=read_number_rules(number_rules, rules),
            match_by=begun.match_by
            if match_by is None
            else [way.strip() for way in match_by.split(",") if way.strip()],
            may_change=change,
            **more,
        )
        set_exclusions(added, shown=exclude, hidden=hide)
        grant(when, added, was=was, may_change=change, now=datetime.now(UTC))
    typer.echo(f"connection {added.name}: {_next_step(added)}")
    if begun.number_rules and not added.number_rules:
        typer.echo(begun.number_rules)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that were not named."""
    return {name: value for name, value in options.items() if value not in (None, [], {})}


def _no_secrets_among(settings: Mapping[str, str], kind: str) -> None:
    """Before anything else is looked at: what stands in an argument has been seen."""
    for setting in connector_class(kind).settings:
        if setting.is_secret and setting.name in settings:
            raise BadInput(
                f"--set {setting.name}: it is a secret, and its value was seen by everybody on this machine; have it "
                f"changed, and give `--secret {setting.name}`: it is asked for, or taken from "
                f"{variable(setting.name)}"
            )


def _next_step(connection: Connection) -> str:
    if connection.kind != "files" or connection.settings.get("source"):
        return f"try it with `tollbook connection test {connection.quoted}`"
    return f"import files with `tollbook usage import FILE --connection {connection.quoted}`"


def _products(texts: Sequence[str]) -> dict[str, Any]:
    """`account_product` for a code alone, `account_products` for NAME=CODE; what is not given is not said."""
    named = dict(text.rsplit("=", 1) for text in texts if "=" in text)
    usual = [text for text in texts if "=" not in text]
    if len(usual) > 1:
        raise BadInput(f"--account-product: {' and '.join(usual)} are two products for all others; name one")
    return ({"account_products": named} if named else {}) | ({"account_product": usual[0]} if usual else {})
