"""How the numbers of a connection are written, read again from the evidence: what was charged keeps only its digits.

What products with number rules of their own read is judged by those, and is no reason to change the connection's.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from tollbook.catalog.queries import products_with_reading
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector
from tollbook.customers.queries import frequent_countries
from tollbook.database import copy_out
from tollbook.errors import BadInput
from tollbook.jobs.import_usage import READ_ROWS
from tollbook.phone import NumberRules
from tollbook.phone.plans import calling_codes, main_country
from tollbook.usage.evidence import evidence_path
from tollbook.usage.models import ImportRun, RunState
from tollbook.usage.number_doubt import Elsewhere, dialled_elsewhere
from tollbook.usage.number_fix import Fix, best_fix
from tollbook.usage.quality import JUDGED, Quality, added_up, by_class, judge, numbers_written
from tollbook.usage.queries import lines_that_stand

MOST_COUNTRIES = 3  # of the customers, and as many of the numbers, that the connection's may be among
MOST_NEIGHBOURS = 20  # countries of customers and products whose people may dial as at home
ADD_UP_EVERY = 4  # batches, so that few millions of rows are held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberQuality:
    """What `number_quality` found."""

    classes: pl.DataFrame  # as `usage.quality.by_class`
    records: int  # numbers as often as they occur
    wanting: int  # of them those that cannot be read, or are unlikely
    left_out: int  # of numbers too rare to be looked at
    country: str  # ours, of which local numbers are; "" = not known
    fix: Fix | None  # of the connection's rules, by the numbers that these read
    by_products: int  # numbers that were read by rules of products
    wanting_by_products: int  # of them those that are wanting
    elsewhere: (
        Elsewhere | None
    )  # what the connection's rules leave, with the fix, and another country's would read
    unread: tuple[str, ...]  # imports whose evidence could not be read as the connection is set up now


def number_quality(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None, country: str = ""
) -> NumberQuality:
    """Judge the numbers of all records that count and begin in `[since, until)`. Changes nothing.

    `country`: whose numbers they are if the connection's rules do not say; else that of most customers.

    Raises:
        BadInput: there is no such country.
    """
    rules = NumberRules.from_mapping(connection.number_rules)
    said = _products_rules()
    parts: dict[str, list[pl.DataFrame]] = {"": []}
    unread: list[str] = []
    left_out = 0
    with closing(open_connector(connection)) as connector:
        for run in connection.runs.exclude(state=RunState.UNDONE).select_related("evidence").order_by("pk"):
            try:
                for key, part in _written(connector, run, since, until, said):
                    held = parts.setdefault(key, [])
                    held.append(part)
                    if len(held) >= ADD_UP_EVERY:
                        whole, dropped = added_up(held)
                        parts[key], left_out = [whole], left_out + dropped
            except BadInput as error:
                unread.append(f"run {run.pk}: {error}")
    written = {}
    for key, held in parts.items():
        written[key], dropped = added_up(held)
        left_out += dropped
    countries = frequent_countries(MOST_COUNTRIES)
    ours = rules.country or country.upper() or next(iter(countries), "")
    home = NumberRules.for_country(ours).country_code if ours else ""
    judged = _judge(written.pop(""), rules, home=home)
    apart = [_judge(numbers, _own_rules(rules, key), home=home) for key, numbers in written.items()]
    by_products = pl.concat([pl.DataFrame(schema=JUDGED), *apart])
    likely = list(dict.fromkeys([*filter(None, [ours]), *countries, *_countries_of(judged)]))
    neighbours = [*frequent_countries(MOST_NEIGHBOURS), *_countries_of_products()]
    fix = best_fix(judged, connection.number_rules, countries=likely, neighbours=neighbours, home=home)
    mended = connection.number_rules
    if fix is not None:
        mended = {**mended, **fix.changes}
        new_rules = NumberRules.from_mapping(mended)
        for key, before in zip(written, apart, strict=True):
            after = _judge(before, _own_rules(new_rules, key), home=home)
            fix = replace(fix, spoils=fix.spoils + _spoilt(before, after))
    left = judged if fix is None else _judge(judged, NumberRules.from_mapping(mended), home=home)
    everything = _together(judged, by_products)
    return NumberQuality(
        classes=by_class(everything),
        records=int(everything["records"].sum()),
        wanting=_wanting(everything),
        left_out=left_out,
        country=ours,
        fix=fix,
        by_products=int(by_products["records"].sum()),
        wanting_by_products=_wanting(by_products),
        elsewhere=dialled_elsewhere(left, mended, list(dict.fromkeys([*likely, *neighbours]))),
        unread=tuple(unread),
    )


def _judge(written: pl.DataFrame, rules: NumberRules, *, home: str) -> pl.DataFrame:
    return pl.DataFrame(schema=JUDGED) if written.is_empty() else judge(written, rules, home=home)


def _products_rules() -> dict[int, str]:
    """By product that has number rules: them, as text, so that products with the same are one."""
    products = (product for product in products_with_reading() if product.number_rules)
    return {product.pk: json.dumps(product.number_rules, sort_keys=True) for product in products}


def _countries_of_products() -> list[str]:
    countries = (product.number_rules.get("country") for product in products_with_reading())
    return [country.upper() for country in countries if country]


def _own_rules(rules: NumberRules, key: str) -> NumberRules:
    """The rules of products instead of the connection's; what is an emergency number by these stays one."""
    own = rules.overridden(json.loads(key))
    return replace(own, emergency=tuple(dict.fromkeys([*own.emergency, *rules.emergency])))


