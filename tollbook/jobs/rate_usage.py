"""From records to prices: read the numbers, find the account, pick the tariff, ask the engine.

Everything here is tables in, tables out: what is needed of the database is read once into a `PriceBook`, so that a
batch can be prepared while the one before it is being written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from tollbook.catalog import queries as catalog
from tollbook.connections.models import Connection
from tollbook.connectors.base import Feature
from tollbook.connectors.registry import connector_class
from tollbook.customers.queries import Directory, directory
from tollbook.phone import RATEABLE, NumberRules, normalise
from tollbook.rating.engine import Tariff, compile_tariff, rate_calls
from tollbook.rating.frames import RATES, SET_ASIDE_REASONS, TariffSettings
from tollbook.records import INCOMING, UTC_TIME
from tollbook.usage.exclusions import Exclusion, excluded
from tollbook.usage.matching import far_owners, match_accounts

# A call before it is a mistake in the file, and would open a partition of its own.
EARLIEST_START = datetime.fromisoformat("1990-01-01T00:00:00+00:00")
# Where a version without a beginning stands among those with one: before them all.
FROM_EVER = datetime.min.replace(tzinfo=UTC)
# Clocks of switches run ahead a little; more than this is a mistake.
CLOCK_SKEW = timedelta(days=1)

# What is found out on the way to the outcome, and not needed once it is there.
WORKINGS = (
    *("defect", "is_emergency", "cld_class", "is_number_read", "known_reason"),
    *("match_reason", "account_code", "product_id", "account_from", "account_until"),
    *("tariff_reason", "tariff_id", "customer_currency", "customer_timezone"),
    "takes_platform_price",
)
# Compiled versions by id, kept by a process that rates often: a version never changes.
Compiled = dict[int, Tariff]
NO_RATES = compile_tariff(pl.DataFrame(schema=RATES), TariffSettings())


@dataclass
class PriceBook:
    """What prices depend on, as it stands at one moment. Tariffs are compiled when first needed, then kept."""

    directory: Directory
    products: pl.DataFrame
    product_tariffs: pl.DataFrame
    versions: pl.DataFrame
    pairs_customers: bool = False  # the platform's customers are paired with ours
    compiled: Compiled = field(default_factory=dict)

    @classmethod
    def current(cls, source: Connection, compiled: Compiled | None = None) -> "PriceBook":
        """As the database has it now, for usage of a connection. What is compiled joins what is given."""
        return cls(
            directory(source.pk),
            catalog.products(),
            catalog.product_tariffs(),
            catalog.tariff_versions(),
            compiled={} if compiled is None else compiled,
            pairs_customers=Feature.CUSTOMERS in connector_class(source.kind).offers,
        )

    def compile(self) -> None:
        """Compile every version that a product can lead to. Needs the database; what follows does not."""
        named = self.product_tariffs["tariff_id"].drop_nulls().unique().implode()
        for version_id in self.versions.filter(pl.col("tariff_id").is_in(named))["version_id"]:
            if version_id not in self.compiled:
                self.compiled[version_id] = catalog.compiled_version(version_id)

    def tariff(self, version_id: int | None) -> Tariff:
        """The compiled version. Without one the empty tariff, which still says unanswered calls are free."""
        return NO_RATES if version_id is None else self.compiled[version_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the records of a connection are read and matched."""

    rules: NumberRules
    ways: Sequence[str]  # to find the account, in order
    exclusions: Sequence[Exclusion] = ()

    @classmethod
    def of(cls, connection: Connection) -> "Reading":
        """As the connection has it now."""
        return cls(
            rules=NumberRules.from_mapping(connection.number_rules),
            ways=tuple(connection.match_by),
            exclusions=tuple(Exclusion(**one) for one in connection.exclusions),
        )


