"""`tollbook portabilling`: any record of a PortaBilling, named as its API names it."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from tollbook.cli.connection.secret_input import from_environment, variable
from tollbook.cli.connection.words import pairs
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.records import Format, print_record, print_records
from tollbook.connections.operations import named_connection, site_of
from tollbook.connectors.base import Site, check_settings
from tollbook.connectors.portabilling.client import Client
from tollbook.connectors.portabilling.generic import Generic
from tollbook.connectors.portabilling.naming import naming_of
from tollbook.connectors.portabilling.options import REALM_PORTS, options_of
from tollbook.connectors.registry import connector_class
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="PortaBilling: any record of any service, named as its API names it.",
)
KIND = "portabilling"
STANDARD_INPUT = "-"
WHERE = "Where"

Connection = Annotated[str | None, typer.Option(help="A connection of kind portabilling.", rich_help_panel=WHERE)]
Url = Annotated[str | None, typer.Option(help="Without a connection: the host's address.", rich_help_panel=WHERE)]
Login = Annotated[
    str | None,
    typer.Option(
        help="Without a connection; with TOLLBOOK_SECRET_TOKEN, or TOLLBOOK_SECRET_PASSWORD, in the environment.",
        rich_help_panel=WHERE,
    ),
]
Realm = Annotated[
    str | None,
    typer.Option(
        help=f"{', '.join(REALM_PORTS)}; it decides the port.", show_default="admin", rich_help_panel=WHERE
    ),
]
Port = Annotated[
    int | None, typer.Option(min=1, max=65_535, help="Another one than the realm's.", rich_help_panel=WHERE)
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Another setting for this once, as verify=/etc/ssl/pb.pem; may be repeated.",
        rich_help_panel=WHERE,
    ),
]
Service = Annotated[str, typer.Argument(help="As Customer.")]


@app.command("list")
def list_(
    service: Service,
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="Of record, as customer; see `types`.")],
    *,
    filter_: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="NAME=VALUE",
            help="As the API's method takes it; in texts % is any run of characters. May be repeated.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.", show_default="all")] = None,
    fields: Annotated[str, typer.Option(help="Only these, as i_customer,name.", show_default="all")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As one list in JSON.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="As JSON, a record a line: the default.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV; what is nested is JSON in its cell.")] = False,
    connection: Connection = None,
    url: Url = None,
    login: Login = None,
    realm: Realm = None,
    port: Port = None,
    set_: Set = None,
) -> None:
    """List records, page by page as they come.

    Example: tollbook portabilling list Customer customer --filter bill_status=O --connection softswitch
    """
    if as_json + as_jsonl + as_csv > 1:
        raise BadInput("--json, --jsonl, --csv: give one of them")
    form = Format.CSV if as_csv else Format.JSON if as_json else Format.JSONL
    filters = pairs("--filter", filter_, example="--filter bill_status=O")
    if limit is not None:
        filters["limit"] = str(limit)
    named = [name.strip() for name in fields.split(",") if name.strip()]
    with _api(connection, url=url, login=login, realm=realm, port=port, settings=set_) as api:
        print_records(api.list(service, type_, filters), form=form, fields=named)


@app.command()
def create(
    service: Service,
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="Of record, as account; see `types`.")],
    *,
    attributes: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Its attributes as JSON, in the API's own nested shape; - reads them here."
        ),
    ],
    connection: Connection = None,
    url: Url = None,
    login: Login = None,
    realm: Realm = None,
    port: Port = None,
    set_: Set = None,
) -> None:
    """Create a record; its id comes back. True and false are written as the API wants them.

    Sent once: when the answer is lost, look whether it was created before sending it again.

    Example: tollbook portabilling create Account account --attributes account.json --connection softswitch
    """
    given = _object(attributes, "--attributes")
    with _api(connection, url=url, login=login, realm=realm, port=port, settings=set_) as api:
        print_record(api.create(service, type_, given))


@app.command()
def call(
    method: Annotated[str, typer.Argument(metavar="SERVICE/METHOD", help="As Customer/get_customer_info.")],
    *,
    params: Annotated[
        str, typer.Option(metavar="JSON", help="What it is asked: JSON, a file of it, or - to read it here.")
    ] = "{}",
    connection: Connection = None,
    url: Url = None,
    login: Login = None,
    realm: Realm = None,
    port: Port = None,
    set_: Set = None,
) -> None:
    """Call any method; its answer comes back as it is.

    Example: tollbook portabilling call Customer/get_customer_info --params '{"i_customer": 1}' --connection softswitch
    """
    service, _, name = method.partition("/")
    asked = _object(params, "--params")
    with _api(connection, url=url, login=login, realm=realm, port=port, settings=set_) as api:
        print_record(api.call(service, name, asked))


@app.command()
def types(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Services and types of records that are known, and the methods behind them. Others may be named, too.

    Example: tollbook portabilling types
    """
    rows = []
    for service, known in Generic.types().items():
        for type_ in known:
            naming = naming_of(service, type_)
            rows.append({"service": service, "type": type_, "list": naming.lists, "create": naming.creates})
        if not known:
            rows.append({"service": service, "type": "", "list": "", "create": ""})
    print_list(rows, as_json=as_json, empty="no type is known")
    if not as_json:
        typer.echo("a service without types is for `tollbook portabilling call SERVICE/METHOD`")


