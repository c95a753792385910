"""Evidence written by hand: a tenant with three extensions and a hunt group, and calls of it."""

import json
from pathlib import Path

import polars as pl

from tests.connectors.contract import read
from tests.connectors.vodia.sites import offline
from tollbook.connectors.vodia.people import Account, Tenant, Trunk
from tollbook.connectors.vodia.reading import note_line

TENANT = "acme.example.ca"
ACME = Tenant(
    name=TENANT,
    country_code="1",
    area_code="416",
    accounts=(
        Account("200", "extensions", "Ines", "Ines Okafor", ("+14165550100",)),
        Account("201", "extensions", "Bram", "Bram Quill", ("+14165550101", "+14165550150")),
        Account("202", "extensions", "Wren", "Wren Lund"),
        Account("600", "hunts", "Front Desk", "Front Desk", ("+14165550198",)),
    ),
    trunks=(Trunk("1", "main"), Trunk("2", "second")),
)
BEGUN = 1_496_311_200  # 2017-06-01 10:00:00 UTC
CALL = {
    "id": 48_001,
    "call_id": "a1b2@acme.example.ca",
    "from": '"Ines Okafor" <sip:200@acme.example.ca>',
    "to": "<sip:+12125550117@acme.example.ca>",
    "start": f"{BEGUN}.000",
    "connect": f"{BEGUN + 4}.100",
    "end": f"{BEGUN + 6}.606",
    "rating": "",
    "extensions": ["200"],
    "trunks": [1],
}


def listed(*calls: dict[str, object], note: bool = True) -> bytes:
    """As `usage` would have kept them."""
    lines = [json.dumps(CALL | call).encode() + b"\n" for call in calls]
    return b"".join([note_line(ACME) if note else b"", *lines])


def records_of(evidence: bytes, folder: Path, **settings: str) -> pl.DataFrame:
    return read(offline(**settings), evidence, folder)


def record_of(folder: Path, settings: dict[str, str] | None = None, **call: object) -> dict[str, object]:
    """The one record of a call that differs from CALL in these fields; `_from` stands for `from`."""
    fields = {name.removeprefix("_"): value for name, value in call.items()}
    return records_of(listed(fields), folder, **settings or {}).row(0, named=True)
