"""The usage record: one CDR or xDR in plain words, the same whatever platform it came from.

Connectors make tables of this shape; matching, rating and posting read them. Nothing of a platform's own
vocabulary is left in it.
"""

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from tollbook.errors import FrameMismatch

UTC_TIME = pl.Datetime("us", "UTC")


def table(columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.Schema:
    """The schema of a table. The type checker needs to be told what polars itself accepts."""
    return pl.Schema(columns)


class Measure(StrEnum):
    """What a kind of usage is counted in."""

    TIME = "time"  # `duration_us`
    MESSAGES = "messages"  # `quantity`
    BYTES = "bytes"  # `quantity`


# Usage kinds. A kind that is not here is `unknown_kind`: it waits for a person, it is not free.
KINDS: Mapping[str, Measure] = {
    "voice_out": Measure.TIME,
    "voice_in": Measure.TIME,
    "voice_local": Measure.TIME,  # a call that never left the platform: from extension to extension
    "video_out": Measure.TIME,
    "video_in": Measure.TIME,
    "sms_out": Measure.MESSAGES,
    "sms_in": Measure.MESSAGES,
    "mms_out": Measure.MESSAGES,
    "mms_in": Measure.MESSAGES,
    "data": Measure.BYTES,
}

# Kinds rated on the number called by others: the DID, not the number dialled, says what they cost.
INCOMING = frozenset({"voice_in", "video_in", "sms_in", "mms_in"})

USAGE = table(
    {
        "line": pl.Int64,  # line in the evidence where the record begins, the first is 1
        "record_key": pl.String,  # identity inside the connection, for ever
        "kind": pl.String,  # one of KINDS
        "start": UTC_TIME,  # when the call began; null when it could not be read
        "answered": pl.Boolean,
        "duration_us": pl.Int64,  # talked time in microseconds, for kinds counted in time
        "quantity": pl.Int64,  # messages or bytes, for the other kinds
        "cli": pl.String,  # calling number as the platform wrote it
        "cld": pl.String,  # called number as the platform wrote it
        "account_ref": pl.String,  # the platform's name of the account: account code, SIM, login
        "tenant_ref": pl.String,  # the platform's customer: tenant or domain that `account_ref` belongs to
        "trunk_ref": pl.String,  # trunk, peer or gateway
        # A name that stands in place of a number: of the caller, and of who was called in incoming usage.
        "display_text": pl.String,
        "platform_price_nanos": pl.Int64,  # net price the platform put on the record; the connection says what it means
        "platform_currency": pl.String,
        "defect": pl.String,  # reason code when the record makes no sense or is no usage (see rating.frames.REASONS)
        "defect_detail": pl.String,  # the same for a person: column, value, what was expected
    }
)


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of `schema`, in its order; other columns are left behind.

    Raises:
        FrameMismatch: a column is missing or has another type.
    """
    for name, dtype in schema.items():
        if name not in frame.columns:
            raise FrameMismatch(f"column {name!r} is missing; there are {', '.join(frame.columns)}")
        if frame.schema[name] != dtype:
            raise FrameMismatch(f"column {name!r} is {frame.schema[name]}, expected {dtype}")
    return frame.select(schema.names())


def storable(frame: pl.DataFrame) -> pl.DataFrame:
    """Its texts as a database can hold them: a NUL, which a platform may well send in JSON, becomes U+FFFD."""
    return frame.with_columns(pl.col(pl.String).str.replace_all("\0", "\ufffd", literal=True))
