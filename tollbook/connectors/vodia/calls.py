"""Calls as REST lists them, as usage records. Tables in, tables out.

A record has no direction, no duration and no price: `directory` says which of its ends is ours. Every row in is a row
out; what cannot be understood has a `defect`, and `defect_detail` says which field, and what to do.
"""

from collections.abc import Sequence

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US, scaled
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.vodia.directory import accounts_table, dids_table, names_table
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import Tenant
from tollbook.records import USAGE, UTC_TIME, conform, table

FIELDS = ("id", "call_id", "from", "to", "start", "connect", "end", "extensions", "trunks")
_TENANTS = table({"tenant": pl.Int64, "tenant_ref": pl.String})
_SECOND_US = 1_000_000
_SHOWN_CHARACTERS = 60
_TEXTS = ("cli", "cld", "account_ref", "trunk_ref", "display_text")
_NUMBER = r"^[+(]?[0-9*#][0-9*#().\- ]*$"
_LATEST_US = 4_102_444_800 * _SECOND_US  # 2100


def usage_of(rows: pl.DataFrame, tenants: Sequence[Tenant], options: Options) -> pl.DataFrame:
    """FIELDS as text with `line`, `tenant` (a place among `tenants`) and `key` in, USAGE out."""
    names = pl.DataFrame([(at, one.name) for at, one in enumerate(tenants)], schema=_TENANTS, orient="row")
    rows = rows.join(names, on="tenant", how="left", maintain_order="left")
    rows = rows.with_columns(*_parties("from"), *_parties("to"), *_ids())
    rows = _known(rows, tenants, options)
    rows = rows.with_columns(_kind(options))
    rows = rows.with_columns(_account(), *_times(rows))
    rows = rows.with_columns(*_ends(options), duration_us=_duration())
    rows = rows.with_columns(_defect(options))
    is_readable = pl.col("defect").ne_missing("unreadable")
    usage = rows.with_columns(
        _record_key(options),
        _detail(options),
        start="start_at",
        quantity=pl.lit(None, dtype=pl.Int64),
        trunk_ref=_at_tenant(pl.col("trunk_ids").list.first()),
        platform_price_nanos=pl.lit(None, dtype=pl.Int64),
        platform_currency=pl.lit(None, dtype=pl.String),
    )
    return conform(usage.with_columns(pl.when(is_readable).then(name).alias(name) for name in _TEXTS), USAGE)


def _parties(side: str) -> list[pl.Expr]:
    """Of `"Name" <sip:200@tenant>`: what stands before the @, the name, and the digits if it is a number."""
    told = pl.col(side).str.strip_chars()
    uri = told.str.extract(r"(?i)^(?:.*<)?\s*(?:sips?|tel):([^@;>?]+)", 1)
    user = pl.coalesce(uri, pl.when(~told.str.contains("[<>]")).then(told)).str.replace_all("(?i)%2b", "+")
    user = user.str.strip_chars().replace("", None)
    quoted = told.str.extract(r'^"((?:[^"\\]|\\.)*)"', 1).str.replace_all(r"\\(.)", "$1")
    name = pl.coalesce(quoted, told.str.extract(r'^([^"<]*)<', 1)).str.strip_chars().replace("", None)
    digits = pl.when(user.str.contains(_NUMBER)).then(user.str.replace_all(r"[^0-9*#]", ""))
    return [
        user.alias(f"{side}_user"),
        name.alias(f"{side}_name"),
        digits.replace("", None).alias(f"{side}_digits"),
    ]


def _ids() -> list[pl.Expr]:
    return [
        pl.col(name).list.drop_nulls().list.unique(maintain_order=True).alias(alias)
        for name, alias in (("trunks", "trunk_ids"), ("extensions", "account_ids"))
    ]


