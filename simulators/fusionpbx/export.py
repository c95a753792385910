"""The CSV export of the call page: names of SQL columns above, values in quotes that are not escaped.

A quotation mark in a caller's name breaks the row, as it does in life. Far legs are not shown, the newest call is
first, and there are no more rows than the setting `cdr/limit` allows.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.database import Database
from simulators.fusionpbx.schema import CALLS

LIMIT = 800
VIEWER = ZoneInfo("America/Toronto")
COLUMNS = (
    "domain_uuid",
    "sip_call_id",
    "extension",
    "extension_name",
    "start_stamp",
    "end_stamp",
    "start_date_formatted",
    "start_time_formatted",
    "start_epoch",
    "hangup_cause",
    "duration",
    "billmsec",
    "missed_call",
    "record_path",
    "record_name",
    "xml_cdr_uuid",
    "bridge_uuid",
    "direction",
    "billsec",
    "caller_id_name",
    "caller_id_number",
    "caller_destination",
    "source_number",
    "destination_number",
    "leg",
    "read_codec",
    "write_codec",
    "cc_side",
    "accountcode",
    "answer_stamp",
    "status",
    "sip_hangup_disposition",
    "call_disposition",
    "pdd_ms",
    "rtp_audio_in_mos",
    "wait",
    "tta",
)
COMPUTED = {"extension", "extension_name", "start_date_formatted", "start_time_formatted", "wait", "tta"}
QUERY = f"""
    SELECT call.*, extension, effective_caller_id_name AS extension_name
    FROM {CALLS} AS call LEFT JOIN v_extensions USING (extension_uuid)
    WHERE coalesce(leg, 'a') = 'a' AND (%s::text IS NULL OR domain_name = %s)
    ORDER BY start_epoch DESC, xml_cdr_uuid DESC LIMIT %s
"""


def csv_export(database: Database, domain_name: str | None, limit: int) -> bytes:
    """Of one tenant, or of all with a column more that names it. Columns the generation lacks are not there."""
    known = COMPUTED | database.tables[CALLS].keys()
    columns = [name for name in [*COLUMNS, *([] if domain_name else ["domain_name"])] if name in known]
    lines = [columns]
    for row in database.rows(QUERY, domain_name, domain_name, limit):
        lines.append([_written(value) for value in map((row | _computed(row)).get, columns)])
    return "".join(",".join(f'"{text}"' for text in line) + "\n" for line in lines).encode()


def _computed(row: Row) -> Row:
    start: datetime = row["start_stamp"].astimezone(VIEWER)
    answered = row["answer_epoch"] or row["end_epoch"]
    return {
        "duration": row["billsec"],
        "start_date_formatted": f"{start:%d %b %Y}",
        "start_time_formatted": f"{start:%I:%M:%S %p}",
        "wait": row["waitsec"],
        "tta": answered - row["start_epoch"],
    }


def _written(value: Any) -> str:
    """As PHP prints it: true is 1, false and null are nothing."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
