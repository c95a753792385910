"""`tollbook demo`: the whole way once, from platforms and a real file of calls to invoices, in under two minutes."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from rich.console import Console

import tollbook
from tollbook.cli.database import open_database
from tollbook.cli.demo_platforms import demo_platforms
from tollbook.cli.demo_report import came_in, tables
from tollbook.jobs.demo_month import DemoMonth, run_demo_month
from tollbook.usage.queries import select_records

app = typer.Typer(add_completion=False)
FILES = Path(tollbook.__file__).parents[1] / "demo"


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after printing; the platforms end with it.")] = False,
) -> None:
    """Seven simulated platforms and a real file of calls, all the way to invoices. Running it again changes nothing.

    Without --once the platforms go on until Ctrl-C, to try sync and collect on.

    Example: bin/tollbook demo --once
    """
    console, errors = Console(), Console(stderr=True)
    with errors.status("database") as status:
        open_database()
    with demo_platforms() as sites:
        with errors.status("platforms") as status:
            result = run_demo_month(FILES, out_folder(), sites=sites, now=datetime.now(UTC), say=status.update)
        console.print()
        for line in came_in(result):
            console.print(line, highlight=False)
        for table in tables(result):
            console.print()
            console.print(table)
        console.print(
            f"\nInvoices and call lists: {result.documents[0].parent}\n", soft_wrap=True, highlight=False
        )
        console.print("Try next:")
        for command, says in _next_commands(result):
            console.print(f"  [bold]bin/tollbook {command}[/]\n      {says}", highlight=False)
        if not once:
            console.print("\nThe platforms go on until Ctrl-C: in another terminal, for example")
            console.print('  [bold]bin/tollbook connection test "demo portabilling"[/]')
            console.print('  [bold]bin/tollbook collect "demo metroport" --from 2017-06-01 --again[/]')
            with suppress(KeyboardInterrupt):
                threading.Event().wait()


def _next_commands(result: DemoMonth) -> Iterator[tuple[str, str]]:
    dearest: int = select_records("outcome = 'charged'", ()).sort("price_nanos")["id"][-1]
    yield 'pairing list "demo metroport" --standing conflict', "who could not be paired, and what to do about it"
    yield "set-aside list -n 5", "what could not be charged, why, and what to do about it"
    yield f"usage explain {dearest}", "why the dearest call costs what it costs"
    yield "subscriptions list --customer harbour", "what a customer pays by the month, account by account"
    if result.orders:
        yield f"orders show {result.orders[0].pk}", "what a switch was told, and what it said of itself afterwards"
    yield "ledger export --format beancount", "every entry, for another pair of eyes"


def out_folder() -> Path:
    """Where the demo writes: its folder in the data home."""
    home: Path = settings.TOLLBOOK_HOME
    return home / "demo"
