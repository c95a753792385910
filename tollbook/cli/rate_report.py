"""The summary of `tollbook rate`, for a person and for a program."""

from decimal import Decimal

from rich.console import Console
from rich.table import Table

from tollbook.catalog.price_list import BadRow
from tollbook.jobs.rate_file import INPUT_PREFIX, RatedFile
from tollbook.jobs.rated_summary import Line
from tollbook.rating.frames import TariffSettings

SHOWN_DESTINATIONS = 10
SHOWN_SKIPPED = 20


def report(console: Console, done: RatedFile, skipped: list[BadRow], settings: TariffSettings) -> None:
    """The summary as tables, and what a person should look at."""
    for row in skipped[:SHOWN_SKIPPED]:
        console.print(f"skipped, price list {row}", markup=False, highlight=False, soft_wrap=True)
    if len(skipped) > SHOWN_SKIPPED:
        console.print(f"… and {len(skipped) - SHOWN_SKIPPED} more skipped rows")
    for name in done.renamed:
        console.print(f"the input's column {name} is {INPUT_PREFIX}{name} in the output", soft_wrap=True)
    if done.fallback_lines:
        console.print(f"{done.fallback_lines} lines were not in the layout's encoding", soft_wrap=True)
    for defect in done.defects:
        line = f"set aside, line {defect.line}: {defect.reason}: {defect.detail}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(_outcomes(done, settings))
    destinations = done.summary.destinations()
    if destinations:
        console.print(_destinations(destinations, settings))


def _outcomes(done: RatedFile, settings: TariffSettings) -> Table:
    table = _table("outcome", "reason", settings=settings)
    for line in done.summary.outcomes():
        table.add_row(line.outcome, line.reason or "", *_figures(line, settings))
    table.add_section()
    total = _price(done.summary.total(), settings)
    table.add_row("all", "", f"{done.summary.records:,}", "", total)
    return table


def _destinations(destinations: list[Line], settings: TariffSettings) -> Table:
    table = _table("destination", settings=settings)
    for line in destinations[:SHOWN_DESTINATIONS]:
        table.add_row(line.destination or "(no name)", *_figures(line, settings))
    if len(destinations) > SHOWN_DESTINATIONS:
        table.caption = f"and {len(destinations) - SHOWN_DESTINATIONS} more destinations"
    return table


def _table(*names: str, settings: TariffSettings) -> Table:
    table = Table(*names)
    for name in ("records", "minutes", settings.currency):
        table.add_column(name, justify="right")
    return table


def _figures(line: Line, settings: TariffSettings) -> tuple[str, str, str]:
    minutes, seconds = divmod(line.billed_s, 60)
    price = "" if line.outcome == "set_aside" else _price(line.price, settings)
    return f"{line.records:,}", f"{minutes:,}:{seconds:02}" if line.billed_s else "", price


def _price(price: Decimal, settings: TariffSettings) -> str:
    return f"{price:,.{settings.decimals}f}"


def as_json(done: RatedFile, skipped: list[BadRow], settings: TariffSettings) -> dict[str, object]:
    """The whole summary for a program. Prices are text, so that no reader makes them inexact."""

    def figures(line: Line) -> dict[str, object]:
        price = None if line.outcome == "set_aside" else f"{line.price:.{settings.decimals}f}"
        return {"records": line.records, "billed_s": line.billed_s, "price": price}

    return {
        "records": done.summary.records,
        "currency": settings.currency,
        "price": f"{done.summary.total():.{settings.decimals}f}",
        "outcomes": [
            {"outcome": line.outcome, "reason": line.reason, **figures(line)} for line in done.summary.outcomes()
        ],
        "destinations": [
            {"destination": line.destination, **figures(line)} for line in done.summary.destinations()
        ],
        "renamed_columns": {name: INPUT_PREFIX + name for name in done.renamed},
        "defects": [{"line": d.line, "reason": d.reason, "detail": d.detail} for d in done.defects],
        "fallback_lines": done.fallback_lines,
        "skipped_rates": [
            {"line": row.line, "column": row.column, "value": row.value, "reason": row.reason} for row in skipped
        ],
    }
