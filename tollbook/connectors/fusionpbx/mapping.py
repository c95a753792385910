"""FusionPBX's rows of calls as usage records. Tables in, tables out.

Every row in is a row out. A row that is no call of its own has the defect `leg`, and why; what cannot be understood has
another one. `defect_detail` says what shows it.
"""

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US, scaled
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.fusionpbx.options import Options
from tollbook.records import USAGE, UTC_TIME, conform, table

# A line of evidence. All is text until it is looked at: releases have other types for the same columns.
ROW = table(
    {
        "line": pl.Int64,
        "text": pl.String,  # of a line that is no record
        **dict.fromkeys(
            (
                *("key", "xml_cdr_uuid", "domain_uuid", "extension_uuid", "tenant", "extension", "code_extension"),
                *("caller_extension", "forwarder_extension", "parent_is_there", "is_did", "direction", "leg"),
                *("caller_id_name", "caller_id_number", "caller_destination", "destination_number"),
                *("start_epoch", "start_stamp", "answer_epoch", "end_epoch", "billsec", "billmsec"),
                *("hangup_cause", "last_arg"),
            ),
            pl.String,
        ),
    }
)
KINDS = {"outbound": "voice_out", "inbound": "voice_in", "local": "voice_local"}
EARLIEST_US, LATEST_US = 631_152_000_000_000, 4_102_444_800_000_000  # 1990 and 2100
_SECOND_US, _MILLISECOND_US = 1_000_000, 1_000
_GATEWAY = r"sofia/gateway/([^/,|:\]\s]+)/"
_NUMBER = r"^[+*#0-9 ().-]*[0-9][+*#0-9 ().-]*$"
_TEXTS = ("cli", "cld", "account_ref", "tenant_ref", "trunk_ref", "display_text")
_UNTOUCHED = {"line", "text"}


