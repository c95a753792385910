"""xDRs to usage records: PortaBilling's words to ours. Tables in, tables out.

The time talked is rated, never `charged_quantity`, which the platform has already rounded up to its own increments.
"""

from collections.abc import Mapping

import polars as pl

from tollbook.connectors.portabilling.options import Services
from tollbook.records import USAGE, UTC_TIME

# What is read of an xDR, as text: any of them may come as a number or in quotes. Over them, the line in the file.
XDR = pl.Schema(
    dict.fromkeys(
        (
            "i_xdr",
            "i_customer",
            "i_account",
            "CLI",
            "CLD",
            "connect_time",
            "bill_time",
            "unix_connect_time",
            "unix_disconnect_time",
            "used_quantity",
            "charged_amount",
            "i_service",
            "service",
            "description",
            "failed",
            "bit_flags",
        ),
        pl.String,
    )
)
LINE = "line"

OUTGOING, INCOMING, DIRECTION = 4, 8, 12  # of bit_flags; a forwarded call has both, and goes out
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"  # always UTC
EARLIEST_S, LATEST_S = 631_152_000, 4_102_444_800  # 1990 to 2099: outside it is a clock never set
MAX_DURATION_US = 366 * 24 * 3600 * 1_000_000  # a call of more than a year is a slip
MAX_QUANTITY = 1 << 50  # messages or bytes: a pebibyte
MAX_TEXT_BYTES = 1_000  # of an id or a number
US = 1_000_000
_MONEY = pl.Decimal(38, 9)  # its whole units are nanos
_AMOUNT = pl.Decimal(38, 6)  # its whole units are microseconds
_SHOWN = 60  # characters of a value
_KEPT = ("CLI", "CLD", "i_account", "i_customer")  # texts that are kept as they are


def to_usage(xdrs: pl.DataFrame, services: Services, currencies: Mapping[str, str]) -> pl.DataFrame:
    """XDR with LINE in, USAGE out, row for row. `currencies` says which a customer's amounts are in."""
    facts = (
        xdrs.with_columns(_amounts())
        .with_columns(_times(xdrs))
        .with_columns(_sort(services))
        .with_columns(_kind(services))
        .with_columns(_quantities(services))
        .with_columns(defect=_defect())
    )
    currency = pl.col("i_customer").replace_strict(currencies, default=None, return_dtype=pl.String)
    usage = facts.select(
        pl.col(LINE).cast(pl.Int64),
        record_key="i_xdr",
        kind="kind",
        start="start",
        answered=~pl.col("failed").is_in(["1", "true", "Y"]).fill_null(value=False),
        duration_us=pl.when("is_voice").then(_within("elapsed_us", MAX_DURATION_US)),
        quantity=pl.when(~pl.col("is_voice")).then(_within("units", MAX_QUANTITY)),
        cli=pl.col("CLI").fill_null(""),
        cld=pl.col("CLD").fill_null(""),
        account_ref=_said("i_account"),
        tenant_ref=_said("i_customer"),
        trunk_ref=pl.lit(None, pl.String),
        display_text=pl.lit(None, pl.String),
        platform_price_nanos="price_nanos",
        platform_currency=pl.when(pl.col("price_nanos").is_not_null()).then(currency),
        defect="defect",
        defect_detail=pl.lit(None, pl.String),
    )
    return _with_details(usage, facts).select(USAGE.names())


def _amounts() -> list[pl.Expr]:
    """Exact: the text is read as a decimal. More than nine decimals are cut off, the platform has five."""
    return [
        pl.col("charged_amount")
        .cast(_MONEY, strict=False)
        .to_physical()
        .cast(pl.Int64, strict=False)
        .alias("price_nanos"),
        pl.col("used_quantity")
        .cast(_AMOUNT, strict=False)
        .to_physical()
        .cast(pl.Int64, strict=False)
        .alias("used_micro"),
        pl.col("unix_connect_time").cast(pl.Int64, strict=False).alias("connect_s"),
        pl.col("unix_disconnect_time").cast(pl.Int64, strict=False).alias("disconnect_s"),
        pl.col("bit_flags").cast(pl.Int64, strict=False).fill_null(0).alias("flags"),
    ]


