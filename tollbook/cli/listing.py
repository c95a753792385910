"""How commands show lists: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import typer
from rich.console import Console, JustifyMethod
from rich.table import Table

# Not a terminal: wide enough that no cell is folded in a pipe or a file.
PIPE_WIDTH = 240


def print_list(
    rows: Sequence[Mapping[str, object]],
    *,
    as_json: bool,
    empty: str,
    right: Sequence[str] = (),
    only_json: Sequence[str] = (),
) -> None:
    """Rows that all have the same keys. `right` names the columns of figures.

    A table has the columns that say something, without those of `only_json`, so that it fits on a screen.
    """
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        typer.echo(empty)
        return
    table = Table()
    said = [name for name in rows[0] if name not in only_json and any(shown(row[name]) for row in rows)]
    for name in said:
        words = name.replace("_", " ").split()
        justify: JustifyMethod = "right" if name in right else "left"
        # A heading may take several lines, and a narrow screen folds cells: nothing is cut off.
        table.add_column("\n".join(words), justify=justify, overflow="fold", min_width=max(map(len, words)))
    for row in rows:
        table.add_row(*(shown(row[name]) for name in said))
    screen = console()
    # Each column needs its heading's longest word, a blank on both sides and a line.
    least = sum((column.min_width or 0) + 3 for column in table.columns) + 1
    if least <= screen.width:
        screen.print(table)
        return
    for row in rows:  # a screen too narrow even for folded cells: whole columns would be cut off
        for name in said:
            screen.print(f"{name.replace('_', ' ')}: {shown(row[name])}", soft_wrap=True)
        screen.print()


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


def shown(value: object) -> str:
    """A value as it stands in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) else str(value)
