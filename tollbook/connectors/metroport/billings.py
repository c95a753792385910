"""Metroport's billing records as usage records. Tables in, tables out.

Every row in is a row out. What cannot be understood has a `defect`; `defect_detail` says which field, and what to do.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TypeVar

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US, MAX_QUANTITY, scaled
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.metroport.mapping import NATIONAL_DIGITS
from tollbook.connectors.metroport.options import TYPES, Options
from tollbook.money import MAX_DECIMALS, nanos_of
from tollbook.records import USAGE, UTC_TIME, conform

LEAST_VAT, MOST_VAT = Decimal("1.00"), Decimal("1.50")  # what net may be multiplied by
MAX_PRICE = Decimal(10_000_000)  # of one record
_ROUTE = r"^D\d(\d+)$"  # a routing prefix in front of a number
_ID = r"^\d{1,30}$"
_COUNTED = {"call": "duration", "video": "duration", "sms": "msg", "mms": "msg", "data": "datatransfer"}
_KINDS = {"call": "voice", "video": "video", "sms": "sms", "mms": "mms"}
_TEXTS = ("cli", "cld", "account_ref", "tenant_ref")
_SECOND_US = 1_000_000
_SHOWN_CHARACTERS = 60
T = TypeVar("T")


def usage_of(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Rows as `reading` gives them (all fields as text) in, USAGE out."""
    names = [name for name in rows.columns if name not in {"line", "text"}]
    rows = rows.with_columns(pl.col(names).str.strip_chars())
    rows = rows.with_columns(_type(options), *_ends(options))
    rows = rows.with_columns(_kind(), *_numbers())
    rows = rows.with_columns(
        _start(options),
        _amount(rows, options),
        nanos=_per_distinct(rows["retail_totalnetto"], _price_nanos, pl.Int64),
        is_vat=_per_distinct(rows["retail_vat"], _is_vat, pl.Boolean),
    )
    rows = rows.with_columns(_defect(options), pl.col("nanos").lt(0).fill_null(value=False).alias("is_negative"))
    rows = rows.with_columns(_detail(options))
    # A correction takes money back; it is no second call.
    amount = pl.when("is_negative").then(0).otherwise(pl.col("amount"))
    is_time = pl.col("traffic").is_in(["call", "video"])
    is_record = pl.col("defect").ne_missing("unreadable")
    usage = rows.with_columns(
        record_key=_record_key(),
        answered=pl.lit(value=True),
        duration_us=pl.when(is_time).then(amount),
        quantity=pl.when(~is_time).then(amount),
        trunk_ref=pl.lit(None, dtype=pl.String),
        display_text=pl.lit(None, dtype=pl.String),
        platform_price_nanos=pl.col("nanos"),
        platform_currency=pl.when(pl.col("nanos").is_not_null()).then(pl.lit(options.currency)),
    )
    cleared = ("kind", "answered", "duration_us", "quantity", *_TEXTS, "platform_price_nanos", "platform_currency")
    return conform(usage.with_columns(pl.when(is_record).then(name).alias(name) for name in cleared), USAGE)


def _type(options: Options) -> pl.Expr:
    """The traffic type: as the setting says of its id or its word, else as Metroport listed it."""
    word = pl.col("type").str.to_lowercase()
    said = [pl.col("traffic_types_id"), word]
    known = options.traffic_types
    found = [one.replace_strict(known, default=None, return_dtype=pl.String) for one in said if known]
    return pl.coalesce(*found, word).alias("traffic")


def _ends(options: Options) -> list[pl.Expr]:
    """The subscriber's own number, and both ends as they are dialled: without plus and routing prefix."""
    national = pl.col("ano")
    own = pl.when(national.str.len_chars() == NATIONAL_DIGITS).then(pl.lit(options.country_code) + national)
    ends = (
        pl.col(name).str.strip_prefix("+").str.replace(_ROUTE, "$1").replace("", None).alias(f"{name}_end")
        for name in ("src", "dst")
    )
    return [own.otherwise(national).replace("", None).alias("own"), *ends]