def _times(xdrs: pl.DataFrame) -> list[pl.Expr]:
    """When it began, and the microseconds from connect to disconnect, by the epochs where there are both."""
    begun = pl.col("connect_s")
    if xdrs["unix_connect_time"].null_count():  # else parsing a million texts would be for nothing
        begun = pl.coalesce(begun, _epoch("connect_time"))
    begun = pl.when(begun.is_between(EARLIEST_S, LATEST_S, closed="left")).then(begun)
    talked = (pl.col("disconnect_s") - pl.col("connect_s")) * US
    return [
        (begun * US).cast(UTC_TIME).alias("start"),
        pl.coalesce(talked, pl.col("used_micro")).alias("elapsed_us"),
    ]


def _epoch(column: str) -> pl.Expr:
    moment = pl.col(column).str.to_datetime(TIME_FORMAT, time_unit="us", strict=False)
    return moment.dt.epoch("s")


def _sort(services: Services) -> list[pl.Expr]:
    """Which sort of xDR it is, by its service; and why it is no usage. A call given back is no call."""
    is_voice = _is_of(services.voice)
    return [
        is_voice.alias("is_voice"),
        _is_of(services.sms).alias("is_sms"),
        _is_of(services.data).alias("is_data"),
        pl.when(_is_of(services.adjustment) | (is_voice & (pl.col("price_nanos") < 0)))
        .then(pl.lit("adjustment"))
        .when(_is_of(services.payment))
        .then(pl.lit("payment"))
        .when(_is_of(services.fee))
        .then(pl.lit("fee"))
        .when(_is_of(services.tax))
        .then(pl.lit("tax"))
        .alias("no_usage"),
    ]


def _is_of(names: tuple[str, ...]) -> pl.Expr:
    if not names:
        return pl.lit(value=False)
    found = pl.col("i_service").is_in(list(names))
    if not all(name.isdecimal() for name in names):
        found = found | pl.col("service").str.to_lowercase().is_in(list(names))
    return found.fill_null(value=False)


def _kind(services: Services) -> pl.Expr:
    unsaid = {"out": "voice_out", "in": "voice_in"}.get(services.calls_without_direction)
    direction = pl.col("flags") & DIRECTION
    voice = (
        pl.when(direction == INCOMING)
        .then(pl.lit("voice_in"))
        .when(direction.is_in([OUTGOING, DIRECTION]))
        .then(pl.lit("voice_out"))
        .otherwise(pl.lit(unsaid, pl.String))
    )
    return (
        pl.when("is_voice")
        .then(voice)
        .when("is_sms")
        .then(pl.lit("sms_out"))
        .when("is_data")
        .then(pl.lit("data"))
        .alias("kind")
    )


