"""Records of any shape, written as they come: JSON, JSON lines or CSV."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain, islice
from typing import Any

import msgspec
import typer

HEADER_RECORDS = 100  # looked at for the columns of a CSV, before the first is written

Record = Mapping[str, Any]


class Format(StrEnum):
    """How records are written."""

    JSONL = "jsonl"  # a line each
    JSON = "json"  # one list
    CSV = "csv"


_JSON = msgspec.json.Encoder(decimal_format="number")


def print_record(record: Record) -> None:
    """One, on lines for people. Amounts keep their digits."""
    typer.echo(msgspec.json.format(_JSON.encode(record), indent=2))


def print_records(records: Iterable[Record], *, form: Format, fields: Sequence[str] = ()) -> None:
    """All of them, none kept. `fields`: only these, in this order; a record that lacks one has it empty."""
    if fields:
        records = ({name: record.get(name) for name in fields} for record in records)
    if form == Format.CSV:
        _print_csv(iter(records), fields)
    elif form == Format.JSON:
        _print_list(records)
    else:
        for record in records:
            typer.echo(_JSON.encode(record))


def _print_list(records: Iterable[Record]) -> None:
    before = "[\n"
    for record in records:
        typer.echo(before, nl=False)
        typer.echo(_JSON.encode(record), nl=False)
        before = ",\n"
    typer.echo("[]" if before == "[\n" else "\n]")


def _print_csv(records: Iterator[Record], fields: Sequence[str]) -> None:
    """Columns are those of the first records; whatever only a later one has is named at the end."""
    first = list(islice(records, HEADER_RECORDS))
    columns = list(fields) or list(dict.fromkeys(name for record in first for name in record))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    left_out: dict[str, int] = {}
    for record in chain(first, records):
        writer.writerow([_cell(record.get(name)) for name in columns])
        for name in record.keys() - set(columns):
            left_out[name] = left_out.get(name, 0) + 1
    for name, count in sorted(left_out.items()):
        typer.echo(f"left out: {name}, which {count:,} later records have; name it in --fields", err=True)


def _cell(value: object) -> str:
    """As in JSON, but text without its quotes, and nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _JSON.encode(value).decode()
