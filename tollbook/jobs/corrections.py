"""A platform may say something else about a record it gave before: the old record is replaced, the new one rated."""

from datetime import datetime

import polars as pl

from tollbook.connectors.base import Feature
from tollbook.connectors.registry import connector_class
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
NO_IDS = pl.Series(dtype=pl.Int64)


def corrections(seen: pl.DataFrame, run: ImportRun) -> pl.DataFrame:
    """Of records of this run whose key is known (`known_id`), those that say something new, with `supersedes_id`.

    A line that was read before says nothing new, even if the record has been corrected since: else the same file
    again would bring the old record back. A platform that was asked speaks of the moment it was asked, whether or
    not it has said so before: what the later collect brought counts, in whatever order they are read.
    """
    differing = changed(seen)
    is_asked = run.collect_id is not None and Feature.FILES not in connector_class(run.connection.kind).offers
    later, earlier = _of_other_collects(differing, run) if is_asked else (NO_IDS, NO_IDS)
    open_ = differing.filter(~pl.col("known_id").is_in(earlier.implode()))
    old_news = pl.concat([later, _read_before(open_, run)])
    new = differing.filter(~pl.col("known_id").is_in(old_news.implode()))
    return new.rename({"known_id": "supersedes_id"})


def changed(seen: pl.DataFrame) -> pl.DataFrame:
    """Of records whose key is known (`known_id`), those whose content is not that of the record there is.

    So are those, the same to the letter, that have turned out to be legs of a call with a record of its own. The other
    way round it is no news: a leg whose call the platform has deleted since was billed with that call.
    """
    told = (*CONTENT, "reason")
    old = records_by_id(seen["known_id"]).select(known_id="id", **{f"old_{name}": name for name in told})
    is_leg_now = pl.col("reason").eq_missing("leg") & pl.col("old_reason").ne_missing("leg")
    differs = pl.any_horizontal(is_leg_now, *(pl.col(name).ne_missing(pl.col(f"old_{name}")) for name in CONTENT))
    return seen.join(old, on="known_id", maintain_order="left").filter(differs).select(seen.columns)


def _of_other_collects(differing: pl.DataFrame, run: ImportRun) -> tuple[pl.Series, pl.Series]:
    """Those (`known_id`) that stand by a later collect than this run's, and those that stand by an earlier one."""
    stored = records_by_id(differing["known_id"]).select("id", "run_id")
    collects = {one.pk: one.collect_id for one in _runs(stored["run_id"]) if one.collect_id is not None}
    collect = pl.col("run_id").replace_strict(collects, default=None, return_dtype=pl.Int64)
    later, earlier = (stored.filter(side)["id"] for side in (collect > run.collect_id, collect < run.collect_id))
    return later, earlier


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