def _together(judged: pl.DataFrame, by_products: pl.DataFrame) -> pl.DataFrame:
    """Both as one, the most frequent first; a number that is of one class by either rules is one number."""
    by = ["direction", "field", "number", "quality", "is_well"]
    whole = pl.concat([judged, by_products]).group_by(by).agg(pl.col("records").sum(), pl.col("digits").first())
    order = ["records", "direction", "field", "number"]
    return whole.sort(order, descending=[True, False, False, False]).select(JUDGED.names())


def _wanting(judged: pl.DataFrame) -> int:
    return int(judged.filter(~pl.col("is_well") | (pl.col("quality") == Quality.UNLIKELY))["records"].sum())


def _spoilt(before: pl.DataFrame, after: pl.DataFrame) -> int:
    """How many that are well would be read otherwise."""
    is_other = ~before["digits"].eq_missing(after["digits"]) | ~after["is_well"]
    return int(before.filter(before["is_well"] & is_other)["records"].sum())


def _written(
    connector: Connector, run: ImportRun, since: datetime | None, until: datetime | None, said: Mapping[int, str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The numbers of a run's records that count (WRITTEN), a batch at a time, by whose rules read them.

    "" stands for the connection's; those of products read only the number rated, which is the CLD.
    """
    lines = lines_that_stand(run, since, until)
    if lines.is_empty():
        return
    keys = _lines_of_products(run, said)
    path = evidence_path(run.evidence.sha256)
    for batch in connector.read_usage(
        path, name=run.evidence.name, batch_rows=READ_ROWS, is_complete=run.is_complete
    ):
        usage = batch.usage.filter(pl.col("line").is_in(lines.implode()))
        usage = usage.join(keys, on="line", how="left", maintain_order="left")
        for (key,), part in usage.partition_by("key", as_dict=True).items():
            written = numbers_written(part.drop("key"))
            if key is None:
                yield "", written
            else:
                is_rated = (pl.col("field") == "called") | (
                    (pl.col("direction") == "in") & (pl.col("field") == "own")
                )
                yield key, written.filter(is_rated)
                yield "", written.filter(~is_rated)


def _lines_of_products(run: ImportRun, said: Mapping[int, str]) -> pl.DataFrame:
    """Lines of the run whose accounts have a product with number rules, and the `key` of these."""
    schema = pl.Schema({"line": pl.Int64, "product_id": pl.Int64})
    query = """
        SELECT u.line, a.product_id FROM usage_usagerecord u JOIN customers_account a ON a.id = u.account_id
         WHERE u.run_id = %s AND a.product_id = ANY(%s) AND u.outcome IN ('charged', 'free', 'set_aside')
        """
    found = copy_out(query, schema, (run.pk, list(said))) if said else pl.DataFrame(schema=schema)
    key = pl.col("product_id").replace_strict(dict(said), default=None, return_dtype=pl.String)
    return found.select("line", key=key).unique("line")


def _countries_of(judged: pl.DataFrame) -> list[str]:
    """Of which countries most of the numbers are that could be read."""
    valid = judged.filter(quality=Quality.VALID)
    counted = (
        valid.select("records", code=calling_codes(valid["digits"])).group_by("code").agg(pl.col("records").sum())
    )
    codes = counted.sort("records", "code", descending=[True, False])["code"].head(MOST_COUNTRIES)
    return [country for code in codes if (country := main_country(code))]