def _known(rows: pl.DataFrame, tenants: Sequence[Tenant], options: Options) -> pl.DataFrame:
    """Of both ends the account and the DID; the account that has the called name; the first extension on the call."""
    accounts, dids = accounts_table(tenants, options), dids_table(tenants)
    for side in ("from", "to"):
        own = accounts.select(
            "tenant",
            pl.col("number").alias(f"{side}_user"),
            pl.col("number").alias(f"{side}_account"),
            pl.col("did").alias(f"{side}_account_did"),
        )
        rows = rows.join(own, on=["tenant", f"{side}_user"], how="left", maintain_order="left")
        called = dids.select(
            "tenant",
            pl.col("digits").alias(f"{side}_digits"),
            pl.col("did").alias(f"{side}_did"),
            pl.col("account").alias(f"{side}_did_account"),
        )
        rows = rows.join(called, on=["tenant", f"{side}_digits"], how="left", maintain_order="left")
    shown = pl.coalesce("to_name", "to_user").str.to_lowercase()
    rows = rows.with_columns(pl.when(pl.col("to_digits").is_null()).then(shown).alias("shown"))
    named = names_table(tenants).rename({"account": "named_account"})
    rows = rows.join(named, on=["tenant", "shown"], how="left", maintain_order="left")
    rows = rows.join(_extensions_on(rows, accounts), on="line", how="left", maintain_order="left")
    dids_of = accounts.select("tenant", called_by_name="number", named_did="did")
    rows = rows.with_columns(
        called_by_name=pl.coalesce("named_account", pl.when(pl.col("extensions_on") == 1).then("extension_on"))
    )
    return rows.join(dids_of, on=["tenant", "called_by_name"], how="left", maintain_order="left")


def _extensions_on(rows: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """How many extensions took part in each call, and the first of them; calls without any are left out."""
    extensions = accounts.filter("is_extension").select("tenant", extension_on="number")
    members = rows.select("line", "tenant", extension_on="account_ids").explode("extension_on")
    found = members.join(extensions, on=["tenant", "extension_on"], maintain_order="left")
    return found.group_by("line", maintain_order=True).agg(pl.col("extension_on").first(), extensions_on=pl.len())


def _kind(options: Options) -> pl.Expr:
    """A number outside was called, or called us, or everything stayed inside. See the rules in the documentation."""
    has_trunk = pl.col("trunk_ids").list.len().fill_null(0) > 0
    from_account, from_own, to_own = (
        _is("from_account"),
        _is("from_account", "from_did"),
        _is("to_account", "to_did"),
    )
    outside = [
        (pl.col(f"{side}_digits").str.len_chars() > options.extension_digits).fill_null(value=False) & ~own
        for side, own in (("from", from_own), ("to", to_own))
    ]
    is_inside = ~has_trunk & ~outside[0] & ~outside[1]
    return (
        pl.when(pl.col("tenant_ref").is_null())
        .then(None)
        .when(is_inside)
        .then(pl.lit("voice_local"))
        .when(from_account | (from_own & ~to_own))
        .then(pl.lit("voice_out"))
        .otherwise(pl.lit("voice_in"))
        .alias("kind")
    )


def _is(*columns: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).is_not_null() for name in columns)


def _is_incoming() -> pl.Expr:
    return pl.col("kind").eq_missing("voice_in")


def _account() -> pl.Expr:
    """The account that called; of incoming calls the one called: its number, its DID, its name."""
    calling = pl.coalesce("from_account", "from_did_account", "extension_on")
    called = pl.coalesce("to_account", "to_did_account", "called_by_name")
    has_no_number = pl.col("to_digits").is_null() | _is("to_account", "to_did_account")
    whose = pl.when(~_is_incoming()).then(calling).when(has_no_number).then(called)
    return _at_tenant(whose).alias("account_ref")


def _at_tenant(id: pl.Expr) -> pl.Expr:
    return pl.when(id.is_not_null()).then(pl.concat_str(id, pl.lit("@"), "tenant_ref"))


def _ends(options: Options) -> list[pl.Expr]:
    """CLI and CLD as written. Of an incoming call that shows an account or a name, the CLD is its DID."""
    unknown = pl.lit(options.unknown_did or None, dtype=pl.String)
    called = (
        pl.when(_is("to_account"))
        .then(pl.coalesce("to_account_did", unknown, "to_user"))
        .when(pl.col("to_digits").is_not_null())
        .then("to_user")
        .otherwise(pl.coalesce("named_did", unknown))
    )
    is_name_called = pl.col("to_digits").is_null()
    is_name_calling = pl.col("from_digits").is_null()
    return [
        pl.when(is_name_calling & _is_incoming()).then(None).otherwise("from_user").alias("cli"),
        pl.when(_is_incoming()).then(called).otherwise("to_user").alias("cld"),
        pl.when(_is_incoming() & is_name_called)
        .then(pl.coalesce("to_name", "to_user"))
        .when(~_is_incoming() & is_name_calling)
        .then(pl.coalesce("from_name", "from_user"))
        .alias("display_text"),
    ]


