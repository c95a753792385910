"""How tariffs are shown: what a price list changes, what a version says, what a rate is."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import typer
from rich.table import Table

from tollbook.catalog.difference import change_counts, largest_changes
from tollbook.catalog.models import TariffVersion
from tollbook.catalog.proposal import Proposal
from tollbook.cli.listing import console, print_list
from tollbook.money import decimal_of

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AMOUNT_NAMES = {
    "next_per_min_nanos": "per minute",
    "first_per_min_nanos": "per minute, first increment",
    "per_unit_nanos": "per unit",
    "connect_fee_nanos": "connect fee",
    "minimum_charge_nanos": "minimum charge",
    "maximum_charge_nanos": "maximum charge",
}


def print_skipped(proposal: Proposal) -> None:
    """The rows that were left out, on standard error."""
    if proposal.skipped:
        typer.echo(f"{len({row.line for row in proposal.skipped})} rows were left out:", err=True)
        for row in proposal.skipped:
            typer.echo(f"  {row}", err=True)


def print_proposal(proposal: Proposal, top: int) -> None:
    """What is compared with what, the counts, settings that change, the largest changes."""
    newest = proposal.compared
    against = f"against version {newest.number} of {newest.recorded_at:%F}" if newest else "a new tariff"
    typer.echo(f"tariff {proposal.name}: {len(proposal.rates):,} rates from {proposal.source_name}, {against}")
    if proposal.is_identical:
        typer.echo("identical to that version: there is nothing to record")
        return
    counts = change_counts(proposal.changes)
    words = {"changed": "otherwise changed"}
    typer.echo(
        "prefixes: " + ", ".join(f"{count:,} {words.get(change, change)}" for change, count in counts.items())
    )
    for change in proposal.changed_settings:
        typer.echo(f"setting: {change}")
    typer.echo(_in_force(proposal))
    _print_changes(largest_changes(proposal.changes, top), proposal.settings.currency)


def proposal_facts(proposal: Proposal, top: int) -> dict[str, object]:
    """The same as JSON has it."""
    return {
        "tariff": proposal.name,
        "rates": len(proposal.rates),
        "against_version": proposal.compared.number if proposal.compared else None,
        "identical": proposal.is_identical,
        "prefixes": change_counts(proposal.changes),
        "settings": proposal.changed_settings,
        "in_force": _in_force(proposal),
        "largest_changes": [
            _change_facts(row) for row in largest_changes(proposal.changes, top).iter_rows(named=True)
        ],
    }


def version_facts(version: TariffVersion) -> dict[str, object]:
    """What holds for all rates of a version."""
    return {
        "tariff": version.tariff.name,
        "version": version.number,
        "in_force_from": _date(version.active_from) or "ever",
        "recorded_at": f"{version.recorded_at:%F %T %Z}",
        **_base_facts(version),
        "source": version.source_name,
        "prices": f"{version.tariff.currency} {'gross' if version.tariff.is_gross else 'net'}",
        "rounding": f"{version.rounding} to {version.decimals} decimals; fraction of a second {version.fraction}",
        "timezone": version.timezone,
    }


def _base_facts(version: TariffVersion) -> dict[str, object]:
    """Of a derived version: whose rates it takes, and what it puts on them."""
    base = version.base_version
    if base is None:
        return {}
    return {
        "derived_from": f"{base.tariff.name}, version {base.number}",
        "markup": f"{Decimal(version.markup_basis_points or 0) / 100:+f} %, in the prices shown",
    }


def rate_facts(rates: pl.DataFrame, version: TariffVersion) -> list[dict[str, object]]:
    """Rates as a person reads them: prices as amounts, with the version's markup; windows as days and times."""
    points = version.markup_basis_points if version.base_version_id else 0
    factor = Decimal(10_000 + (points or 0)) / 10_000
    return [_rate(row, factor) for row in rates.iter_rows(named=True)]


def print_rates(rates: pl.DataFrame, version: TariffVersion) -> None:
    """A table of the columns in which any of the rates says something; of kinds, something else than calls."""
    facts = rate_facts(rates, version)
    said = [key for key in facts[0] if any(fact[key] not in (None, "", "0", "voice_out") for fact in facts)]
    rows = [{key: fact[key] for key in said} for fact in facts]
    print_list(rows, as_json=False, empty="", right=tuple(AMOUNT_NAMES.values()))


