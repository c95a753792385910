"""`tollbook simulate fusionpbx|vodia|lesnet|kamailio|freeswitch`: switches, and what their operator has written down.

Their records carry no prices, so a price list goes with them.
"""

import csv
import io
import secrets
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tollbook.catalog.world import world_price_list
from tollbook.cli import simulated_sites as sites
from tollbook.cli.simulate_running import Month, kept_in, port_option, started, wait
from tollbook.connectors.registry import connector_class
from tollbook.errors import BadInput
from tollbook.jobs.demo_platforms import NUMBER_RULES, PRODUCTS, DemoSite

PER_EUR = {"CAD": Decimal("1.48"), "GBP": Decimal("0.88"), "PLN": Decimal("4.25")}
LEAST_SECRET_CHARACTERS = 16


def fusionpbx(port: int = port_option(8021, "Of its event socket."), month: Month = sites.MONTH) -> None:
    """A FusionPBX: its database, on Tollbook's own server, and its event socket.

    Example: tollbook simulate fusionpbx
    """
    with started(port) as running:
        site = sites.fusionpbx(
            running, name="pbx", month=month, port=port, database="tollbook_simulated_fusionpbx"
        )
        _show("FusionPBX is simulated", site, month)
        wait()


def vodia(port: int = port_option(8460), month: Month = sites.MONTH) -> None:
    """A Vodia PBX with a month of its tenants' calls.

    Example: tollbook simulate vodia --port 8460
    """
    with started(port) as running:
        site = sites.vodia(running, name="vodia", month=month, port=port)
        _show("Vodia is simulated", site, month)
        wait()


def lesnet(port: int = port_option(8470), month: Month = sites.MONTH) -> None:
    """A carrier with one growing text file for each account: an assumption, not what Les.net really sends.

    Example: tollbook simulate lesnet --port 8470
    """
    with started(port) as running:
        site = sites.lesnet(running, name="carrier", month=month, port=port)
        _show("A carrier's files are simulated", site, month)
        wait()


def kamailio(
    port: int = port_option(5433, "Of its database."),
    month: Month = sites.MONTH,
) -> None:
    """A Kamailio's database, on Tollbook's own server, with a month of calls and the table of who is suspended.

    Example: tollbook simulate kamailio
    """
    with started(port) as running:
        site = sites.kamailio(
            running, name="proxy", month=month, port=port, database="tollbook_simulated_kamailio"
        )
        _show("Kamailio's database is simulated", site, month)
        wait()


def freeswitch(
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send the month there, and end.", show_default="say how to get ready"),
    ] = None,
    month: Month = sites.MONTH,
) -> None:
    """A FreeSWITCH that sends its calls by itself, as its mod_xml_cdr does.

    Example: tollbook simulate freeswitch --to http://127.0.0.1:8000/push/switch/SECRET
    """
    if to is None:
        secret = secrets.token_hex(LEAST_SECRET_CHARACTERS)
        site = sites.freeswitch(str, secret=secret, name="switch", month=month)
        _show("FreeSWITCH sends by itself, so it needs somebody who listens", site, month)
        return
    if urlsplit(to).scheme not in {"http", "https"}:
        raise BadInput(f"--to {to!r} is no address; write it as http://127.0.0.1:8000/push/switch/SECRET")
    site = sites.freeswitch(lambda: to, secret="", month=month)
    assert site.sends is not None
    site.sends()
    typer.echo(f"a month of calls was sent to {urlsplit(to).hostname}")


def _show(title: str, site: DemoSite, month: str) -> None:
    """Commands that work as they stand, in another terminal, and what they read."""
    typer.echo(title)
    for name, value in site.settings.items():
        typer.echo(f"  {name}: {value}")
    typer.echo("\nin another terminal:")
    for command in _commands(site, kept_in() / site.kind, month):
        typer.echo(f"  {command}")
    if site.sends is None:
        typer.echo("\nCtrl-C ends it")


def _commands(site: DemoSite, folder: Path, month: str) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for currency in sorted({row["currency"] for row in csv.DictReader(io.StringIO(site.customers_csv))}):
        yield from _products(currency, folder)
    yield _line("customers", "import", _written(folder / "customers.csv", site.customers_csv))
    yield _secrets(site) + _line("connection", "add", site.connection, "--kind", site.kind, *_options(site))
    if site.accounts_csv:
        yield _line("accounts", "import", _written(folder / "accounts.csv", site.accounts_csv))
    if site.services:
        sheet = _written(folder / "services.csv", site.services_csv)
        yield _line("accounts", "services", sheet, "--connection", site.connection)
    if site.is_confirmed:
        yield _line("connection", "confirm", site.connection, "--yes")
    if site.sends is not None:
        yield _line("up") + "   # in a terminal of its own: it listens"
        address = f"http://127.0.0.1:8000/push/{site.connection}/{site.secrets['push_secret'].reveal()}"
        yield _line("simulate", "freeswitch", "--to", address, "--month", month)
        return
    if connector_class(site.kind).account_fields and "account_product" in site.options:
        yield _line("sync", site.connection)
    yield _line("collect", site.connection, "--from", f"{month}-01")


def _products(currency: str, folder: Path) -> Iterator[str]:
    prices = _written(folder / f"prices-{currency.lower()}.csv", world_price_list(PER_EUR[currency]))
    yield _line("tariff", "import", prices, "--name", f"World {currency}", "--currency", currency, "--yes")
    code = f"extension-{currency.lower()}"
    name, tariffs = PRODUCTS[code]
    words = [
        word
        for kind, tariff in tariffs.items()
        for word in (["--tariff", f"{kind}={tariff}"] if tariff else ["--not-billed", kind])
    ]
    for option, value in NUMBER_RULES.get(code, {}).items():
        words += [f"--{option}", value]
    yield _line("products", "set", code, "--name", name, *words)


def _options(site: DemoSite) -> Iterator[str]:
    for name, value in site.settings.items():
        yield from ("--set", f"{name}={value}")
    for name in site.secrets:
        yield from ("--secret", name)
    rules = site.options.get("number_rules", {})
    if "country" in rules:
        yield from ("--country", rules["country"])
    for length in rules.get("extension_lengths", ()):
        yield from ("--extension-length", str(length))
    if product := site.options.get("account_product"):
        yield from ("--account-product", product)
    for option, text in (("--exclude", site.excluded), ("--hide", site.hidden)):
        if text:
            yield from (option, text)


def _secrets(site: DemoSite) -> str:
    """In front of a command: a shell's way to give it what is no argument."""
    return "".join(
        f"TOLLBOOK_SECRET_{name.upper()}={shlex.quote(one.reveal())} " for name, one in site.secrets.items()
    )


def _line(*words: object) -> str:
    return shlex.join(["tollbook", *map(str, words)])


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
