"""Rows of Kamailio's tables, written as they come in evidence, and what is read of them."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tests.connectors.bench import read
from tollbook.connectors.base import Site
from tollbook.connectors.kamailio.connector import KamailioConnector

CDR = {
    "id": "1",
    "start_time": "2017-06-19T08:00:00.000000",
    "end_time": "2017-06-19T08:00:02.000000",
    "duration": "2.506",
    "caller": "48221000200",
    "callee": "442079460123",
    "callid": "one@phones",
    "from_tag": "f1",
    "to_tag": "t1",
    "src_ip": "198.51.100.7",
}


def connector(*, timezone: str = "", **settings: str) -> KamailioConnector:
    return KamailioConnector(Site(name="proxy", settings={"host": "127.0.0.1", **settings}, timezone=timezone))


def read_cdrs(folder: Path, *cdrs: Mapping[str, str | None], timezone: str = "", **settings: str) -> pl.DataFrame:
    """What is read of rows of acc_cdrs, each as the usual one with these differences."""
    lines = [json.dumps({"what": "call", "cdr": {**CDR, **changed}}).encode() + b"\n" for changed in cdrs]
    return read(connector(timezone=timezone, **settings), b"".join(lines), folder)
