"""What FTP servers say of their files: MLSD (RFC 3659), and LIST as Unix and Windows servers write it for people."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from tollbook.connectors.files.sources.names import readable
from tollbook.connectors.files.sources.source import Entry, Kind

_KINDS = {"file": Kind.FILE, "dir": Kind.FOLDER, "cdir": None, "pdir": None}
_UNIX = re.compile(
    rb"(?P<kind>[-a-z])[-a-zA-Z]{9}[.+@]?\s.*?\s(?P<size>\d+)\s+"
    rb"[^\W\d]{3,}\.?\s+\d{1,2}\s+(?:\d{1,2}:\d\d|\d{4}) (?P<name>.+)"
)
_WINDOWS = re.compile(
    rb"\d\d-\d\d-\d\d(?:\d\d)?\s+\d\d:\d\d(?:[AP]M)?\s+(?:(?P<folder><DIR>)\s+|(?P<size>\d+) )(?P<name>.+)"
)
_UNIX_KINDS = {b"-": Kind.FILE, b"d": Kind.FOLDER}


def entry_of_facts(name: bytes, facts: Mapping[str, str]) -> Entry | None:
    """From a line of MLSD; None for the folder itself and the one above. Links are other things: where they lead to
    cannot be seen.
    """
    kind = _KINDS.get(facts.get("type", "").lower(), Kind.OTHER)
    if kind is None or name in (b".", b".."):
        return None
    size = facts.get("size", "")
    return Entry(readable(name), kind, int(size) if size.isdecimal() else None, moment(facts.get("modify", "")))


def entry_of_line(line: bytes) -> Entry | None:
    """From a line of LIST, without a time; None when it is no file, folder or other thing with a name."""
    if found := _UNIX.fullmatch(line):
        kind = _UNIX_KINDS.get(found["kind"], Kind.OTHER)
    elif found := _WINDOWS.fullmatch(line):
        kind = Kind.FOLDER if found["folder"] else Kind.FILE
    else:
        return None
    if found["name"] in (b".", b".."):
        return None
    return Entry(readable(found["name"]), kind, int(found["size"]) if kind is Kind.FILE else None)


def moment(written: str) -> datetime | None:
    """A time as MLSD and MDTM write it, always UTC: 20240501120000 or 20240501120000.25. None when it is none."""
    found = re.fullmatch(r"(\d{14})(?:\.(\d{1,6})\d*)?", written.strip())
    if not found:
        return None
    try:
        whole = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole.replace(microsecond=int((found[2] or "0").ljust(6, "0")))