@contextmanager
def _api(
    connection: str | None,
    *,
    url: str | None,
    login: str | None,
    realm: str | None,
    port: int | None,
    settings: list[str] | None,
) -> Iterator[Generic]:
    if connection and (url or login):
        raise BadInput("--connection has an address and a login of its own; leave out --url and --login, or it")
    site = _site_of_connection(connection) if connection else _site_of_the_day(url, login)
    said = {"url": url, "login": login, "realm": realm}
    changed = {
        **site.settings,
        **{name: value for name, value in said.items() if value},
        **pairs("--set", settings, example="--set verify=/etc/ssl/pb.pem"),
    }
    if port is not None or (realm and connection):
        changed["url"] = _with_port(changed["url"], port)
    if wrong := list(check_settings(connector_class(KIND), _shown(changed, site))):
        raise BadInput(f"{site.name}: {'; '.join(wrong)}")
    options = options_of(Site(name=site.name, settings=changed, secrets=site.secrets))
    nothing = Secret("")
    client = Client(
        options,
        platform=site.name,
        password=site.secrets.get("password", nothing),
        token=site.secrets.get("token", nothing),
    )
    with closing(client):
        yield Generic(client)


def _shown(settings: Mapping[str, str], site: Site) -> dict[str, str]:
    return {**settings, **dict.fromkeys(site.secrets, "•")}


def _site_of_connection(name: str) -> Site:
    open_database()
    connection = named_connection(name)
    if connection.kind != KIND:
        raise BadInput(f"connection {name!r} is of kind {connection.kind}, not {KIND}")
    return site_of(connection)


def _site_of_the_day(url: str | None, login: str | None) -> Site:
    """One that is in no database."""
    secrets = {name: secret for name in ("token", "password") if (secret := from_environment(name))}
    if not url or not login or not secrets:
        raise BadInput(
            "which PortaBilling? Give --connection NAME; or --url, --login and, in the environment, "
            f"{variable('token')}"
        )
    return Site(name=urlsplit(url if "://" in url else f"https://{url}").hostname or url, secrets=secrets)


def _with_port(url: str, port: int | None) -> str:
    """The address with another port; with none, the realm decides."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def _object(written: str, option: str) -> dict[str, Any]:
    """A JSON object: here, in a file, or on standard input."""
    try:
        if written == STANDARD_INPUT:
            text = sys.stdin.read()
        elif written.lstrip().startswith("{"):
            text = written
        else:
            text = Path(written).read_text("utf-8-sig")
        found = json.loads(text, parse_float=Decimal)
    except OSError as error:
        raise BadInput(f"{option} {written}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{option} {written}: is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadInput(f'{option} {written}: is no JSON object; write it as {{"i_customer": 1}}')
    return found