def usage_of(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """ROW in, USAGE out."""
    names = [name for name in rows.columns if name not in _UNTOUCHED]
    rows = rows.with_columns(pl.col(names).str.strip_chars().replace("", None))
    rows = rows.with_columns(
        pl.coalesce("key", "xml_cdr_uuid").str.to_lowercase().alias("key"),
        pl.col("direction").str.to_lowercase(),
        pl.col("last_arg").str.extract(_GATEWAY).str.to_lowercase().alias("gateway"),
    )
    rows = rows.with_columns(_kind(options), _start(rows), *_talk(rows, options))
    rows = rows.with_columns(*_ends(), _account(options), _trunk(), _name()).with_columns(tenant_ref="tenant")
    rows = rows.with_columns(_defect(options)).with_columns(_detail(options))
    is_record = pl.col("defect").ne_missing("unreadable")
    usage = rows.with_columns(
        record_key=pl.coalesce("key", pl.lit("no uuid: ") + pl.coalesce("text", _content())),
        quantity=pl.lit(None, dtype=pl.Int64),
        platform_price_nanos=pl.lit(None, dtype=pl.Int64),
        platform_currency=pl.lit(None, dtype=pl.String),
    )
    cleared = ("kind", "answered", "duration_us", *_TEXTS)
    return conform(usage.with_columns(pl.when(is_record).then(name).alias(name) for name in cleared), USAGE)


def _kind(options: Options) -> pl.Expr:
    """By the direction; where that is empty by the gateway a call went to, then by the number called, else local."""
    said = pl.col("direction").replace_strict(KINDS, default=None, return_dtype=pl.String)
    match options.empty_direction:
        case "derive":
            derived = (
                pl.when(pl.col("gateway").is_not_null())
                .then(pl.lit("voice_out"))
                .when(pl.col("is_did") == "true")
                .then(pl.lit("voice_in"))
                .otherwise(pl.lit("voice_local"))
            )
        case direction:
            derived = pl.when(pl.lit(value=True)).then(pl.lit(KINDS.get(direction), dtype=pl.String))
    return pl.when(pl.col("direction").is_null()).then(derived).otherwise(said).alias("kind")


def _start(rows: pl.DataFrame) -> pl.Expr:
    """The epoch, which is UTC; the stamp where there is none."""
    epoch = scaled(rows["start_epoch"].fill_null(""), _SECOND_US, round_up=True)
    stamp = pl.col("start_stamp").str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", strict=False, time_unit="us")
    start = pl.coalesce(
        pl.when(epoch.is_between(EARLIEST_US, LATEST_US, closed="left")).then(epoch).cast(UTC_TIME),
        pl.when(pl.col("start_epoch").is_null()).then(stamp.cast(UTC_TIME)),
    )
    return start.alias("start")


def _talk(rows: pl.DataFrame, options: Options) -> list[pl.Expr]:
    """`answered` and `duration_us`; the latter null where nothing says it, or what says it makes no sense.

    A row of the database says what was talked. By REST it is the time from the answer to the end.
    """
    seconds = scaled(rows["billsec"].fill_null(""), _SECOND_US, round_up=True)
    milliseconds = scaled(rows["billmsec"].fill_null(""), _MILLISECOND_US, round_up=True)
    answer = scaled(rows["answer_epoch"].fill_null(""), _SECOND_US, round_up=True)
    end = scaled(rows["end_epoch"].fill_null(""), _SECOND_US, round_up=True)
    facts = pl.DataFrame({"s": seconds, "ms": milliseconds, "answer": answer, "end": end})
    is_answered = pl.col("answer").fill_null(0) > 0
    by_clock = pl.when(is_answered).then(pl.col("end") - pl.col("answer")).otherwise(0)
    talked = pl.coalesce("s", "ms", by_clock)
    if options.by_milliseconds:
        talked = pl.when(pl.col("ms").ne_missing(0)).then(pl.coalesce("ms", talked)).otherwise(talked)
    if not options.bills_short_calls:
        talked = pl.when(pl.col("s").eq_missing(0)).then(0).otherwise(talked)
    said = (
        (rows["billsec"].is_null() | seconds.is_not_null())
        & (rows["billmsec"].is_null() | milliseconds.is_not_null())
        & (rows["answer_epoch"].is_null() | answer.is_not_null())
    )
    talk = facts.select(
        duration_us=pl.when(talked.is_between(0, MAX_DURATION_US) & said).then(talked),
        answered=is_answered | (talked.fill_null(0) > 0),
    )
    return [pl.lit(talk["duration_us"]).alias("duration_us"), pl.lit(talk["answered"]).alias("answered")]


def _ends() -> list[pl.Expr]:
    """Who called, and the number rated: the one dialled, or the one that was called from outside."""
    is_incoming = pl.col("kind") == "voice_in"
    called = pl.when(is_incoming).then(pl.coalesce("caller_destination", "destination_number"))
    return [
        pl.col("caller_id_number").alias("cli"),
        called.otherwise(pl.coalesce("destination_number", "caller_destination")).alias("cld"),
    ]


def _account(options: Options) -> pl.Expr:
    """The extension that the row is attributed to; else its account code's, its caller's, or the one that forwarded."""
    is_ours, is_out = pl.col("kind") != "voice_in", pl.col("kind") == "voice_out"
    extension = pl.coalesce(
        "extension",
        "code_extension",
        pl.when(is_ours).then("caller_extension"),
        pl.when(is_out).then("forwarder_extension"),
    )
    account = pl.concat_str(extension, pl.lit("@"), "tenant")  # null where either is
    if options.forwarded_account:
        before, _, after = options.forwarded_account.partition("{tenant}")
        named = pl.concat_str(pl.lit(before), "tenant", pl.lit(after))
        if "{tenant}" not in options.forwarded_account:
            named = pl.lit(options.forwarded_account)
        account = pl.coalesce(account, pl.when(is_out).then(named))
    return account.alias("account_ref")


def _trunk() -> pl.Expr:
    """The gateway that an outgoing call was given to; the row of an incoming one does not say where it came from."""
    return pl.when(pl.col("kind") == "voice_out").then("gateway").alias("trunk_ref")


def _name() -> pl.Expr:
    is_number = pl.col("caller_id_number").str.contains(_NUMBER).fill_null(value=False)
    return pl.when(~is_number).then(pl.coalesce("caller_id_name", "caller_id_number")).alias("display_text")


def _content() -> pl.Expr:
    """What tells a row without a uuid, so that it is the same one when it comes again."""
    names = ("tenant", "direction", "caller_id_number", "caller_destination", "destination_number", "start_epoch")
    return pl.concat_str(*names, separator="|", ignore_nulls=True)


def _legs(options: Options) -> list[tuple[pl.Expr, pl.Expr]]:
    """Which rows are no calls of their own, and why, for a person."""
    rules = {
        "b": (
            pl.col("leg").str.to_lowercase() == "b",
            pl.lit("it is the far leg (b) of a call; the near one has a row of its own"),
        ),
        "lose_race": (
            pl.col("hangup_cause").str.to_uppercase() == "LOSE_RACE",
            pl.lit("hangup_cause LOSE_RACE: it rang here until another telephone took the call"),
        ),
        "double": (
            pl.col("parent_is_there") == "true",
            pl.lit("it is a leg of a ring group; the call it comes from has a row of its own"),
        ),
    }
    return [
        (is_leg.fill_null(value=False), why) for name, (is_leg, why) in rules.items() if name in options.not_calls
    ]


def _too_long() -> pl.Expr:
    """The name of a text that no index could hold, if there is one."""
    return pl.coalesce(
        pl.when(pl.col(name).str.len_bytes() > MAX_TEXT_BYTES).then(pl.lit(name)) for name in ("key", *_TEXTS)
    )


def _defect(options: Options) -> pl.Expr:
    is_leg = pl.any_horizontal(pl.lit(value=False), *(is_leg for is_leg, _ in _legs(options)))
    return pl.coalesce(
        pl.when(pl.col("key").is_null() | _too_long().is_not_null()).then(pl.lit("unreadable")),
        pl.when(is_leg).then(pl.lit("leg")),
        pl.when(pl.col("start").is_null()).then(pl.lit("bad_time")),
        pl.when(pl.col("kind").is_null()).then(pl.lit("unknown_kind")),
        pl.when(pl.col("duration_us").is_null()).then(pl.lit("bad_quantity")),
    ).alias("defect")


def _detail(options: Options) -> pl.Expr:
    """For a person: column, value, what to do."""
    unreadable = (
        pl.when(pl.col("text").is_not_null())
        .then(pl.format("no record: {}", "text"))
        .when(pl.col("key").is_null())
        .then(pl.lit("it has no xml_cdr_uuid, so it could not be known again"))
        .otherwise(pl.format("{} is longer than {} bytes", _too_long(), pl.lit(MAX_TEXT_BYTES)))
    )
    leg = pl.coalesce(
        pl.lit(None, dtype=pl.String), *(pl.when(is_leg).then(why) for is_leg, why in _legs(options))
    )
    start = pl.format("start_epoch {} is no time from 1990 to 2099", _shown("start_epoch"))
    kind = pl.format(
        "direction {} is none of {}; where it is empty the setting empty_direction says what it is",
        _shown("direction"),
        pl.lit(", ".join(KINDS)),
    )
    talk = pl.format(
        "billsec {}, billmsec {}, answer_epoch {}, end_epoch {} give no talked time from 0 to 366 days",
        *map(_shown, ("billsec", "billmsec", "answer_epoch", "end_epoch")),
    )
    said = {"unreadable": unreadable, "leg": leg, "bad_time": start, "unknown_kind": kind, "bad_quantity": talk}
    return pl.coalesce(pl.when(pl.col("defect") == name).then(what) for name, what in said.items()).alias(
        "defect_detail"
    )


def _shown(name: str) -> pl.Expr:
    return pl.col(name).fill_null("(nothing)").str.slice(0, 60)
