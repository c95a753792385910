"""Price lists and calls that the tests of `tollbook rate` share."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

Tollbook = Callable[..., Any]

# A minute to the UK costs 1.2 ct and whole minutes count. To a mobile 9 ct and a fee of 1 ct, first 30 s, then 6 s.
RATES = """
    prefix,destination,price,increment,connect_fee,forbidden
    44,United Kingdom,0.012,60,,
    447,UK mobile,0.09,30/6,0.01,
    4470,UK personal,,,,yes
"""
CALLS = """
    record_id,start,duration_s,cld,cli,account
    landline,2026-03-02T10:00:00Z,61,442079460000,48221234567,reception
    mobile,2026-03-02T10:01:00Z,31,447700900000,48221234567,reception
    nobody,2026-03-02T10:02:00Z,0,447700900000,48221234567,sales
    personal,2026-03-02T10:03:00Z,60,447012345678,48221234567,sales
    unlisted,2026-03-02T10:04:00Z,60,999000000000,48221234567,sales
"""


def sheet(path: Path, text: str) -> Path:
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))
