"""FreeSWITCH's CDRs as usage records. Tables in, tables out.

Every row in is a row out: a leg that is no call of its own says so, and what cannot be understood has a `defect`.
"""

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.freeswitch.options import Options
from tollbook.records import USAGE, UTC_TIME, conform, table

# A CDR as `reading` takes it apart: text as it stands there, null where nothing does.
FACTS = table(
    {
        "line": pl.Int64,
        "uuid": pl.String,
        "why_not": pl.String,  # it is no CDR
        "leg": pl.String,  # a, b
        "other_leg": pl.String,  # the uuid of the leg that began it
        "said": pl.String,  # by the dial plan: inbound, outbound, local
        "leg_direction": pl.String,  # as the switch sees it
        "contexts": pl.String,  # one in a line
        "last_arg": pl.String,  # of bridge
        "gateway": pl.String,
        "hangup_cause": pl.String,
        "cli": pl.String,
        "name": pl.String,
        "dialled": pl.String,  # the number called, as the last step of the dial plan had it
        "called": pl.String,  # the number called from outside, before anything was done with it
        "account_ref": pl.String,
        "tenant_ref": pl.String,
        "start_us": pl.String,
        "answer_us": pl.String,
        "end_us": pl.String,
        "bridge_us": pl.String,  # when it was put through
        "start_epoch": pl.String,
        "answer_epoch": pl.String,
        "start_stamp": pl.String,
        "billmsec": pl.String,
        "billsec": pl.String,
    }
)
LOST = "LOSE_RACE"  # the hangup cause of a phone that rang while another one answered
MILLISECOND_US, SECOND_US = 1_000, 1_000_000
LAST_SECOND = 253_402_300_799  # of the year 9999
_KINDS = {"outbound": "voice_out", "inbound": "voice_in", "local": "voice_local"}
_TEXTS = ("uuid", "cli", "cld", "account_ref", "tenant_ref", "trunk_ref", "display_text")
_GATEWAY = r"sofia/gateway/(?:[^/,|]+::)?([^/,|]+)/"
_OUTSIDE = r"sofia/gateway/[^/,|]+/([^/,|@;]+)"  # the number called over it
FORWARDED = "/forwarded"  # behind the uuid of a call that came in, as the key of the one that went out
_SHOWN_CHARACTERS = 80


