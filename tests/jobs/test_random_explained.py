"""What random calls were charged is what their explanations come to, after a walk through the database."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.jobs.office import Office
from tests.rating.random_tariffs import HOLIDAYS, RandomTariff, random_tariff
from tollbook.catalog.operations import import_tariff_version, set_product
from tollbook.catalog.queries import compiled_version
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.import_usage import import_usage
from tollbook.rating.explain import Explanation, explanations, rebuild
from tollbook.rating.frames import CALLS
from tollbook.records import KINDS
from tollbook.usage.queries import select_records

CALLS_PER_TARIFF = 1_500
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_what_was_charged_is_what_the_explanation_comes_to(office: Office, seed: int) -> None:
    tariff = random_tariff(seed, CALLS_PER_TARIFF)
    record_version(tariff, None)
    record_version(random_tariff(seed + 100, 0), datetime(2026, 8, 1, tzinfo=UTC))
    set_product(code="voice", name="Voice", tariffs=dict.fromkeys(KINDS, "random"))

    run = import_usage(office.source, calls_file(office, tariff), now=NEW_YEAR)

    assert run.records_in == CALLS_PER_TARIFF
    charged = select_records("outcome = 'charged'", ())
    assert len(charged) > CALLS_PER_TARIFF / 4
    for (version_id,), part in charged.partition_by("tariff_version_id", as_dict=True).items():
        calls = part.with_columns(known_reason=pl.lit(None, dtype=pl.String)).select(CALLS.names())
        explained = explanations(calls, compiled_version(version_id)).to_list()
        rebuilt = [rebuild(Explanation.from_json(text)).price_nanos for text in explained]
        assert rebuilt == part["price_nanos"].to_list()
    assert [finding for finding in check_ledger() if finding.problems] == []


def record_version(tariff: RandomTariff, active_from: datetime | None) -> None:
    import_tariff_version(
        name="random",
        rates=tariff.rates_frame().with_columns(destination=pl.lit("somewhere")),
        settings=tariff.settings,
        holidays=dict(HOLIDAYS),
        active_from=active_from,
        recorded_at=NEW_YEAR,
        source_name="random.csv",
        source_sha256="0" * 64,
    )


def calls_file(office: Office, tariff: RandomTariff) -> Path:
    """The calls in the own layout, all of one account. Amounts that no posting could hold are left out."""
    calls = tariff.calls_frame().with_columns(
        pl.when(pl.col("quantity") <= 10**9).then("quantity").alias("quantity"),
        pl.when(pl.col("duration_us") <= 10**12).then("duration_us").alias("duration_us"),
    )
    path = office.folder / "random.csv"
    calls.select(
        pl.int_range(pl.len()).alias("record_id"),
        pl.col("start").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ"),
        (pl.col("duration_us").cast(pl.Decimal(38, 6)) / 1_000_000).alias("duration_s"),
        "quantity",
        "cli",
        "cld",
        pl.when("answered").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("answered"),
        "kind",
        pl.lit("bob-1").alias("account"),
    ).write_csv(path)
    return path
