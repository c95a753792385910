"""What an import of a file would bring, record by record: read, matched and rated, and nothing written."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from tollbook.catalog.models import TariffVersion
from tollbook.catalog.queries import version_rates
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.customers.models import Account
from tollbook.errors import BadInput
from tollbook.jobs.collect_trial import TrialCounts, rated_file
from tollbook.records import UTC_TIME, table

PREVIEW = table(
    {
        "line": pl.Int64,
        "customer": pl.String,  # codes; null where no account was found
        "account": pl.String,
        "kind": pl.String,
        "start": UTC_TIME,
        "cli": pl.String,
        "cld": pl.String,
        "destination": pl.String,
        "category": pl.String,
        "duration_us": pl.Int64,
        "quantity": pl.Int64,
        "billed": pl.Int64,
        "price_nanos": pl.Int64,
        "currency": pl.String,
        "outcome": pl.String,
        "reason": pl.String,
    }
)


@dataclass(slots=True)
class Preview:
    """What would become of a file's records."""

    outcomes: Counter[str] = field(default_factory=Counter)  # with duplicate: what is there already
    reasons: Counter[str] = field(default_factory=Counter)  # why they would be set aside
    sums: Counter[str] = field(default_factory=Counter)  # nano-units charged, by currency
    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PREVIEW))


def preview_usage(
    source: Connection, path: Path, *, now: datetime, most_rows: int, only_set_aside: bool = False
) -> Preview:
    """Rate a file as an import would now. What plans include is not looked at: it is taken when a record is charged.

    Args:
        source: where the file is from.
        path: of the file.
        now: received then.
        most_rows: so many of the records that would be new come back, the first ones.
        only_set_aside: of them only those that could not be charged.

    Raises:
        BadInput: the file cannot be read as this connection's layout at all, or nobody has confirmed how it is read.
    """
    if not path.is_file():
        raise BadInput(f"{path} is not a file; name a file of calls")
    preview = Preview()
    found: list[pl.DataFrame] = []
    with closing(open_connector(source)) as connector:
        if doubt := connector.unconfirmed():
            raise BadInput(f"{source.name}: {doubt}")
        counts = TrialCounts(connector, source, now)
        for records in rated_file(connector, source, path, name=path.name, now=now):
            new = counts.take(records)
            waiting = new.filter(pl.col("outcome") == "set_aside")
            preview.reasons.update(dict(waiting["reason"].value_counts().iter_rows()))
            missing = most_rows - sum(map(len, found))
            found.append((waiting if only_set_aside else new).head(missing))
    preview.outcomes, preview.sums = counts.outcomes, counts.sums
    if found:
        preview.rows = _for_people(pl.concat(found))
    return preview


def _for_people(records: pl.DataFrame) -> pl.DataFrame:
    """The records as PREVIEW: whose they are, and where they went."""
    owners = Account.objects.filter(pk__in=records["account_id"].drop_nulls().unique().to_list())
    accounts = pl.DataFrame(
        list(owners.values_list("pk", "code", "customer__code")),
        schema={"account_id": pl.Int64, "account": pl.String, "customer": pl.String},
        orient="row",
    )
    joined = records.join(accounts, on="account_id", how="left", maintain_order="left")
    places = _places(records["version_id"].drop_nulls().unique().to_list())
    joined = joined.join(
        places,
        left_on=["version_id", "rate_line"],
        right_on=["version_id", "line"],
        how="left",
        maintain_order="left",
    )
    return joined.select(PREVIEW.names())


def _places(version_ids: list[int]) -> pl.DataFrame:
    """Destination and category of every line of these versions."""
    schema = pl.Schema({"version_id": pl.Int64, "line": pl.Int64, "destination": pl.String, "category": pl.String})
    versions = TariffVersion.objects.filter(pk__in=version_ids).select_related("base_version", "tariff")
    parts = [
        version_rates(version)
        .unique("line", keep="first")
        .select(pl.lit(version.pk, dtype=pl.Int64).alias("version_id"), "line", "destination", "category")
        for version in versions
    ]
    return pl.concat([pl.DataFrame(schema=schema), *parts])
