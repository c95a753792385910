"""Whose usage is it? Tables in, tables out.

A way of matching answers with the accounts it finds for a record at its start. The connection says which ways are
tried, in order; the first that finds any decides. What records of an account look like at a connection is written down
as its marks (`customers.models.AccountMark`); another way is another function in WAYS.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from tollbook.customers.queries import Directory
from tollbook.errors import BadInput
from tollbook.records import INCOMING

# Records in (with `row`, `kind`, `start`, `cli`, `cld`, `account_ref` …), pairs of `row` and `account_id` out.
Way = Callable[[pl.DataFrame, Directory], pl.DataFrame]


def own_number() -> pl.Expr:
    """The number on our side: the CLI of outgoing usage, the DID called of incoming."""
    return pl.when(pl.col("kind").is_in(INCOMING)).then("cld").otherwise("cli")


def other_number() -> pl.Expr:
    """The number at the far end."""
    return pl.when(pl.col("kind").is_in(INCOMING)).then("cli").otherwise("cld")


def by_account(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account whose code the platform wrote in the record: of a code used again, whose it was at the start."""
    codes = directory.accounts.select("account_id", account_ref="account_code")
    shared = directory.shared_codes
    if not shared.is_empty():
        codes = codes.join(shared, on="account_ref", how="anti")
    pairs = records.select("row", "account_ref").join(codes, on="account_ref").select("row", "account_id")
    if shared.is_empty():
        return pairs
    by_time = records.select("row", "start", "account_ref").join(shared, on="account_ref")
    return pl.concat([pairs, by_time.filter(_holds("code_from", "code_until")).select("row", "account_id")])


