"""`tollbook rate`: price a file of calls with a price list."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from tollbook.catalog.calendars import holiday_calendars, read_own_calendars
from tollbook.catalog.price_list import PriceList, read_mapping, read_price_list
from tollbook.catalog.tariff_settings import TariffSheet, tariff_sheet
from tollbook.cli.progress import file_progress
from tollbook.cli.rate_report import as_json, report
from tollbook.cli.tariff_options import SETTINGS, Decimals, FractionMode, Gross, RoundingMode
from tollbook.connectors.files.layout_data import built_in_layouts, load_layout
from tollbook.errors import BadInput
from tollbook.jobs.rate_file import rate_file, reading
from tollbook.phone import NumberRules
from tollbook.rating.engine import Tariff, compile_tariff

app = typer.Typer(add_completion=False)

OUTPUT = "Output"


@app.command()
def rate(
    *,
    calls: Annotated[
        Path,
        typer.Argument(
            metavar="CALLS", help="CSV, JSON lines or Parquet; also .gz, .zip, .zst.", show_default=False
        ),
    ],
    tariff: Annotated[Path, typer.Option(help="Price list.", show_default=False)],
    tariff_mapping: Annotated[
        Path | None, typer.Option(help="TOML that says what the columns of the price list mean.")
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out rows of the price list that cannot be used.")
    ] = False,
    known_at: Annotated[
        str | None, typer.Option(help="Use only rates recorded until then, as 2026-01-31 or 2026-01-31T12:00Z.")
    ] = None,
    holidays: Annotated[
        Path | None, typer.Option(help="TOML or CSV with dates of your own holiday calendars.")
    ] = None,
    format: Annotated[
        str, typer.Option(help=f"Layout of CALLS: {', '.join(built_in_layouts())}, or a TOML mapping.")
    ] = "tollbook",
    calls_timezone: Annotated[
        str | None,
        typer.Option(help="Zone of times in CALLS that do not say theirs.", show_default="as the layout says"),
    ] = None,
    currency: Annotated[str | None, typer.Option(rich_help_panel=SETTINGS, show_default="EUR")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Zone of windows and of dates in the price list.", rich_help_panel=SETTINGS, show_default="UTC"
        ),
    ] = None,
    decimals: Decimals = None,
    rounding: RoundingMode = None,
    fraction: FractionMode = None,
    gross: Gross = None,
    country: Annotated[
        str | None,
        typer.Option(
            help="Read local numbers as this country's.",
            rich_help_panel=SETTINGS,
            show_default="numbers are digits",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help=".csv, .csv.gz, .csv.zst or .parquet.",
            rich_help_panel=OUTPUT,
            show_default="CSV on standard output",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add how each price came about, as JSON.", rich_help_panel=OUTPUT)
    ] = False,
    as_json_summary: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Summary as JSON: on standard output with --out, else on standard error.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
) -> None:
    """Price every call of a file with a price list. Needs no database.

    The input's columns come out with outcome, reason, prefix, destination, billed_s, price and currency.

    Example: tollbook rate calls.csv --tariff rates.csv --out rated.csv

    Exit status 0 when every record has an outcome, even if some were set aside; 2 when the input cannot be used.
    """
    prices = None if gross is None else "gross" if gross else "net"
    sheet = tariff_sheet(
        tariff,
        {
            "currency": currency,
            "timezone": timezone,
            "decimals": decimals,
            "rounding": rounding,
            "fraction": fraction,
            "prices": prices,
            "country": country,
        },
    )
    layout = load_layout(format)
    if calls_timezone is not None:
        layout = layout.in_zone(calls_timezone)
    with reading(calls, layout, out) as batches:
        price_list = read_price_list(
            tariff,
            settings=sheet.settings,
            mapping=read_mapping(tariff_mapping) if tariff_mapping else None,
            skip_bad_rows=skip_bad_rows,
        )
        compiled = _compiled(price_list, sheet, holidays, known_at)
        with file_progress(calls) as progress:
            done = rate_file(
                batches,
                tariff=compiled,
                rates=price_list.rates,
                rules=NumberRules.for_country(sheet.settings.country) if sheet.settings.country else NumberRules(),
                out=out,
                explain=explain,
                progress=progress,
            )
    if as_json_summary:
        summary = json.dumps(as_json(done, price_list.skipped, sheet.settings), ensure_ascii=False, indent=2)
        typer.echo(summary, err=out is None)
    else:
        report(Console(stderr=True), done, price_list.skipped, sheet.settings)


def _compiled(price_list: PriceList, sheet: TariffSheet, holidays: Path | None, known_at: str | None) -> Tariff:
    own = {**sheet.own_calendars, **(read_own_calendars(holidays) if holidays else {})}
    names = price_list.rates["holiday"].drop_nulls().unique()
    return compile_tariff(
        price_list.rates,
        sheet.settings,
        holidays=holiday_calendars(names, own=own),
        known_at=None if known_at is None else _moment(known_at, sheet.settings.timezone),
    )


def _moment(text: str, timezone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--known-at {text!r} is not a date or date-time; write it as 2026-01-31T12:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