def _quantities(services: Services) -> pl.Expr:
    """Messages or bytes; none where it is no whole number."""
    whole = pl.when(pl.col("used_micro") % US == 0).then(pl.col("used_micro") // US)
    return pl.when("is_data").then(whole * services.data_unit_bytes).when("is_sms").then(whole).alias("units")


def _defect() -> pl.Expr:
    amount = (
        pl.when("is_voice").then(_within("elapsed_us", MAX_DURATION_US)).otherwise(_within("units", MAX_QUANTITY))
    )
    return pl.coalesce(
        pl.when(_unreadable().is_not_null()).then(pl.lit("unreadable")),
        pl.col("no_usage"),
        pl.when(pl.col("start").is_null()).then(pl.lit("bad_time")),
        pl.when(pl.col("kind").is_null()).then(pl.lit("unknown_kind")),
        pl.when(amount.is_null()).then(pl.lit("bad_quantity")),
    )


def _unreadable() -> pl.Expr:
    """Why it is no record that can be kept; null when it is."""
    has_amount = pl.col("charged_amount").is_not_null() & (pl.col("charged_amount") != "")
    too_long = [pl.col(name).str.len_bytes() > MAX_TEXT_BYTES for name in _KEPT]
    has_nul = [pl.col(name).str.contains("\0", literal=True) for name in _KEPT]
    return pl.coalesce(
        pl.when(~pl.col("i_xdr").str.contains(r"^[0-9]{1,30}$").fill_null(value=False)).then(
            pl.lit("i_xdr is no id")
        ),
        pl.when(has_amount & pl.col("price_nanos").is_null()).then(pl.lit("charged_amount is no amount")),
        pl.when(pl.any_horizontal(*too_long)).then(pl.lit("an id or number is too long")),
        pl.when(pl.any_horizontal(*has_nul)).then(pl.lit("an id or number holds a NUL")),
    )


def _within(column: str, most: int) -> pl.Expr:
    return pl.when(pl.col(column).is_between(0, most)).then(pl.col(column))


def _said(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column))


def _with_details(usage: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """What a person needs to see of a record that is not plain usage. What cannot be kept is cleared."""
    odd = usage["defect"].is_not_null()
    if not odd.any():
        return usage
    details = facts.filter(odd).select(_detail()).to_series()
    is_unreadable = (pl.col("defect") == "unreadable").fill_null(value=False)
    # Fees and payments happen when they are billed; most have no call's times.
    billed = facts.select(_billed()).to_series()
    kept = ("record_key", "kind", "answered", "duration_us", "quantity", "cli", "cld", "account_ref", "tenant_ref")
    return usage.with_columns(
        usage["defect_detail"].scatter(odd.arg_true(), details),
        *(pl.when(~is_unreadable).then(pl.col(name)).alias(name) for name in kept),
        start=pl.when(~is_unreadable).then(pl.coalesce("start", billed)),
    )


def _billed() -> pl.Expr:
    moment = pl.col("bill_time").str.to_datetime(TIME_FORMAT, time_unit="us", strict=False, time_zone="UTC")
    return pl.when(pl.col("no_usage").is_not_null()).then(moment)


def _detail() -> pl.Expr:
    at = pl.format("line {}, i_xdr {}", LINE, _shown("i_xdr"))
    service = pl.format("service {} {}", _shown("i_service"), _shown("service"))
    times = pl.format("connect_time {}, unix_connect_time {}", _shown("connect_time"), _shown("unix_connect_time"))
    ends = pl.format("disconnect after {} µs, used_quantity {}", "elapsed_us", _shown("used_quantity"))
    flags = pl.format("bit_flags {} says no direction of a call", _shown("bit_flags"))
    return (
        pl.when(pl.col("defect") == "unreadable")
        .then(pl.format("{}: {}", at, _unreadable()))
        .when(pl.col("no_usage").is_not_null())
        .then(pl.format("{}: {}", service, _shown("description")))
        .when(pl.col("defect") == "bad_time")
        .then(pl.format("{}: {} is no time from 1990 to 2099", at, times))
        .when((pl.col("defect") == "unknown_kind") & pl.col("is_voice"))
        .then(pl.format("{}: {}; see the setting calls_without_direction", at, flags))
        .when(pl.col("defect") == "unknown_kind")
        .then(pl.format("{}: {} is in none of the settings …_services", at, service))
        .otherwise(pl.format("{}: {} is no quantity", at, ends.fill_null("no quantity")))
    )


def _shown(column: str) -> pl.Expr:
    """The beginning of a value in quotes, safe to store."""
    start = pl.col(column).fill_null("").str.slice(0, _SHOWN).str.replace_all("\0", "\\0", literal=True)
    return pl.format("'{}'", start)
