"""Which way a call went, and whose it is. Kamailio writes down what its script says: numbers, users or whole URIs."""

import ipaddress

import polars as pl

from tollbook.connectors.kamailio.options import Options

WORDS = {
    **dict.fromkeys(("out", "outbound", "outgoing", "originating"), "voice_out"),
    **dict.fromkeys(("in", "inbound", "incoming", "terminating"), "voice_in"),
    **dict.fromkeys(("local", "internal"), "voice_local"),
}


def with_sides(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Adds `kind`, `cli`, `cld`, `account_ref`, `tenant_ref` and `trunk_ref`.

    The direction is what the script wrote; else in when the call came from a carrier (`inbound_from`), local when it
    was for one of ours (`local_callees`), and out: who calls is a customer of the proxy.
    """
    rows = rows.with_columns(
        cli=_user("caller"),
        cld=_user("callee"),
        account_user=_user("account"),
        trunk_ref=pl.coalesce("trunk", "source"),
        is_from_carrier=_is_from_carrier(rows, options),
    )
    word = pl.col("direction").str.to_lowercase()
    pattern = f"^(?:{options.local_callees})$" if options.local_callees else ""
    is_local = pl.col("cld").str.contains(pattern).fill_null(value=False) if pattern else pl.lit(value=False)
    rows = rows.with_columns(
        kind=pl.when(word.is_not_null())
        .then(word.replace_strict(WORDS, default=None, return_dtype=pl.String))
        .when("is_from_carrier")
        .then(pl.lit("voice_in"))
        .when(is_local)
        .then(pl.lit("voice_local"))
        .otherwise(pl.lit("voice_out"))
    )
    is_in = pl.col("kind") == "voice_in"
    own = pl.when(is_in).then("cld").otherwise(pl.coalesce("account_user", "cli"))
    own_domain = (
        pl.when(is_in).then(_domain("callee")).otherwise(pl.coalesce(_domain("account"), _domain("caller")))
    )
    domain = pl.coalesce("domain", own_domain) if options.with_domain else pl.lit(None, dtype=pl.String)
    rows = rows.with_columns(own=own, tenant_ref=domain)
    named = pl.when(pl.col("tenant_ref").is_null()).then("own").otherwise(pl.format("{}@{}", "own", "tenant_ref"))
    return rows.with_columns(account_ref=named)


def _is_from_carrier(rows: pl.DataFrame, options: Options) -> pl.Series:
    """Looked up once for each source and trunk that is different."""

    def is_carrier(name: str) -> bool:
        if name.lower() in options.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return any(address in network for network in options.networks)

    found = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    for name in ("source", "trunk"):
        known = rows[name].unique().drop_nulls().to_list()
        answers = pl.Series([is_carrier(one) for one in known], dtype=pl.Boolean)
        found |= rows[name].replace_strict(known, answers, default=False, return_dtype=pl.Boolean)
    return found


def _bare(name: str) -> pl.Expr:
    """A URI without its scheme and what stands before it; other texts as they are."""
    return pl.col(name).str.replace(r"(?i)^.*?\b(?:sips?|tel):", "")


def _user(name: str) -> pl.Expr:
    return _bare(name).str.extract(r"^([^@;>:]+)", 1)


def _domain(name: str) -> pl.Expr:
    return _bare(name).str.extract(r"@(\[[^\]]+\]|[^:;>?]+)", 1)
