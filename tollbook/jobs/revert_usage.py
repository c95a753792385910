"""Take single records back by hand: a complaint was right. Charges are reversed, and nothing brings them again."""

from datetime import datetime

import polars as pl
from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.errors import BadInput
from tollbook.jobs.reverse_usage import reverse_charges
from tollbook.usage import operations as usage
from tollbook.usage.queries import records_by_id

REVERTED = "reverted"
MOST_TEXT = 500


@transaction.atomic
def revert_usage(ids: pl.Series, *, why: str, by: str, now: datetime) -> None:
    """Reverse what these records charged. They stay as `undone` with the reason, and their keys with them.

    A record that was reverted before, or is free, is left as it is. All or nothing.

    Raises:
        BadInput: a record is not there, or was replaced or taken back otherwise; or usage of its connection is
            being imported at this moment.
    """
    for source in Connection.objects.filter(pk__in=records_by_id(ids)["connection_id"].unique().to_list()):
        if not usage.no_import_meanwhile(source):
            raise BadInput(f"usage of {source.name} is being imported; try again when that is done")
    records = records_by_id(ids)
    if missing := set(ids.to_list()) - set(records["id"].to_list()):
        raise BadInput(f"there is no usage record {min(missing)}")
    for number, outcome, reason in records.select("id", "outcome", "reason").iter_rows():
        if outcome not in {"charged", "free"} and reason != REVERTED:
            raise BadInput(f"usage record {number} is {outcome} and charges nothing; look it up before you go on")
    charged = records.filter(pl.col("outcome") == "charged")
    if charged.is_empty():
        return
    reverse_charges(charged, posted_at=now)
    noted = charged.with_columns(detail=pl.lit(f"{by}: {why}"[:MOST_TEXT]))
    usage.move_outcome(noted, "undone", REVERTED)
