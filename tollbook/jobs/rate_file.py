"""Price a file of calls with one price list: read, rate and write at the same time, in batches. No database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tollbook.ahead import begun, one_ahead
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.reader import FileBatch, read_usage
from tollbook.errors import BadInput
from tollbook.jobs.rate_places import Places
from tollbook.jobs.rated_output import RatedRows, check_output, write_rated
from tollbook.jobs.rated_summary import Summary
from tollbook.phone import RATEABLE, NumberRules, normalise
from tollbook.rating.engine import Tariff, rate_calls
from tollbook.rating.explain import explanations
from tollbook.records import INCOMING

EXPLANATION = "explanation"
RESULT = ("outcome", "reason", "prefix", "destination", "billed_s", "price", "currency", EXPLANATION)
INPUT_PREFIX = "input_"  # of an input column that is called like one of the result
SHOWN_DEFECTS = 5
BATCHES_AHEAD = 4  # read before they are rated; each takes some 60 MB

Progress = Callable[[int, int], None]  # bytes of the file so far, records so far


@dataclass(frozen=True, slots=True)
class Defect:
    """A record that made no sense, for a person."""

    line: int
    reason: str
    detail: str


@dataclass(slots=True)
class RatedFile:
    """What became of the file."""

    summary: Summary = field(default_factory=Summary)
    defects: list[Defect] = field(default_factory=list)  # the first SHOWN_DEFECTS
    renamed: list[str] = field(default_factory=list)  # input columns that were called like ours
    fallback_lines: int = 0  # lines that were not in the layout's encoding

    def note(self, batch: FileBatch) -> None:
        """Keep what a person should hear about the records of this batch."""
        self.fallback_lines += batch.fallback_lines
        room = SHOWN_DEFECTS - len(self.defects)
        if room and batch.usage["defect"].null_count() < batch.usage.height:
            some = batch.usage.filter(pl.col("defect").is_not_null()).head(room)
            self.defects += [Defect(*row) for row in some.select("line", "defect", "defect_detail").rows()]


@contextmanager
def reading(calls: Path, layout: Layout, out: Path | None) -> Iterator[Iterator[FileBatch]]:
    """The batches of a file for `rate_file`, read from now on: while the price list is still being read, too.

    Raises:
        BadInput: the output `out` cannot be used. What is wrong with the file shows when it is taken.
    """
    if out is not None:
        check_output(out, calls)
    with begun(read_usage(calls, layout, keep_source=True, identify=False), BATCHES_AHEAD) as batches:
        yield batches


def rate_file(
    batches: Iterator[FileBatch],
    *,
    tariff: Tariff,
    rates: pl.DataFrame,
    rules: NumberRules,
    out: Path | None,
    explain: bool = False,
    progress: Progress = lambda _bytes, _records: None,
) -> RatedFile:
    """Every record of `batches` (see `reading`) comes out once, in order: its own columns, then RESULT.

    `rates` is the table that `tariff` was compiled from. `billed_s` is
    seconds for calls and units for messages and data. An input column called like one of ours comes out with
    `input_` before its name.

    Raises:
        BadInput: the file of calls cannot be used, or the output not be written. No file was written; on standard
            output, where nothing can be taken back, some records may have been.
    """
    done = RatedFile()
    places = Places.of(rates)
    needs_cli = explain or (rates["cli_prefix"] != "").any()

    def rated() -> Iterator[RatedRows]:
        for batch in batches:
            records = rate_calls(_known(batch.usage, rules, needs_cli=needs_cli), tariff)
            result = _result(records, places, tariff, explain=explain)
            done.summary.add(result, records["kind"])
            done.note(batch)
            progress(batch.bytes_read, done.summary.records)
            yield _beside_input(batch, result, done)

    write_rated(one_ahead(rated()), out, decimals=tariff.settings.decimals)
    return done


def _known(usage: pl.DataFrame, rules: NumberRules, *, needs_cli: bool) -> pl.DataFrame:
    """The records as the engine reads them: numbers as digits, and `known_reason`."""
    cld = normalise(usage["cld"], rules)
    if needs_cli:
        usage = usage.with_columns(cli=pl.coalesce(normalise(usage["cli"], rules)["digits"], usage["cli"]))
    if (cld["number_class"] == "e164").all(ignore_nulls=False):
        return usage.with_columns(cld=cld["digits"], known_reason="defect")
    is_emergency = (cld["number_class"] == "emergency") & ~usage["kind"].is_in(INCOMING)
    is_read = cld["number_class"].is_in(RATEABLE) | (usage["kind"] == "data")
    return usage.with_columns(
        cld=pl.coalesce(cld["digits"], usage["cld"]),
        known_reason=pl.coalesce(
            "defect",
            pl.when(is_emergency).then(pl.lit("emergency")),
            pl.when(~is_read).then(pl.lit("bad_number")),
        ),
    )


def _result(records: pl.DataFrame, places: Places, tariff: Tariff, *, explain: bool) -> pl.DataFrame:
    prefix, destination = places.matched(records["rate_line"], records["cld"])
    result = records.select(
        "outcome",
        "reason",
        prefix.alias("prefix"),
        destination.alias("destination"),
        pl.col("billed").alias("billed_s"),
        "price_nanos",
        pl.lit(tariff.settings.currency).alias("currency"),
    )
    return result.with_columns(explanations(records, tariff).alias(EXPLANATION)) if explain else result


def _beside_input(batch: FileBatch, result: pl.DataFrame, done: RatedFile) -> RatedRows:
    assert batch.source is not None  # asked for with keep_source
    source = batch.source
    taken = {name: INPUT_PREFIX + name for name in source.columns if name in RESULT}
    done.renamed = list(taken)
    for old, new in taken.items():
        if new in source.columns:
            raise BadInput(f"the file of calls has both columns {old!r} and {new!r}; rename one of them")
    return RatedRows(source.rename(taken), None if EXPLANATION in result.columns else batch.lines, result)