def rate_usage(records: pl.DataFrame, *, book: PriceBook, reading: Reading, received_at: datetime) -> pl.DataFrame:
    """USAGE in, the same rows in their order with account, tariff and VERDICT out.

    `cli` and `cld` come back as digits where the rules can read them, else as written; `cli_raw` and `cld_raw` keep
    what was written. `month` is the first day of the customer's month the call belongs to.
    """
    records = _sensible_times(records, received_at)
    records = _read_numbers(records, reading.rules)
    records = match_accounts(records, book.directory, reading.ways, pairs_customers=book.pairs_customers)
    records = _pick_tariff(records, book)
    takes_platform_price = pl.col("takes_platform_price").fill_null(value=False)
    records = records.with_columns(
        known_reason=pl.coalesce(
            "defect",
            excluded(records, reading.exclusions, country_code=reading.rules.country_code),
            pl.when(pl.col("is_emergency")).then(pl.lit("emergency")),
            "match_reason",
            pl.when(pl.col("tariff_reason") == "not_billed").then("tariff_reason"),  # nobody needs its number then
            # Nothing is looked up by its number when the platform has said the price.
            pl.when(~pl.col("is_number_read") & ~takes_platform_price).then(pl.lit("bad_number")),
            "tariff_reason",
            _on_net(records, book),
            pl.when(pl.col("currency") != pl.col("customer_currency")).then(pl.lit("currency_mismatch")),
            pl.when(takes_platform_price & (pl.col("platform_currency") != pl.col("currency"))).then(
                pl.lit("currency_mismatch")
            ),
        )
    )
    rated = _money_waits_for_its_owner(_priced(records, book))
    return rated.with_columns(month=_customer_month(book.directory)).drop(WORKINGS)


def _sensible_times(records: pl.DataFrame, received_at: datetime) -> pl.DataFrame:
    """A start long ago or in the future is no start: `bad_time`, with the value kept for a person to see."""
    is_absurd = (pl.col("start") < EARLIEST_START) | (pl.col("start") > received_at + CLOCK_SKEW)
    detail = pl.format("start {} is not between {} and now", "start", pl.lit(EARLIEST_START.date().isoformat()))
    return records.with_columns(
        defect=pl.when(is_absurd).then(pl.lit("bad_time")).otherwise("defect"),
        defect_detail=pl.when(is_absurd).then(detail).otherwise("defect_detail"),
        start=pl.when(is_absurd).then(None).otherwise("start"),
    )


def _read_numbers(records: pl.DataFrame, rules: NumberRules) -> pl.DataFrame:
    cli, cld = normalise(records["cli"], rules), normalise(records["cld"], rules)
    is_incoming = pl.col("kind").is_in(INCOMING)
    records = records.with_columns(
        cli_raw="cli",
        cld_raw="cld",
        cli=pl.coalesce(cli["digits"], records["cli"]),
        cld=pl.coalesce(cld["digits"], records["cld"]),
        cld_class=cld["number_class"],
    )
    # The number rated is the CLD for outgoing and the DID called for incoming usage: in a record both are the CLD.
    # An emergency number is one that somebody here dials.
    return records.with_columns(
        is_emergency=(pl.col("cld_class") == "emergency") & ~is_incoming,
        is_number_read=pl.col("cld_class").is_in(RATEABLE)
        | (pl.col("kind") == "data")
        | ((pl.col("kind") == "voice_local") & (pl.col("cld_class") == "extension")),
    )