def _in_force(proposal: Proposal) -> str:
    """Since when it would count, and what it would not reach."""
    begin = _date(proposal.active_from)
    text = f"in force for calls from {begin} on" if begin else "in force for calls of any date, past ones too"
    if later := proposal.later_versions():
        text += f"; but calls from {_date(later[0].active_from)} on stay with version {later[0].number}"
    return text


def _print_changes(changes: pl.DataFrame, currency: str) -> None:
    if changes.is_empty():
        return
    table = Table(
        "prefix", "destination", "change", "of", "old", "new", "%", title=f"Largest changes ({currency})"
    )
    for column in table.columns[4:]:
        column.justify = "right"
    for row in changes.iter_rows(named=True):
        facts = _change_facts(row)
        prefix = row["prefix"] + (f" from {row['cli_prefix']}" if row["cli_prefix"] else "") or "any number"
        table.add_row(
            prefix,
            *(str(facts[key] or "") for key in ("destination", "change", "amount", "old", "new", "percent")),
        )
    console().print(table)


def _change_facts(row: dict[str, Any]) -> dict[str, object]:
    points = row["basis_points"]
    return {
        "kind": row["kind"],
        "prefix": row["prefix"],
        "cli_prefix": row["cli_prefix"],
        "destination": row["destination"],
        "change": row["change"],
        "amount": AMOUNT_NAMES[row["amount"]],
        "old": _amount(row["old_nanos"]) or "none",
        "new": _amount(row["new_nanos"]) or "none",
        "percent": None
        if points is None
        else f"{'-' if points < 0 else '+'}{abs(points) // 100}.{abs(points) % 100:02d}",
    }


def _rate(row: dict[str, Any], factor: Decimal) -> dict[str, object]:
    unit = f" {row['unit']}" if row["unit"] else ""
    if row["first_per_min_nanos"] == row["next_per_min_nanos"]:
        row = {**row, "first_per_min_nanos": None}
    return {
        "line": row["line"],
        "kind": row["kind"],
        "prefix": row["prefix"] or "any number",
        "cli_prefix": row["cli_prefix"],
        "destination": row["destination"],
        "category": row["category"],
        "window": _window(row),
        "from_s": str(row["from_s"]),
        **{name: (_amount(row[column], factor) or "") for column, name in AMOUNT_NAMES.items()},
        "increments": f"{row['first_increment']}/{row['next_increment']}{unit}",
        "grace_period_s": str(row["grace_period_s"]),
        "minimum_s": str(row["minimum_s"]),
        "active_from": _date(row["active_from"]),
        "active_until": _date(row["active_until"]),
        "digits": _digits(row),
        "forbidden": "yes" if row["is_forbidden"] else "",
    }


def _window(row: dict[str, Any]) -> str:
    parts = [f"holidays {row['holiday']}"] if row["holiday"] else []
    if row["weekdays"] is not None:
        parts.append(_days(row["weekdays"]))
    if row["from_time_s"] is not None or row["until_time_s"] is not None:
        until = 86_400 if row["until_time_s"] is None else row["until_time_s"]
        parts.append(f"{_clock(row['from_time_s'] or 0)}-{_clock(until)}")
    return ", ".join(parts)


def _days(bits: int) -> str:
    """Monday is the lowest bit: Mon-Fri, or Mon Wed."""
    days = [bit for bit in range(len(DAYS)) if bits >> bit & 1]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return " ".join(DAYS[day] for day in days)


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def _digits(row: dict[str, Any]) -> str:
    if row["min_digits"] is None and row["max_digits"] is None:
        return ""
    return f"{row['min_digits'] or 0} to {row['max_digits'] or 'any'}"


def _amount(nanos: int | None, factor: Decimal = Decimal(1)) -> str | None:
    return None if nanos is None else f"{(decimal_of(nanos) * factor).normalize():f}"


def _date(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{moment:%F}" if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else f"{moment:%F %T %Z}"
