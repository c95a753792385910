"""Rows of Kamailio's accounting as usage records. Tables in, tables out.

Every row in is a row out. What cannot be understood has a `defect`; `defect_detail` says what, and what to do.
"""

from datetime import timedelta
from typing import Literal

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US, scaled
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.kamailio.options import Options
from tollbook.connectors.kamailio.sides import with_sides
from tollbook.records import USAGE, UTC_TIME, conform

_SECOND_US = 1_000_000
_SHOWN_CHARACTERS = 60
_LATER = " in the second hour"  # ends the names of columns
_HOURS: tuple[tuple[Literal["earliest", "latest"], str], ...] = (("earliest", ""), ("latest", _LATER))
_TEXTS = ("record_key", "cli", "cld", "account_ref", "tenant_ref", "trunk_ref")


def usage_of(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Rows as `reading` gives them in, USAGE out."""
    of = _Row(options)
    rows = rows.with_columns(
        pl.coalesce("cdr", "invite", "bye").alias("row"),
        is_call=pl.coalesce("cdr", "invite").is_not_null(),
    ).with_columns(
        *(of.part(name).alias(name) for name in of.PARTS),
        id=of.field("row", "id"),
        code=of.field("invite", "sip_code"),
        begun=pl.coalesce(of.field("cdr", "start_time"), of.field("invite", "time"), of.field("bye", "time")),
        ended=of.field("bye", "time"),
        talked=of.field("cdr", "duration"),
    )
    rows = with_sides(rows, options).with_columns(
        *(
            _moment(name, options, hour=hour).alias(f"{name}{suffix}")
            for name in ("begun", "ended")
            for hour, suffix in _HOURS
        )
    )
    rows = rows.with_columns(
        start=pl.col("begun"), duration_us=_duration(rows["talked"]), record_key=_key(options)
    )
    rows = rows.with_columns(too_long=_too_long())
    rows = rows.with_columns(_defect().alias("defect"))
    rows = rows.with_columns(_detail(options).alias("defect_detail"))
    is_record = pl.col("defect").ne_missing("unreadable")
    us = pl.col("duration_us")
    usage = rows.with_columns(
        record_key=pl.when(pl.col("text").is_not_null() | pl.col("record_key").is_null())
        .then(pl.format("no call: {}", pl.coalesce("text", "id", pl.lit(""))))
        .otherwise(pl.col("record_key").str.slice(0, MAX_TEXT_BYTES)),
        # acc_cdrs has a row for a call that was refused, too: nothing but its length tells it.
        answered=pl.when(pl.col("cdr").is_not_null()).then(us > 0).otherwise(pl.col("what") != "refused"),
        duration_us=pl.when(us.is_between(0, MAX_DURATION_US)).then(us),
        quantity=pl.lit(None, dtype=pl.Int64),
        display_text=pl.lit(None, dtype=pl.String),
        platform_price_nanos=pl.lit(None, dtype=pl.Int64),
        platform_currency=pl.lit(None, dtype=pl.String),
    )
    cleared = ("kind", "answered", "duration_us", *_TEXTS[1:])
    return conform(usage.with_columns(pl.when(is_record).then(name).alias(name) for name in cleared), USAGE)


class _Row:
    """Fields of the rows of Kamailio's tables, as text without blanks around it; nothing is null."""

    PARTS = (
        *("caller", "callee", "callid", "from_tag", "to_tag"),
        *("account", "domain", "source", "trunk", "direction"),
    )

    def __init__(self, options: Options) -> None:
        self._columns = options.columns

    def part(self, name: str) -> pl.Expr:
        """A part of a call, from the column that the settings say."""
        if name not in self._columns:
            return pl.lit(None, dtype=pl.String)
        return self.field("row", self._columns[name])

    def field(self, row: str, column: str) -> pl.Expr:
        return pl.col(row).struct.field(column).str.strip_chars().replace("", None)


def _moment(name: str, options: Options, *, hour: Literal["earliest", "latest"]) -> pl.Expr:
    """UTC of the server's wall clock; in the hour that autumn repeats, of the first or the second of the two."""
    written = pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    local = written.dt.replace_time_zone(options.zone.key, ambiguous=hour, non_existent="null")
    return local.dt.convert_time_zone("UTC").cast(UTC_TIME)


def _duration(talked: pl.Series) -> pl.Expr:
    """Microseconds: as Kamailio measured it, else from INVITE to BYE, in whole seconds; null where nobody knows."""
    measured = scaled(talked.fill_null(""), _SECOND_US, round_up=True)
    return (
        pl.when(pl.col("cdr").is_not_null())
        .then(measured)
        .when(pl.col("what") == "refused")
        .then(0)
        .when(pl.col("what") == "call")
        .then(pl.when(_shortest() == _longest()).then(_shortest()).when(_shortest().is_null()).then(-1))
    )


def _lengths() -> list[pl.Expr]:
    """How long a call can have been by its two moments, in microseconds: where the clock repeats an hour, each of them
    may be in the first or the second of the two. A call does not end before it begins.
    """
    lengths = [
        (pl.col(ended) - pl.col(begun)).dt.total_microseconds()
        for ended in ("ended", f"ended{_LATER}")
        for begun in ("begun", f"begun{_LATER}")
    ]
    return [pl.when(length >= 0).then(length) for length in lengths]


def _shortest() -> pl.Expr:
    return pl.min_horizontal(_lengths())


def _longest() -> pl.Expr:
    return pl.max_horizontal(_lengths())


def _key(options: Options) -> pl.Expr:
    """A dialog is a Call-ID and two tags, for ever and everywhere; the tags in one order, for either end may hang up.

    Where tags are not written down, the Call-ID and the moment at which it began. A row's id begins anew with a new
    table, so that alone it would take a later call for a correction of an earlier one. Refused calls may have the same
    tags more than once, or none.
    """
    begun = pl.col("begun").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    by_id = pl.format("id {} {}", "id", begun)
    if options.by_id:
        return pl.when(pl.col("cdr").is_not_null()).then(by_id).otherwise(_dialog(begun))
    return _dialog(begun)


def _dialog(begun: pl.Expr) -> pl.Expr:
    low, high = pl.min_horizontal("from_tag", "to_tag"), pl.max_horizontal("from_tag", "to_tag")
    has_tags = pl.col("from_tag").is_not_null() & pl.col("to_tag").is_not_null()
    by_tags = pl.format("{} {} {}", "callid", low, high)
    is_refused = pl.col("what") == "refused"
    return (
        pl.when(is_refused)
        .then(pl.format("{} {} {}", "callid", pl.coalesce("code", pl.lit("")), begun))
        .when(has_tags)
        .then(by_tags)
        .otherwise(pl.format("{} {}", "callid", begun))
    )


def _too_long() -> pl.Expr:
    """The name of a text that no index could hold, if there is one."""
    return pl.coalesce(
        pl.when(pl.col(name).str.len_bytes() > MAX_TEXT_BYTES).then(pl.lit(name)) for name in _TEXTS
    )


def _defect() -> pl.Expr:
    is_unreadable = pl.col("text").is_not_null() | pl.col("row").is_null() | pl.col("too_long").is_not_null()
    has_key = pl.col("record_key").is_not_null() | pl.col("begun").is_null()
    us = pl.col("duration_us")
    return pl.coalesce(
        pl.when(is_unreadable | ~has_key).then(pl.lit("unreadable")),
        pl.when(pl.col("start").is_null()).then(pl.lit("bad_time")),
        pl.when(pl.col("kind").is_null()).then(pl.lit("unknown_kind")),
        pl.when(us.is_null() | ~us.is_between(0, MAX_DURATION_US)).then(pl.lit("bad_quantity")),
    )


def _detail(options: Options) -> pl.Expr:
    """For a person: field, value, what to do."""
    begun = "start_time" if not options.is_paired else "time"
    return (
        pl.when(pl.col("defect").is_null())
        .then(None)
        .when(pl.col("text").is_not_null())
        .then(_said("no record: {}", "text"))
        .when(pl.col("too_long").is_not_null())
        .then(pl.format(f"{{}} is longer than {MAX_TEXT_BYTES} bytes", "too_long"))
        .when(pl.col("defect") == "unreadable")
        .then(pl.lit("a row without the Call-ID or the id that it is known by"))
        .when(pl.col("defect") == "bad_time")
        .then(pl.lit(f"{begun} is no time that exists in {options.zone.key}"))
        .when(pl.col("defect") == "unknown_kind")
        .then(_said("direction {} is none of out, in, local", "direction"))
        .when(pl.col("what") == "no BYE")
        .then(
            _said(
                f"no BYE was logged in {_hours(options.longest)} after the INVITE of call {{}}; if the call's "
                "length is known otherwise, charge it by hand",
                "callid",
            )
        )
        .when(pl.col("what") == "no INVITE")
        .then(_said("a BYE without an INVITE, of call {}; was table acc emptied meanwhile?", "callid"))
        .when(pl.col("cdr").is_not_null())
        .then(_said("duration {} is no number of seconds from 0 to 366 days", "talked"))
        .when(_shortest() < _longest())
        .then(
            _said(
                f"call {{}} lasted an hour more or less: the clock of {options.zone.key} was put back meanwhile; let "
                "the database write UTC, or table acc_cdrs measure",
                "callid",
            )
        )
        .otherwise(_said("the BYE of call {} is before its INVITE; was the clock set back?", "callid"))
    )


def _hours(longest: timedelta) -> str:
    return f"{longest // timedelta(hours=1)} hours"


def _said(sentence: str, *columns: str) -> pl.Expr:
    """The sentence with values in quotes, safe to store: their beginnings, without NUL and line ends."""
    shown = [
        pl.col(name).fill_null("").str.slice(0, _SHOWN_CHARACTERS).str.replace_all(r"[\x00-\x1f]", " ")
        for name in columns
    ]
    return pl.format(sentence.replace("{}", "'{}'"), *shown)
