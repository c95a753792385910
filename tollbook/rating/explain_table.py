"""The explanations of many records at once, as a table with one column for each field of an explanation."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from tollbook.money import MAX_DECIMALS
from tollbook.rating.engine import Rated, Timelines, rate_kind, timelines_for
from tollbook.rating.frames import CALLS, TariffSettings
from tollbook.rating.included import INCLUDED
from tollbook.rating.increments import Leg, Trail
from tollbook.rating.outcome import Answer, has_price, has_rate_line, is_charged, outcome_of, reason_of
from tollbook.rating.packed import Column
from tollbook.rating.tariff import KindTable, Tariff
from tollbook.rating.terms import NO_CAP
from tollbook.records import KINDS, Measure, conform, table

SECOND = "s"  # the unit of what is counted in time; its prices are per minute
_MICRO_DECIMALS = 6
_RATE_FIELDS = ("line", "prefix", "cli_prefix", "destination", "unit")
_AMOUNT_FIELDS = ("billed", "connect_fee", "minimum_charge", "maximum_charge", "bound", "exact", "price")
_STEP_FIELDS = ("line", "window", "begun", "billed", "price")
_NO_PARTS = pl.DataFrame(schema=dict.fromkeys(("call", "row", "begun", "billed", "nanos"), pl.Int64))


def explanation_table(rated: pl.DataFrame, tariff: Tariff) -> pl.DataFrame:
    """One row per record, in the order given. As `rate_calls`, it minds INCLUDED."""
    told = table({**CALLS, **INCLUDED}) if "covered" in rated.columns else CALLS
    records = conform(rated, told).with_row_index("place")
    timelines = timelines_for(records, tariff)
    kinds = records.partition_by("kind", maintain_order=True) or [records]
    return pl.concat(_explained(part, tariff, timelines) for part in kinds).sort("place").drop("place")


def _explained(calls: pl.DataFrame, tariff: Tariff, timelines: Timelines) -> pl.DataFrame:
    """The explanations of records that are all of one kind."""
    kind: str | None = calls["kind"][0] if calls.height else None
    trail = Trail()
    rated = rate_kind(calls, kind, tariff, timelines, trail)
    answer = pl.Series(rated.answer)
    prices = tariff.tables.get(
        kind or "", tariff.tables["voice_out"]
    )  # of an unknown kind nothing is read in any table
    return calls.with_columns(
        outcome_of(answer),
        reason_of(answer),
        *_rate(rated, trail, prices).get_columns(),
        *_amounts(rated, trail, prices).get_columns(),
        _steps(rated, trail, prices),
    ).select("place", *_fields(kind, tariff.settings))


def _fields(kind: str | None, settings: TariffSettings) -> list[pl.Expr]:
    """The fields of an explanation, in its order."""
    in_time = KINDS.get(kind or "", Measure.TIME) is Measure.TIME
    quantity = (
        decimal_text(pl.col("duration_us"), _MICRO_DECIMALS) if in_time else pl.col("quantity").cast(pl.String)
    )
    start = pl.col("start").dt.convert_time_zone(settings.timezone)
    return [
        pl.col("outcome", "reason", "kind"),
        pl.col("cld").alias("number"),
        pl.col("cli"),
        start.dt.to_string("%Y-%m-%dT%H:%M:%S%.f%:z").alias("start"),
        quantity.alias("quantity"),
        pl.lit(settings.currency).alias("currency"),
        pl.lit(settings.is_gross).alias("is_gross"),
        pl.lit(settings.timezone).alias("timezone"),
        pl.lit(settings.fraction.value).alias("fraction"),
        pl.col(*_RATE_FIELDS, "steps", *_AMOUNT_FIELDS),
        pl.lit(settings.decimals).alias("decimals"),
        pl.lit(settings.rounding.value).alias("rounding"),
    ]


def _rate(rated: Rated, trail: Trail, prices: KindTable) -> pl.DataFrame:
    """Of records that found a rate: its line, prefixes, destination and unit."""
    has_rate = pl.lit(has_rate_line(pl.Series(rated.answer)))
    found = pl.DataFrame({"row": trail.opening_row, "line": rated.rate_line}).select(
        pl.when(has_rate).then(pl.all())
    )
    unit = pl.when(pl.col("line").is_not_null()).then(pl.col("unit").fill_null(SECOND))
    return (
        found.join(_numbered(prices).drop("line"), on="row", how="left", maintain_order="left")
        .with_columns(unit.alias("unit"))
        .select(_RATE_FIELDS)
    )


def _amounts(rated: Rated, trail: Trail, prices: KindTable) -> pl.DataFrame:
    """Of charged records: fee, bounds, exact value and price as text. What is billed is 0 for free ones."""
    answer = pl.Series(rated.answer)
    charged, priced = pl.lit(is_charged(answer)), pl.lit(has_price(answer))
    minimum, maximum = (prices.terms.take(name, trail.opening_row) for name in ("minimum", "maximum"))
    columns: dict[str, Column] = {
        "billed": rated.billed,
        "connect_fee": trail.fee // 60,
        "minimum_charge": minimum // 60,
        "maximum_charge": maximum // 60,
        "sum": trail.value + trail.fee,
        "exact": rated.exact,
        "price": rated.price_nanos,
    }
    frame = pl.DataFrame({name: np.broadcast_to(column, len(answer)) for name, column in columns.items()})
    exact, total, cap = pl.col("exact"), pl.col("sum"), pl.col("maximum_charge")
    is_whole = exact % 60 == 0
    return frame.select(
        pl.when(priced).then(pl.col("billed")).alias("billed"),
        pl.when(charged).then(decimal_text(pl.col("connect_fee"))).alias("connect_fee"),
        pl.when(charged).then(decimal_text(pl.col("minimum_charge"))).alias("minimum_charge"),
        pl.when(charged & (cap < NO_CAP // 60)).then(decimal_text(cap)).alias("maximum_charge"),
        pl.when(charged & (exact != total))
        .then(pl.when(exact > total).then(pl.lit("minimum")).otherwise(pl.lit("maximum")))
        .alias("bound"),
        pl.when(charged)
        .then(pl.when(is_whole).then(decimal_text(exact // 60)).otherwise(decimal_text(exact) + "/60"))
        .alias("exact"),
        pl.when(priced).then(decimal_text(pl.col("price"))).alias("price"),
    )


def _steps(rated: Rated, trail: Trail, prices: KindTable) -> pl.Series:
    """Of charged records: what was billed at which price, in the order in which it was talked."""
    parts = [part for leg in trail.legs for part in _parts(leg, prices)]
    charged = pl.DataFrame({"call": np.flatnonzero(rated.answer == Answer.CHARGED)})
    lists = (
        pl.concat([_NO_PARTS, *parts])
        .filter(pl.col("billed") > 0)
        .join(charged, on="call", how="semi")
        .sort("call", "begun")
        .join(_numbered(prices), on="row", how="left", maintain_order="left")
        .with_columns(decimal_text(pl.col("nanos")).alias("price"))
        .select("call", step=pl.struct(_STEP_FIELDS))
        .group_by("call", maintain_order=True)
        .agg(steps="step")
    )
    everyone = pl.DataFrame({"call": np.arange(len(rated.answer))})
    return everyone.join(lists, on="call", how="left", maintain_order="left").select(
        pl.col("steps").fill_null(pl.lit([], dtype=lists.schema["steps"]))
    )["steps"]


def _parts(leg: Leg, prices: KindTable) -> Iterator[pl.DataFrame]:
    """A leg's first increment and those after it: one part where they have one price, else two."""
    first, following = (prices.terms.take(name, leg.row) for name in ("first_price", "next_price"))
    is_one = first == following
    for begun, billed, price in (
        (leg.begun, leg.lead + np.where(is_one, leg.rest, 0), first),
        (leg.begun + leg.lead, np.where(is_one, 0, leg.rest), following),
    ):
        columns = {"call": leg.call, "row": leg.row, "begun": begun, "billed": billed}
        in_nanos = np.broadcast_to(price // (1 if prices.measure is Measure.TIME else 60), len(leg.call))
        yield pl.DataFrame(columns | {"nanos": in_nanos})


def _numbered(prices: KindTable) -> pl.DataFrame:
    return prices.rows.with_columns(row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def decimal_text(column: pl.Expr, decimals: int = MAX_DECIMALS) -> pl.Expr:
    """An integer count of 10^-decimals as decimal text: 61000000 nano-units are 0.061."""
    size = column.abs()
    sign = pl.when(column < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole, rest = size // 10**decimals, size % 10**decimals
    text = pl.concat_str(sign, whole, pl.lit("."), rest.cast(pl.String).str.zfill(decimals))
    return text.str.strip_chars_end("0").str.strip_chars_end(".")