def usage_of(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """FACTS in, USAGE out: a record for each, and one more for a call that was forwarded out again."""
    rows = rows.with_columns(_kind(options))
    if options.bills_forwarded:
        rows = pl.concat([rows, _forwarded(rows)]).sort("line", maintain_order=True)
    rows = rows.with_columns(trunk_ref=pl.coalesce("gateway", pl.col("last_arg").str.extract(_GATEWAY)))
    rows = rows.with_columns(
        _start(options),
        answered=_is_answered(),
        duration=_duration(),
        cld=pl.when(pl.col("kind") == "voice_in").then("called").otherwise("dialled"),
        # A name tells nothing where there is a number.
        display_text=pl.when(~pl.col("cli").str.contains(r"\d").fill_null(value=False)).then("name"),
    )
    rows = rows.with_columns(
        duration_us=pl.when("answered").then("duration").otherwise(0),
        too_long=pl.coalesce(
            pl.when(pl.col(name).str.len_bytes() > MAX_TEXT_BYTES).then(pl.lit(name)) for name in _TEXTS
        ),
    )
    rows = rows.with_columns(_defect(options)).with_columns(_detail())
    nothing = pl.lit(None, dtype=pl.String)
    usage = rows.with_columns(
        record_key="uuid",
        quantity=pl.lit(None, dtype=pl.Int64),
        platform_price_nanos=pl.lit(None, dtype=pl.Int64),
        platform_currency=nothing,
    )
    cleared = ("kind", "start", "answered", "duration_us", *_TEXTS[1:])
    is_record = pl.col("defect").ne_missing("unreadable")
    return conform(usage.with_columns(pl.when(is_record).then(name).alias(name) for name in cleared), USAGE)


def _kind(options: Options) -> pl.Expr:
    """As the dial plan says; else as the setting says; else by where it came from and where it went.

    An a leg comes to the switch: from outside when by a context for that, or when it has a gateway and was not put
    through to one; from a customer otherwise. A b leg leaves it.
    """
    said = pl.col("said").str.to_lowercase().replace_strict(_KINDS, default=None, return_dtype=pl.String)
    if options.direction != "auto":
        return pl.coalesce(said, pl.lit(f"voice_{options.direction}")).alias("kind")
    is_a = pl.col("leg") == "a"
    contexts = pl.col("contexts").str.split("\n")
    is_outside = pl.any_horizontal(contexts.list.contains(one) for one in options.incoming_contexts) | (
        pl.col("gateway").is_not_null() & ~pl.col("last_arg").str.contains(_GATEWAY)
    )
    stays = pl.any_horizontal(
        pl.col("last_arg").str.replace(r"^(\[[^\]]*\]|\{[^}]*\})+", "").str.starts_with(one)
        for one in options.local_bridges
    )
    guess = (
        pl.when(
            is_a
            & is_outside.fill_null(value=False)
            & (pl.col("leg_direction") != "outbound").fill_null(value=True)
        )
        .then(pl.lit("voice_in"))
        .when(is_a & stays.fill_null(value=False))
        .then(pl.lit("voice_local"))
        .otherwise(pl.lit("voice_out"))
    )
    return pl.coalesce(said, guess).alias("kind")


def _forwarded(rows: pl.DataFrame) -> pl.DataFrame:
    """The outgoing calls that incoming a legs say they were put through to, over a gateway: FACTS with their kind.

    The leg that leaves may not be sent, and does not know for whom it was made. It began when it was put through;
    when that is told to be never, nobody answered there, however long a menu had talked before.
    """
    gone = rows.filter(
        pl.col("kind") == "voice_in", pl.col("leg") == "a", pl.col("last_arg").str.contains(_OUTSIDE)
    )
    is_timed = pl.col("bridge_us").is_not_null() & (_whole("bridge_us") > 0)
    never = pl.when(_whole("bridge_us") == 0).then(pl.lit("0"))
    moments = {
        "start_us": pl.when(is_timed).then("bridge_us").otherwise("start_us"),
        "answer_us": pl.coalesce(pl.when(is_timed).then("bridge_us"), never, "answer_us"),
    }
    told = {name: pl.when(~is_timed).then(name) for name in ("billmsec", "billsec")}
    return gone.with_columns(
        uuid=pl.col("uuid") + FORWARDED,
        kind=pl.lit("voice_out"),
        gateway=pl.lit(None, dtype=pl.String),
        dialled=pl.col("last_arg").str.extract(_OUTSIDE),
        **moments,
        **told,
    )


def _whole(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().cast(pl.Int64, strict=False)


def _start(options: Options) -> pl.Expr:
    """From the epochs, which know no zone; else from the stamp, which is the switch's clock."""
    micros = pl.coalesce(_positive("start_us"), _positive("start_epoch", SECOND_US))
    stamp = pl.col("start_stamp").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    local = stamp.dt.replace_time_zone(options.zone.key, ambiguous="earliest", non_existent="null")
    return pl.coalesce(
        pl.from_epoch(micros, time_unit="us").dt.replace_time_zone("UTC").cast(UTC_TIME),
        local.dt.convert_time_zone("UTC").cast(UTC_TIME),
    ).alias("start")


def _positive(name: str, unit_us: int = 1) -> pl.Expr:
    """A moment in microseconds; 0 is none, and neither is one beyond what a calendar has."""
    value = _whole(name)
    return pl.when(value.is_between(1, LAST_SECOND * SECOND_US // unit_us)).then(value * unit_us)


def _is_answered() -> pl.Expr:
    answered = pl.coalesce(_whole("answer_us"), _whole("answer_epoch"))
    return pl.coalesce(answered > 0, pl.coalesce(_whole("billmsec"), _whole("billsec")) > 0).fill_null(value=False)


def _duration() -> pl.Expr:
    """Microseconds talked: by milliseconds where they are told, since seconds are counted from clock to clock."""
    told = pl.coalesce(_micros("billmsec", MILLISECOND_US), _micros("billsec", SECOND_US))
    is_told = pl.col("billmsec").is_not_null() | pl.col("billsec").is_not_null()
    measured = _positive("end_us") - _positive("answer_us")
    return pl.when(is_told).then(told).when(measured.is_between(0, MAX_DURATION_US)).then(measured)


def _micros(name: str, unit_us: int) -> pl.Expr:
    amount = _whole(name)
    return pl.when(amount.is_between(0, MAX_DURATION_US // unit_us)).then(amount * unit_us)


def _is_no_call(options: Options) -> pl.Expr:
    is_other = pl.col("leg") != options.legs if options.legs != "both" else pl.lit(value=False)
    return is_other.fill_null(value=False) | (pl.col("hangup_cause") == LOST).fill_null(value=False)


def _defect(options: Options) -> pl.Expr:
    return pl.coalesce(
        pl.when(pl.col("why_not").is_not_null() | pl.col("too_long").is_not_null()).then(pl.lit("unreadable")),
        pl.when(_is_no_call(options)).then(pl.lit("leg")),
        pl.when(pl.col("start").is_null()).then(pl.lit("bad_time")),
        pl.when(pl.col("duration_us").is_null()).then(pl.lit("bad_quantity")),
    ).alias("defect")


def _detail() -> pl.Expr:
    """For a person: what stands there, and what was expected."""
    defect = pl.col("defect")
    return (
        pl.when(pl.col("why_not").is_not_null())
        .then(_said("no CDR: {}", "why_not"))
        .when(defect == "unreadable")
        .then(pl.format(f"{{}} is longer than {MAX_TEXT_BYTES} bytes", "too_long"))
        .when((defect == "leg") & (pl.col("hangup_cause") == LOST).fill_null(value=False))
        .then(pl.lit("another phone answered (LOSE_RACE)"))
        .when(defect == "leg")
        .then(_said("it is the {} leg, begun by {}", "leg", "other_leg"))
        .when(defect == "bad_time")
        .then(
            _said(
                "start_uepoch {}, start_epoch {} and start_stamp {} tell no start",
                "start_us",
                "start_epoch",
                "start_stamp",
            )
        )
        .when(defect == "bad_quantity")
        .then(_said("billmsec {} and billsec {} tell no duration", "billmsec", "billsec"))
        .alias("defect_detail")
    )


def _said(sentence: str, *columns: str) -> pl.Expr:
    """The sentence with values in quotes: their beginnings, without line ends."""
    shown = [
        pl.col(name).fill_null("").str.slice(0, _SHOWN_CHARACTERS).str.replace_all(r"[\x00-\x1f]", " ")
        for name in columns
    ]
    return pl.format(sentence.replace("{}", "'{}'"), *shown)