def _kind() -> pl.Expr:
    """Outgoing is what has the subscriber's own number as its source; data have no direction."""
    is_out = pl.col("src_end").eq_missing(pl.col("own"))
    directed = pl.col("traffic").replace_strict(_KINDS, default=None, return_dtype=pl.String)
    directed = directed + pl.when(is_out).then(pl.lit("_out")).otherwise(pl.lit("_in"))
    return pl.when(pl.col("traffic") == "data").then(pl.lit("data")).otherwise(directed).alias("kind")


def _numbers() -> list[pl.Expr]:
    """Of data, the subscriber is the CLI and the access point the CLD, whichever way round they came."""
    is_data, own = pl.col("traffic") == "data", pl.col("own")
    is_turned = is_data & pl.col("dst_end").eq_missing(own)
    asked = pl.col("asked").replace("", None)
    return [
        pl.when(is_data).then(pl.coalesce(own, "src_end")).otherwise("src_end").alias("cli"),
        pl.when(is_turned).then("src_end").otherwise("dst_end").alias("cld"),
        own.alias("account_ref"),
        pl.coalesce(pl.col("userid").replace({"": None, "0": None}), asked).alias("tenant_ref"),
    ]


def _start(options: Options) -> pl.Expr:
    """UTC of the zone's wall clock. In the hour that autumn repeats it is the first of the two."""
    written = pl.col("calldate").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    local = written.dt.replace_time_zone(options.zone.key, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC").cast(UTC_TIME).alias("start")


def _amount(rows: pl.DataFrame, options: Options) -> pl.Series:
    """Microseconds, messages or bytes, as the type counts them; null where that is no number or no such quantity."""
    counted = rows["traffic"].replace_strict(_COUNTED, default=None, return_dtype=pl.String)
    said = rows["billingfield"].str.to_lowercase()
    fits = said.is_null() | (said == "") | (said == counted)
    amount = pl.Series("amount", [None], dtype=pl.Int64).new_from_index(0, rows.height)
    for field, scale, most in (
        ("duration", _SECOND_US, MAX_DURATION_US),
        ("datatransfer", options.data_unit_bytes, MAX_QUANTITY),
        ("msg", 1, MAX_QUANTITY),
    ):
        read = scaled(rows[field].fill_null(""), scale, round_up=field != "msg", decimal_comma=True)
        amount = amount.zip_with(
            ~((counted == field) & fits & read.is_between(0, most)).fill_null(value=False), read
        )
    return amount


def _per_distinct(texts: pl.Series, read: Callable[[str], T], dtype: type[pl.DataType]) -> pl.Series:
    """What each text means, read once for each that is different. Nothing stays nothing."""
    known = texts.unique().drop_nulls().to_list()
    values = pl.Series([read(text) for text in known], dtype=dtype)
    return texts.replace_strict(known, values, default=None, return_dtype=dtype)


def _price_nanos(text: str) -> int | None:
    amount = _decimal(text)
    if amount is None or abs(amount) > MAX_PRICE:
        return None
    # A platform that calculates in binary fractions may write 0.30000000000000004.
    return nanos_of(amount.quantize(Decimal(1).scaleb(-MAX_DECIMALS), ROUND_HALF_UP))


def _is_vat(text: str) -> bool:
    multiplier = _decimal(text)
    return text == "" or (multiplier is not None and LEAST_VAT <= multiplier <= MOST_VAT)


def _decimal(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _record_key() -> pl.Expr:
    """Metroport's id. What has none is told by what it says, so that it is the same one when it comes again."""
    id = pl.col("id").str.replace(r"^0+(\d)", "$1")
    content = pl.coalesce(
        "text", pl.concat_str("asked", "src", "dst", "calldate", separator="|", ignore_nulls=True)
    )
    return pl.when(_has_id()).then(id).otherwise(pl.lit("no id: ") + content)


def _has_id() -> pl.Expr:
    return pl.col("id").str.contains(_ID).fill_null(value=False)


def _is_price_bad() -> pl.Expr:
    return pl.col("retail_totalnetto").replace("", None).is_not_null() & pl.col("nanos").is_null()


def _too_long() -> pl.Expr:
    """The name of a text that no index could hold, if there is one."""
    return pl.coalesce(
        pl.when(pl.col(name).str.len_bytes() > MAX_TEXT_BYTES).then(pl.lit(name)) for name in _TEXTS
    )


def _defect(options: Options) -> pl.Expr:
    is_vat_bad = ~pl.col("is_vat").fill_null(value=True) if options.checks_vat else pl.lit(value=False)
    is_unreadable = ~_has_id() | _is_price_bad() | is_vat_bad | _too_long().is_not_null()
    is_adjustment = pl.lit(not options.is_credit) & (pl.col("nanos") < 0)
    return pl.coalesce(
        pl.when(is_unreadable).then(pl.lit("unreadable")),
        pl.when(is_adjustment).then(pl.lit("adjustment")),
        pl.when(pl.col("start").is_null()).then(pl.lit("bad_time")),
        pl.when(pl.col("kind").is_null()).then(pl.lit("unknown_kind")),
        pl.when(pl.col("amount").is_null()).then(pl.lit("bad_quantity")),
    ).alias("defect")


def _detail(options: Options) -> pl.Expr:
    """For a person: field, value, what to do."""
    text = "no record: {}"
    no_id = "id {} is no number"
    price = f"retail_totalnetto {{}} is no price up to {MAX_PRICE:,}"
    vat = (
        f"retail_vat {{}} is no multiplier from {LEAST_VAT} to {MOST_VAT}, so it is not certain what the price means; "
        "if the net price is right, set vat_check to no and read the run again"
    )
    too_long = f"{{}} is longer than {MAX_TEXT_BYTES} bytes"
    start = f"calldate {{}} is no time that exists in {options.zone.key}"
    kind = (
        f"traffic_types_id {{}} is none of {', '.join(TYPES)} in Metroport's list (it says {{}}); say what it is by "
        "the setting traffic_types, as 99=call, and read the run again"
    )
    amount = "billingfield {} of type {} has no quantity: duration {}, datatransfer {}, msg {}"
    is_unreadable = pl.col("defect") == "unreadable"
    said = (
        pl.when(pl.col("text").is_not_null())
        .then(_said(text, "text"))
        .when(is_unreadable & ~_has_id())
        .then(_said(no_id, "id"))
        .when(is_unreadable & _is_price_bad())
        .then(_said(price, "retail_totalnetto"))
        .when(is_unreadable & _too_long().is_not_null())
        .then(pl.format(too_long, _too_long()))
        .when(is_unreadable)
        .then(_said(vat, "retail_vat"))
        .when(pl.col("defect") == "adjustment")
        .then(
            _said(
                "retail_totalnetto {} takes money back, and corrections are set to adjustment", "retail_totalnetto"
            )
        )
        .when(pl.col("defect") == "bad_time")
        .then(_said(start, "calldate"))
        .when(pl.col("defect") == "unknown_kind")
        .then(_said(kind, "traffic_types_id", "type"))
        .when(pl.col("defect") == "bad_quantity")
        .then(_said(amount, "billingfield", "traffic", "duration", "datatransfer", "msg"))
    )
    return said.alias("defect_detail")


def _said(sentence: str, *columns: str) -> pl.Expr:
    """The sentence with values in quotes, safe to store: their beginnings, without NUL and line ends."""
    shown = [
        pl.col(name).fill_null("").str.slice(0, _SHOWN_CHARACTERS).str.replace_all(r"[\x00-\x1f]", " ")
        for name in columns
    ]
    return pl.format(sentence.replace("{}", "'{}'"), *shown)