def by_platform(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account that was linked to the platform's account at the start of the call."""
    pairs = records.select("row", "start", "account_ref").join(directory.links, on="account_ref")
    return pairs.filter(_holds("link_from", "link_until")).select("row", "account_id")


def by_extension(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account that the platform's account, an extension of a tenant, was a part of at the start of the call."""
    return _marked(records, directory, "account", "account_ref")


def by_trunk(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account whose trunk, peer or gateway the call came over."""
    return _marked(records, directory, "trunk", "trunk_ref")


def by_link(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account whose own file the record stood in."""
    return _marked(records, directory, "link", "account_ref")


def by_text(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account whose words stand, whole and in any case, in the name that is there in place of a number."""
    marks = directory.marks.filter(mark_kind="text")
    if marks.is_empty():
        return _NOBODY
    named = records.filter(pl.col("display_text").is_not_null())
    wanted = marks.select("mark_value", words=_words("mark_value")).unique()
    # All marks are looked for at once, in each name once: thousands of names and of marks are nothing much.
    stands = _words("display_text").str.extract_many(wanted["words"].unique().to_list(), overlapping=True)
    names = named.select("display_text").unique().with_columns(words=stands).explode("words")
    found = names.join(wanted, on="words").select("display_text", "mark_value").unique()
    return _marked(
        named.select("row", "start", "tenant_ref", "display_text").join(found, on="display_text"),
        directory,
        "text",
        "mark_value",
    )


def _words(name: str) -> pl.Expr:
    """The words of a text with one blank around each, so that "anna" is not found in "joanna"."""
    words = pl.col(name).str.to_lowercase().str.replace_all(r"[^\pL\pN]+", " ").str.strip_chars()
    return pl.format(" {} ", words)


def _marked(records: pl.DataFrame, directory: Directory, kind: str, column: str) -> pl.DataFrame:
    """Those whose mark of that kind the column has, at the start of the call, in the mark's tenant if it has one."""
    marks = directory.marks.filter(mark_kind=kind).select(
        "mark_tenant", "account_id", "mark_from", "mark_until", pl.col("mark_value").alias("\0value")
    )
    wanted = records.select("row", "start", "tenant_ref", pl.col(column).alias("\0value"))
    pairs = wanted.join(marks, on="\0value").filter(
        (pl.col("mark_tenant") == "") | (pl.col("mark_tenant") == pl.col("tenant_ref").fill_null(""))
    )
    return pairs.filter(_holds("mark_from", "mark_until")).select("row", "account_id")


def by_number(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account that had the number on our side at the start of the call."""
    return owners(records.select("row", "start", digits=own_number()), directory)


def far_owners(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """Whose the far end is: by its number, or as an extension of the same tenant; pairs of `row` and `account_id`."""
    found = owners(records.select("row", "start", digits=other_number()), directory)
    inside = records.filter(pl.col("kind") == "voice_local").with_columns(
        account_ref=pl.concat_str("cld", pl.format("@{}", "tenant_ref").fill_null(""))
    )
    if inside.is_empty():
        return found
    return pl.concat([found, by_platform(inside, directory), by_extension(inside, directory)])


def owners(numbers: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """Who had each number at that moment: `row`, `start`, `digits` in, pairs of `row` and `account_id` out."""
    pairs = numbers.join(directory.numbers, on="digits").filter(_holds("number_from", "number_until"))
    return pairs.select("row", "account_id")


def _holds(since: str, until: str) -> pl.Expr:
    """Whether the start lies in `[since, until)`, null being an open end."""
    begun = pl.col(since).is_null() | (pl.col(since) <= pl.col("start"))
    return begun & (pl.col(until).is_null() | (pl.col("start") < pl.col(until)))


# Their names are those of `connections.operations.WAYS`.
WAYS: Mapping[str, Way] = {
    "platform": by_platform,
    "extension": by_extension,
    "account": by_account,
    "number": by_number,
    "trunk": by_trunk,
    "link": by_link,
    "text": by_text,
}
_NOBODY = pl.DataFrame(schema={"row": pl.UInt32, "account_id": pl.Int64})


def match_accounts(
    records: pl.DataFrame, directory: Directory, ways: Sequence[str], *, pairs_customers: bool = False
) -> pl.DataFrame:
    """The records in their order, with what the directory knows of their account (ACCOUNTS), and `match_reason`.

    `match_reason` is null, or why there is no account: `no_account`, `ambiguous_account` (several), or
    `account_closed` (not active at the start). No record is dropped, none appears twice.

    `pairs_customers`: the platform's customers are paired with ours, so a record that names one (`tenant_ref`)
    must be of a customer paired with it: else it is `unpaired_customer` or `other_customer`.

    Raises:
        BadInput: an unknown way.
    """
    records = records.with_row_index("row")
    found = _first_way_that_finds(records, directory, ways)
    counted = found.group_by("row").agg(pl.col("account_id").first(), accounts=pl.col("account_id").n_unique())
    matched = records.join(counted, on="row", how="left", maintain_order="left").join(
        directory.accounts, on="account_id", how="left", maintain_order="left"
    )
    matched = matched.with_columns(
        paired=_paired(matched, directory.pairings) if pairs_customers else pl.lit(None, dtype=pl.String)
    )
    reason = (
        pl.when(pl.col("paired").is_not_null())
        .then("paired")
        .when(pl.col("accounts").is_null())
        .then(pl.lit("no_account"))
        .when(pl.col("accounts") > 1)
        .then(pl.lit("ambiguous_account"))
        .when(~_holds("account_from", "account_until"))
        .then(pl.lit("account_closed"))
    )
    matched = matched.with_columns(match_reason=reason)
    # Several accounts are as good as none: naming the first would be a guess. So would be somebody else's.
    is_nobodys = (pl.col("accounts") > 1) | pl.col("paired").is_not_null()
    return matched.with_columns(
        pl.when(is_nobodys).then(None).otherwise(pl.col(name)).alias(name) for name in directory.accounts.columns
    ).drop("accounts", "paired", "row")


def _paired(matched: pl.DataFrame, pairings: pl.DataFrame) -> pl.Series:
    """What is wrong with the platform's customer, row for row; null when nothing is, or the record names none."""
    named = matched.filter(pl.col("tenant_ref").is_not_null()).select("row", "start", "tenant_ref", "customer_id")
    pairs = named.join(pairings, on="tenant_ref").filter(_holds("paired_from", "paired_until"))
    fits = pl.col("customer_id").is_null() | (pl.col("customer_id") == pl.col("paired_customer_id"))
    by_row = pairs.group_by("row").agg(fits=fits.any())
    wrong = named.join(by_row, on="row", how="left").select(
        "row",
        wrong=pl.when(pl.col("fits").is_null())
        .then(pl.lit("unpaired_customer"))
        .when(~pl.col("fits"))
        .then(pl.lit("other_customer")),
    )
    return matched.select("row").join(wrong, on="row", how="left", maintain_order="left")["wrong"]


def _first_way_that_finds(records: pl.DataFrame, directory: Directory, ways: Sequence[str]) -> pl.DataFrame:
    found = _NOBODY
    open_records = records
    for way in ways:
        if way not in WAYS:
            raise BadInput(f"unknown way to find an account: {way!r}; ways are {', '.join(WAYS)}")
        pairs = WAYS[way](open_records, directory)
        found = pl.concat([found, pairs])
        if len(pairs) == 0:
            continue
        open_records = open_records.join(pairs, on="row", how="anti")
        if open_records.is_empty():
            break
    return found