def _pick_tariff(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """The version that prices the record: `version_id`, `currency`, `is_gross`; or `tariff_reason`.

    A tariff without a version at that time leaves them null: no rate, unless the call is free before that counts.
    """
    named = book.product_tariffs.with_columns(is_named=True)
    records = records.join(named, on=["product_id", "kind"], how="left", maintain_order="left")
    records = _version_in_force(records, book.versions)
    reason = (
        pl.when(pl.col("is_named").is_null())
        .then(pl.lit("no_tariff"))
        .when(pl.col("tariff_id").is_null())
        .then(pl.lit("not_billed"))
    )
    return records.with_columns(tariff_reason=reason).drop("is_named")


def _version_in_force(records: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Of the tariff's versions with `version_from` not after the start, the latest."""
    always = versions.with_columns(pl.col("version_from").fill_null(pl.lit(FROM_EVER)).cast(UTC_TIME))
    if versions["tariff_id"].is_unique().all():
        joined = records.join(always, on="tariff_id", how="left", maintain_order="left")
        too_early = pl.col("start") < pl.col("version_from")
        return joined.with_columns(
            pl.when(too_early).then(None).otherwise(pl.col("version_id")).alias("version_id")
        ).drop("version_from")
    in_order = records.with_row_index("row").sort("start")
    return (
        in_order.join_asof(
            always.sort("version_from"),
            left_on="start",
            right_on="version_from",
            by="tariff_id",
            check_sortedness=False,
        )
        .sort("row")
        .drop("row", "version_from")
    )


def _on_net(records: pl.DataFrame, book: PriceBook) -> pl.Expr:
    """`on_net` where both ends are ours and the product says that such calls are free."""
    if (book.products["on_net"] == "charged").all():
        return pl.lit(None, dtype=pl.String)
    rows = records.with_row_index("row")
    ends = far_owners(rows, book.directory).unique("row")
    far = rows.select("row", "product_id", "customer_id").join(ends, on="row", how="left", maintain_order="left")
    owner = book.directory.accounts.select("account_id", far_customer_id="customer_id")
    far = far.join(owner, on="account_id", how="left", maintain_order="left").join(
        book.products, on="product_id", how="left", maintain_order="left"
    )
    is_free = ((pl.col("on_net") == "operator") & pl.col("far_customer_id").is_not_null()) | (
        (pl.col("on_net") == "customer") & (pl.col("far_customer_id") == pl.col("customer_id"))
    )
    reasons = far.select(pl.when(is_free).then(pl.lit("on_net")).alias("reason"))["reason"]
    return pl.lit(reasons)


def _priced(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Each part of the table by its own version, in the order the rows came."""
    if records["version_id"].n_unique() == 1:
        return rate_calls(records, book.tariff(records["version_id"][0]))
    parts = records.with_row_index("row").partition_by("version_id", as_dict=True)
    priced = [rate_calls(part, book.tariff(version_id)) for (version_id,), part in parts.items()]
    return pl.concat(priced).sort("row").drop("row") if priced else rate_calls(records, book.tariff(None))


def _money_waits_for_its_owner(rated: pl.DataFrame) -> pl.DataFrame:
    """Nothing was talked, so nobody had to own it; but where the platform names a price, somebody pays or is paid.

    Their tariff decides whether that price counts, so until it is known the record waits.
    """
    is_money = (pl.col("platform_price_nanos") != 0).fill_null(value=False)
    is_open = pl.col("version_id").is_null() & pl.col("known_reason").is_in(SET_ASIDE_REASONS)
    waits = ((pl.col("reason") == "unanswered") & is_money & is_open).fill_null(value=False)
    if not rated.select(waits.any()).item():
        return rated
    return rated.with_columns(
        outcome=pl.when(waits).then(pl.lit("set_aside")).otherwise("outcome"),
        reason=pl.when(waits).then("known_reason").otherwise("reason"),
        **{name: pl.when(~waits).then(name) for name in ("billed", "price_nanos")},
    )


def _customer_month(directory: Directory) -> pl.Expr:
    """First day of the customer's month: 23:30 UTC on 30 June is July in Warsaw."""
    month = pl.lit(None, dtype=pl.Date)
    for zone in directory.accounts["customer_timezone"].unique():
        local = pl.col("start").dt.convert_time_zone(zone).dt.date().dt.month_start()
        month = pl.when(pl.col("customer_timezone") == zone).then(local).otherwise(month)
    return month
