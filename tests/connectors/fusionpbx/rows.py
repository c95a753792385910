"""Rows of calls as lines of evidence, and what is read of them."""

from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from tests.connectors.contract import read
from tollbook.connectors.base import Site
from tollbook.connectors.fusionpbx.connector import FusionPbxConnector

TENANT = "maple.example.ca"
GATEWAY = "1e8d85f6-c243-5e58-b2ef-fe0ea6bcb6f5"
UUID = "5da8c87d-c461-46f0-8ca8-c788510a73aa"
# 2017-06-01 05:08:18 UTC, answered twelve seconds later, 66.798 s talked.
OUTGOING = {
    "key": UUID,
    "tenant": TENANT,
    "extension": "2115",
    "parent_is_there": "false",
    "direction": "outbound",
    "leg": "a",
    "caller_id_name": "Desk 2115",
    "caller_id_number": "15195550100",
    "destination_number": "16045550199",
    "start_epoch": "1496293698",
    "answer_epoch": "1496293710",
    "end_epoch": "1496293776",
    "billsec": "66",
    "billmsec": "66798",
    "hangup_cause": "NORMAL_CLEARING",
    "last_arg": f"sofia/gateway/{GATEWAY}/16045550199",
}
# From outside to a DID of the tenant, and on to 2112.
INCOMING = OUTGOING | {
    "extension": "2112",
    "direction": "inbound",
    "caller_id_name": "WIRELESS CALLER",
    "caller_id_number": "14165550111",
    "caller_destination": "5195550100",
    "destination_number": "2112",
    "last_arg": f"user/2112@{TENANT}",
}
LOCAL = OUTGOING | {
    "direction": "local",
    "caller_id_number": "2115",
    "destination_number": "2112",
    "last_arg": f"user/2112@{TENANT}",
}
REST_NOTE = {
    "note": "tenant",
    "domain_uuid": "d-1",
    "tenant": TENANT,
    "extensions": [["e-2115", "2115"], ["e-2112", "2112"]],
    "numbers": ["+15195550100"],
}


def usage(folder: Path, *lines: dict[str, Any], **settings: str) -> pl.DataFrame:
    """The records of these lines."""
    site = Site(name="pbx", settings={"host": "nowhere", **settings})
    evidence = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    return read(FusionPbxConnector(site), evidence, folder)


def one(folder: Path, line: dict[str, Any], **settings: str) -> dict[str, Any]:
    """The one record of this line."""
    (record,) = usage(folder, line, **settings).to_dicts()
    return record
