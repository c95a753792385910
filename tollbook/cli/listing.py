"""How commands show lists: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import typer
from rich.console import Console
from rich.table import Table

# Not a terminal: wide enough that no cell is folded in a pipe or a file.
PIPE_WIDTH = 240


def print_list(
    rows: Sequence[Mapping[str, object]], *, as_json: bool, empty: str, right: Sequence[str] = ()
) -> None:
    """Rows that all have the same keys. `right` names the columns of figures."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        typer.echo(empty)
        return
    table = Table()
    for name in rows[0]:
        table.add_column(name.replace("_", " "), justify="right" if name in right else "left")
    for row in rows:
        table.add_row(*(_shown(value) for value in row.values()))
    console().print(table)


def print_json(value: object) -> None:
    """JSON on standard output; amounts as text, so that they stay exact."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def console() -> Console:
    """Standard output for tables. What is shown is data, so nothing in it is taken for markup."""
    plain = Console(markup=False, highlight=False)
    return plain if plain.is_terminal else Console(markup=False, highlight=False, width=PIPE_WIDTH)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) else str(value)
