"""A platform may say something else about a record it gave before: the old record is replaced, the new one rated."""

from datetime import datetime

import polars as pl

from tollbook.jobs.reverse_usage import reverse_charges
from tollbook.usage import operations as usage
from tollbook.usage.evidence import begins_with
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import records_by_id

# What a record says. If a known key comes with other content, the platform has corrected the record.
CONTENT = (
    *("kind", "start", "answered", "duration_us", "quantity", "cli", "cld", "account_ref"),
    *("platform_price_nanos", "platform_currency"),
)


def corrections(seen: pl.DataFrame, run: ImportRun) -> pl.DataFrame:
    """Of records of this run whose key is known (`known_id`), those that say something new, with `supersedes_id`.

    A line that was read before says nothing new, even if the record has been corrected since: else the same file
    again would bring the old record back.
    """
    differing = changed(seen)
    new = differing.filter(~pl.col("known_id").is_in(_read_before(differing, run).implode()))
    return new.rename({"known_id": "supersedes_id"})


def changed(seen: pl.DataFrame) -> pl.DataFrame:
    """Of records whose key is known (`known_id`), those whose content is not that of the record there is."""
    old = records_by_id(seen["known_id"]).select(known_id="id", **{f"old_{name}": name for name in CONTENT})
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in CONTENT)
    return seen.join(old, on="known_id", maintain_order="left").filter(differs).select(seen.columns)


def _read_before(differing: pl.DataFrame, run: ImportRun) -> pl.Series:
    """Those (`known_id`) of which this or an earlier version came from the same line of the same, growing file."""
    read_before = differing["known_id"].clear()
    versions = differing.select("known_id", "line", version_id="known_id")
    while not versions.is_empty():
        stored = records_by_id(versions["version_id"]).select(
            "run_id", "supersedes_id", version_id="id", stored_line="line"
        )
        versions = versions.join(stored, on="version_id")
        same_line = versions.filter(pl.col("line") == pl.col("stored_line"))
        copies = [copy.pk for copy in _runs(same_line["run_id"]) if begins_with(run.evidence, copy.evidence)]
        read_before = read_before.append(same_line.filter(pl.col("run_id").is_in(copies))["known_id"])
        versions = versions.select("known_id", "line", version_id="supersedes_id").drop_nulls()
    return read_before


def _runs(ids: pl.Series) -> list[ImportRun]:
    return list(ImportRun.objects.select_related("evidence").filter(pk__in=ids.unique().to_list()))


def supersede(ids: pl.Series, *, posted_at: datetime) -> None:
    """Reverse what these records charged and mark them as replaced by the platform's correction."""
    old = records_by_id(ids)
    reverse_charges(old, posted_at=posted_at)
    usage.move_outcome(old, "superseded")
