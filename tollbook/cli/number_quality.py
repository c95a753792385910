"""`tollbook usage quality`: how a connection's numbers are written, and which rule would read them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.period import days_of, moments_of
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection
from tollbook.jobs.number_quality import NumberQuality, number_quality
from tollbook.usage.number_doubt import Elsewhere
from tollbook.usage.number_fix import Fix

RULES_FILE = "rules.toml"
# Number rules by the option of `connection add` that sets them; the others come from a file.
OPTIONS = {
    "country": "--country",
    "exit_codes": "--exit-code",
    "trunk_prefix": "--trunk-prefix",
    "add_country_code": "--add-country-code",
    "extension_lengths": "--extension-length",
}


def quality(
    connection: Annotated[str, typer.Argument(help="The connection.")],
    from_: Annotated[
        str, typer.Option("--from", "--since", metavar="DAY", help="First day.", show_default="the first there is")
    ] = "",
    to: Annotated[
        str, typer.Option("--to", "--until", metavar="DAY", help="Last day, included.", show_default="today")
    ] = "",
    country: Annotated[
        str,
        typer.Option(
            help="Whose numbers they are, as GB, if the connection does not say.", show_default="most customers'"
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """How numbers are written, in classes with examples, and the number rules that would read the bad ones.

    The evidence is read again, so what was charged long ago is told too. Changes nothing.

    Example: tollbook usage quality office --from 2026-01-01 --to 2026-01-31
    """
    since, until = days_of(from_, to)
    open_database()
    source = named_connection(connection)
    begin, end = moments_of(since, until, source)
    found = number_quality(source, since=begin, until=end, country=country)
    if as_json:
        print_json(_facts(found, source))
        return
    rows = [row | {"examples": ", ".join(row["examples"])} for row in _rows(found)]
    print_list(
        rows, as_json=False, empty=f"{source.name} has no usage then", right=("numbers", "records", "share")
    )
    for line in _lines(found, source):
        typer.echo(line)


def command_of(fix: Fix, connection: Connection) -> str:
    """The command that makes the changes."""
    words = [f"tollbook connection add {connection.quoted} --change"]
    for name, option in OPTIONS.items():
        value = fix.changes.get(name)
        if value is False:
            words.append(option.replace("--", "--no-"))
        elif value is True:
            words.append(option)
        elif value is not None:
            words += [f"{option} {one}" for one in ([value] if isinstance(value, str) else value)]
    if _by_file(fix):
        words.append(f"--number-rules {RULES_FILE}")
    return " ".join(words)


def _by_file(fix: Fix) -> Mapping[str, Any]:
    return {name: value for name, value in fix.changes.items() if name not in OPTIONS}


def _lines(found: NumberQuality, connection: Connection) -> Iterator[str]:
    yield from found.unread
    if found.left_out:
        yield f"{found.left_out:,} more are of numbers too rare to be looked at"
    if not found.records:
        return
    if not found.country:
        yield "nobody knows whose numbers they are, so numbers of a wrong country are not found: give --country"
    if found.by_products:
        yield f"{found.by_products:,} numbers were read by the rules of products, not by the connection's"
    if not found.wanting:
        yield "all of them can be read"
        return
    yield f"{found.wanting:,} of {found.records:,} numbers cannot be read, or are unlikely"
    if found.wanting_by_products:
        yield f"{found.wanting_by_products:,} of them by rules of products: see `tollbook products list --json`"
    yield from _elsewhere(found)
    fix = found.fix
    if fix is None:
        yield "no change of the number rules would mend that"
        yield "let the platform write numbers with plus and country code; what is no number (*97) can be excluded"
        return
    yield f"this reads {fix.reads:,} of them, {_samples(fix)}:"
    for name, value in _by_file(fix).items():
        yield f"  write into {RULES_FILE}: {name} = {_toml(value)}"
    yield f"  {command_of(fix, connection)}"
    if fix.spoils:
        yield f"but {fix.spoils:,} that are read now would be read otherwise; look at them first"
    yield (
        "then `tollbook set-aside retry` charges what waits, and `tollbook usage reprocess RUN` reads again what was "
        "charged as another number"
    )
    yield f"better still, let the platform's dial plan write numbers whole{_whole(fix)}"


def _elsewhere(found: NumberQuality) -> Iterator[str]:
    there = found.elsewhere
    if there is not None:
        yield f"{there.records:,} of them look as dialled in {there.country}, {_samples(there)}: if they are, give the"
        yield f"  product of those who dial so its own rules: `tollbook products set … --country {there.country}`"


def _samples(found: Fix | Elsewhere) -> str:
    return ", ".join(f"{written} as {read}" for written, read in found.examples)


def _whole(fix: Fix) -> str:
    return f": +{fix.examples[0][1]} instead of {fix.examples[0][0]}" if fix.examples else ""


def _toml(value: Any) -> str:
    return "[{}]".format(", ".join(f"'{one}'" for one in value)) if isinstance(value, list) else f"'{value}'"


def _pairs(found: Fix | Elsewhere) -> list[dict[str, str]]:
    return [{"written": written, "read": read} for written, read in found.examples]


def _rows(found: NumberQuality) -> list[dict[str, Any]]:
    return [
        {
            "direction": row["direction"],
            "field": row["field"],
            "quality": row["quality"].replace("_", " "),
            "can_be_read": row["is_well"],
            "numbers": row["numbers"],
            "records": row["records"],
            "share": f"{row['share']} %",
            "examples": row["examples"],
        }
        for row in found.classes.iter_rows(named=True)
    ]


def _facts(found: NumberQuality, connection: Connection) -> dict[str, Any]:
    fix = found.fix
    return {
        "connection": connection.name,
        "country": found.country or None,
        "classes": found.classes.to_dicts(),
        "records": found.records,
        "wanting": found.wanting,
        "by_products": found.by_products,
        "wanting_by_products": found.wanting_by_products,
        "elsewhere": None
        if found.elsewhere is None
        else {
            "country": found.elsewhere.country,
            "records": found.elsewhere.records,
            "examples": _pairs(found.elsewhere),
        },
        "left_out": found.left_out,
        "unread": found.unread,
        "fix": None
        if fix is None
        else {
            "changes": fix.changes,
            "command": command_of(fix, connection),
            "reads": fix.reads,
            "of": fix.wanting,
            "spoils": fix.spoils,
            "examples": _pairs(fix),
        },
    }
