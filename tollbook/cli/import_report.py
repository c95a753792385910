"""How an import of customers or accounts says what it did."""

from dataclasses import asdict

import typer

from tollbook.cli.listing import print_json
from tollbook.customers.report import ImportReport

SHOWN_CHANGES = 50  # on a screen; --json has all


def report_facts(report: ImportReport) -> dict[str, object]:
    """The report as JSON has it."""
    return {
        "new": report.new,
        "changed": report.changed,
        "unchanged": len(report.unchanged),
        "changes": [asdict(change) for change in report.changes],
        "skipped": [asdict(row) for row in report.skipped],
    }


def print_report(report: ImportReport, *, what: str, dry_run: bool, as_json: bool) -> None:
    """Counts, then what changed field by field; rows that were left out on standard error."""
    if as_json:
        print_json(report_facts(report) | {"dry_run": dry_run})
        return
    typer.echo(
        f"{what}: {len(report.new):,} new, {len(report.changed):,} changed, {len(report.unchanged):,} unchanged"
        f"{' (dry run: nothing was written)' if dry_run else ''}"
    )
    print_lines("changed", [str(change) for change in report.changes])
    if report.skipped:
        typer.echo(f"{len({row.line for row in report.skipped})} rows were left out:", err=True)
        for row in report.skipped:
            typer.echo(f"  {row}", err=True)


def print_lines(title: str, lines: list[str]) -> None:
    """A short list; of a long one its beginning and how many more there are."""
    if not lines:
        return
    typer.echo(f"{title}:")
    for line in lines[:SHOWN_CHANGES]:
        typer.echo(f"  {line}")
    if len(lines) > SHOWN_CHANGES:
        typer.echo(f"  … and {len(lines) - SHOWN_CHANGES:,} more (--json has all)")
