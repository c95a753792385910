"""What connections there are, and how one is set. Secrets are shown as set or not set, never themselves."""

from typing import Annotated, Any

import typer

from tollbook.cli.connection.words import in_words
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.connections.models import Connection, PriceIs
from tollbook.connections.operations import named_connection, site_of
from tollbook.connections.password import has_pending_password
from tollbook.connections.secrets import OtherKey
from tollbook.connectors.base import Setting
from tollbook.connectors.registry import connector_class

PRICE_WORDS = {PriceIs.NOTHING: "none", PriceIs.RETAIL: "retail", PriceIs.COST: "cost"}
ONLY_SHOWN = (
    "settings",
    "secrets",
    "number_rules",
    "excluded",
    "hidden",
    "creates_customers",
    "customer_defaults",
    "account_product",
    "account_products",
    "import_from",
    "stale_after",
)


def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All connections.

    Example: tollbook connection list
    """
    open_database()
    empty = "there are no connections; see `tollbook connection kinds`, then `tollbook connection add NAME`"
    rows = [_facts(connection) for connection in Connection.objects.order_by("name")]
    for row in rows:
        for name in ONLY_SHOWN:
            del row[name]
    print_list(rows, as_json=as_json, empty=empty)


def show(
    name: Annotated[str, typer.Argument(help="The connection.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """One connection: every setting with its value or default, number rules, schedule, its own mapping.

    Example: tollbook connection show office
    """
    open_database()
    connection = named_connection(name)
    facts = _facts(connection)
    if as_json:
        print_json(facts | {"mapping": connection.layout if "\n" in connection.layout else None})
        return
    groups = {key: facts.pop(key) for key in ("settings", "secrets", "number_rules", "customer_defaults")}
    for key, value in facts.items():
        if value not in ("", {}):
            typer.echo(f"{key.replace('_', ' ')}: {_plain(value)}")
    rules = ", ".join(f"{key} {value}" for key, value in groups["number_rules"].items())
    typer.echo(f"number rules: {rules or 'digits as they are'}")
    if groups["customer_defaults"]:
        said = ", ".join(f"{key} {value}" for key, value in groups["customer_defaults"].items())
        typer.echo(f"customers made by the sync get: {said}")
    for setting in connector_class(connection.kind).settings:
        typer.echo(f"  {setting.name}: {_value(setting, groups['settings'], groups['secrets'])}")
    if "\n" in connection.layout:
        typer.echo(f"mapping:\n{connection.layout}")


def _facts(connection: Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "kind": connection.kind,
        "layout": "own mapping" if "\n" in connection.layout else _layout(connection),
        "timezone": connection.timezone or f"as the {'layout' if connection.kind == 'files' else 'platform'} says",
        "country": connection.number_rules.get("country", ""),
        "match_by": ", ".join(connection.match_by),
        "price_is": PRICE_WORDS[PriceIs(connection.price_is)],
        "collected": collected(connection),
        "import_from": str(connection.import_from or ""),
        "stale_after": in_words(connection.stale_after) if connection.stale_after else "",
        "account_product": connection.account_product,
        "account_products": ", ".join(f"{name}={code}" for name, code in connection.account_products.items()),
        "creates_customers": connection.creates_customers,
        "customer_defaults": dict(connection.customer_defaults),
        "settings": dict(connection.settings),
        "secrets": _secrets(connection),
        "number_rules": dict(connection.number_rules),
        "excluded": ", ".join(one["pattern"] for one in connection.exclusions if not one["is_hidden"]),
        "hidden": ", ".join(one["pattern"] for one in connection.exclusions if one["is_hidden"]),
    }


def collected(connection: Connection) -> str:
    """When, in words."""
    if not connection.is_scheduled:
        return "when asked"
    if connection.collect_every:
        return f"every {in_words(connection.collect_every)}"
    return f"daily at {connection.collect_at:%H:%M} {connection.timezone or 'UTC'}"


def _layout(connection: Connection) -> str:
    return connection.layout if connection.kind == "files" else ""


def _secrets(connection: Connection) -> dict[str, str]:
    wanted = [setting.name for setting in connector_class(connection.kind).settings if setting.is_secret]
    try:
        kept = site_of(connection).secrets
        is_pending = has_pending_password(connection)
    except OtherKey:
        return dict.fromkeys(wanted, "cannot be decrypted with the key there is")
    said = {name: "set" if kept.get(name) else "not set" for name in wanted}
    if is_pending:
        said["password"] += (
            f"; a new one is pending: `tollbook connection password {connection.quoted}` finds out which is in force"
        )
    return said


def _value(setting: Setting, settings: dict[str, str], secrets: dict[str, str]) -> str:
    if setting.is_secret:
        return secrets[setting.name]
    if setting.name in settings:
        return settings[setting.name]
    return f"{setting.default} (default)" if setting.default else "not set"


def _plain(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