def _times(rows: pl.DataFrame) -> list[pl.Series | pl.Expr]:
    """Unix seconds with fractions, as text or as numbers; exact microseconds."""
    read = {
        name: scaled(rows[name].fill_null("").str.strip_chars(), _SECOND_US, round_up=True)
        for name in ("start", "connect", "end")
    }
    begun = read["start"].to_frame().select(pl.when(pl.col("start").is_between(1, _LATEST_US)).then("start"))
    return [
        begun["start"].cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC_TIME).alias("start_at"),
        read["connect"].alias("connect_us"),
        read["end"].alias("end_us"),
        (rows["connect"].fill_null("").str.strip_chars().str.strip_chars("0.") != "").alias("answered"),
    ]


def _duration() -> pl.Expr:
    talked = pl.when("answered").then(pl.col("end_us") - pl.col("connect_us")).otherwise(0)
    return pl.when(talked.is_between(0, MAX_DURATION_US)).then(talked)


def _record_key(options: Options) -> pl.Expr:
    """An id with the second of its call's start: a PBX that counts anew would replace old calls by its new ones."""
    id = pl.col(options.key_field).str.strip_chars().replace("", None)
    begun = pl.lit("")
    if options.key_field == "id":
        begun = pl.col("start_at").dt.strftime(" %Y-%m-%dT%H:%M:%SZ").fill_null("")
    known = pl.concat_str(id, pl.lit("@"), pl.col("tenant_ref").fill_null(""), begun)
    return pl.coalesce(known, "key").alias("record_key")


def _is_forwarded(options: Options) -> pl.Expr:
    """It came in by one trunk and went out by another; to which number, the record does not say."""
    if options.bills_forwarded:
        return pl.lit(value=False)
    return _is_incoming() & (pl.col("trunk_ids").list.len() > 1).fill_null(value=False)


def _too_long() -> pl.Expr:
    """The name of a text that no index could hold, if there is one."""
    return pl.coalesce(
        pl.when(pl.col(name).str.len_bytes() > MAX_TEXT_BYTES).then(pl.lit(name))
        for name in ("cli", "cld", "account_ref", "display_text", "call_id")
    )


def _is_idless(options: Options) -> pl.Expr:
    return pl.col(options.key_field).str.strip_chars().replace("", None).is_null()


def _defect(options: Options) -> pl.Expr:
    return pl.coalesce(
        pl.when(_is_idless(options) | _too_long().is_not_null()).then(pl.lit("unreadable")),
        pl.when(pl.col("start_at").is_null()).then(pl.lit("bad_time")),
        pl.when(pl.col("kind").is_null() | _is_forwarded(options)).then(pl.lit("unknown_kind")),
        pl.when(pl.col("duration_us").is_null()).then(pl.lit("bad_quantity")),
    ).alias("defect")


def _detail(options: Options) -> pl.Expr:
    """For a person: field, value, what to do."""
    no_note = "there is no note of its tenant before the record, so it is not known which way the call went"
    forwarded = (
        "trunks {}: it came in by one and went out by another, and to which number is not in the record; have calls "
        "pushed, or set forwarded to in and read the run again"
    )
    is_unreadable = pl.col("defect") == "unreadable"
    said = (
        pl.when(is_unreadable & _is_idless(options))
        .then(
            _said(
                f"{options.key_field} {{}} is empty; record_key says which field tells records apart",
                options.key_field,
            )
        )
        .when(is_unreadable)
        .then(pl.format("{} is longer than {} bytes", _too_long(), pl.lit(MAX_TEXT_BYTES)))
        .when(pl.col("defect") == "bad_time")
        .then(_said("start {} is no number of seconds since 1970", "start"))
        .when((pl.col("defect") == "unknown_kind") & pl.col("kind").is_null())
        .then(pl.lit(no_note))
        .when(pl.col("defect") == "unknown_kind")
        .then(pl.format(forwarded, pl.col("trunk_ids").list.join(", ")))
        .when(pl.col("defect") == "bad_quantity")
        .then(_said("connect {} and end {} give no duration from 0 to 366 days", "connect", "end"))
    )
    return said.alias("defect_detail")


def _said(sentence: str, *columns: str) -> pl.Expr:
    """The sentence with values in quotes, safe to store: their beginnings, without NUL and line ends."""
    shown = [
        pl.col(name).fill_null("").str.slice(0, _SHOWN_CHARACTERS).str.replace_all(r"[\x00-\x1f]", " ")
        for name in columns
    ]
    return pl.format(sentence.replace("{}", "'{}'"), *shown)
