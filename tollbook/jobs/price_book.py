"""What prices depend on, read once from the database; and records priced by what is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from tollbook.catalog import queries as catalog
from tollbook.connections.models import Connection
from tollbook.connectors.base import Feature
from tollbook.connectors.registry import connector_class
from tollbook.customers.queries import Directory, directory
from tollbook.customers.special_queries import special_tariffs
from tollbook.phone import NumberRules
from tollbook.rating.engine import Tariff, compile_tariff, rate_calls
from tollbook.rating.frames import CALLS, RATES, VERDICT, TariffSettings
from tollbook.records import UTC_TIME
from tollbook.usage.exclusions import Exclusion

# Where a version without a beginning stands among those with one: before them all.
FROM_EVER = datetime.min.replace(tzinfo=UTC)

# Compiled versions by id, kept by a process that rates often: a version never changes.
Compiled = dict[int, Tariff]
NO_RATES = compile_tariff(pl.DataFrame(schema=RATES), TariffSettings())


@dataclass(frozen=True, slots=True)
class ProductReading:
    """How a product reads the records of its accounts, where it says so."""

    number_rules: Mapping[str, Any]  # in place of the connection's
    exclusions: Sequence[Exclusion]  # besides the connection's


@dataclass
class PriceBook:
    """What prices depend on, as it stands at one moment. Tariffs are compiled when first needed, then kept."""

    directory: Directory
    products: pl.DataFrame
    product_tariffs: pl.DataFrame
    versions: pl.DataFrame
    pairs_customers: bool = False  # the platform's customers are paired with ours
    compiled: Compiled = field(default_factory=dict)
    # Special price lists (SPECIALS) by the column of their owner, the most specific first; only those there are.
    specials: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    product_readings: Mapping[int, ProductReading] = field(default_factory=dict)

    @classmethod
    def current(cls, source: Connection, compiled: Compiled | None = None) -> "PriceBook":
        """As the database has it now, for usage of a connection. What is compiled joins what is given."""
        specials = {**special_tariffs(), "product_id": catalog.product_specials()}
        return cls(
            directory(source.pk),
            catalog.products(),
            catalog.product_tariffs(),
            catalog.tariff_versions(),
            compiled={} if compiled is None else compiled,
            pairs_customers=Feature.CUSTOMERS in connector_class(source.kind).offers,
            specials={owner: lists for owner, lists in specials.items() if not lists.is_empty()},
            product_readings={
                product.pk: ProductReading(
                    product.number_rules, tuple(Exclusion(**one) for one in product.exclusions)
                )
                for product in catalog.products_with_reading()
            },
        )

    def compile(self) -> None:
        """Compile every version that a record can be led to. Needs the database; what follows does not."""
        lists = [self.product_tariffs, *self.specials.values()]
        named = pl.concat([one["tariff_id"] for one in lists]).drop_nulls().unique().implode()
        for version_id in self.versions.filter(pl.col("tariff_id").is_in(named))["version_id"]:
            catalog.compiled_version(version_id, self.compiled)

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


def version_in_force(records: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """The records with what VERSIONS says of the version of their `tariff_id` in force at their start.

    It is the one of those with `version_from` not after the start that began last; without one `version_id` is null.
    """
    always = versions.with_columns(pl.col("version_from").fill_null(pl.lit(FROM_EVER)).cast(UTC_TIME))
    if versions["tariff_id"].is_unique().all():
        joined = records.join(always, on="tariff_id", how="left", maintain_order="left")
        too_early = pl.col("start") < pl.col("version_from")
        return joined.with_columns(
            pl.when(too_early).then(None).otherwise(pl.col("version_id")).alias("version_id")
        ).drop("version_from")
    in_order = records.with_row_index("place_among").sort("start")
    return (
        in_order.join_asof(
            always.sort("version_from"),
            left_on="start",
            right_on="version_from",
            by="tariff_id",
            check_sortedness=False,
        )
        .sort("place_among")
        .drop("place_among", "version_from")
    )


def price_by_version(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Each part of the table by its own `version_id`, in the order the rows came."""
    if records["version_id"].n_unique() == 1:
        return rate_calls(records, book.tariff(records["version_id"][0]))
    # What is only carried along stays where it is: a batch has many more columns than the engine reads.
    read = [name for name in (*CALLS, "platform_price_nanos", "version_id") if name in records.columns]
    parts = records.select(read).with_row_index("place_among").partition_by("version_id", as_dict=True)
    verdicts = [
        rate_calls(part, book.tariff(version_id)).select("place_among", *VERDICT.names())
        for (version_id,), part in parts.items()
    ]
    if not verdicts:
        return rate_calls(records, book.tariff(None))
    return records.with_columns(pl.concat(verdicts).sort("place_among").drop("place_among"))
