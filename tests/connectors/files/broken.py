"""Files broken on purpose: good ones with one thing wrong each. The same files every time."""

import codecs
import gzip
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard

SAMPLES = Path(__file__).parent / "samples"
_SEED = 20240501
Damage = Callable[[bytes, random.Random], bytes]


def broken_files(folder: Path) -> list[tuple[str, Path, str, bool]]:
    """Write the files into the folder: (name, path, layout, whether the file is complete) of each.

    Every one is a good file (our own layout, Asterisk's, FreeSWITCH's) after one kind of damage. Some can still be
    read in part, some cannot be read at all; which is for the reader to find out.
    """
    made = []
    for layout, good in _good_files().items():
        chance = random.Random(f"{_SEED}{layout}")
        for name, damage in _DAMAGES.items():
            path = folder / f"{layout}-{name}"
            path.write_bytes(damage(good, chance))
            made.append((f"{layout}: {name}", path, layout, True))
        path = folder / f"{layout}-growing"
        path.write_bytes(good[:-20])
        made.append((f"{layout}: growing", path, layout, False))
    return made


def _good_files() -> dict[str, bytes]:
    """Forty records each, so that damage to one leaves others."""
    own = "record_id;start;duration_s;cld;cli;account\n" + "".join(
        f"c{n};2024-05-{1 + n % 28:02d}T10:00:{n:02d}Z;{n * 7};4860070{n:04d};48221234567;office {n % 3}\n"
        for n in range(40)
    )
    asterisk = "".join(
        f'"a{n % 3}","22123456{n:02d}","4860070{n:04d}","out","""Anna, ""the"" {n}"" <100>","SIP/100-0{n:03d}",'
        f'"SIP/gw-1{n:03d}","Dial","x","2024-05-01 10:00:{n:02d}","2024-05-01 10:01:00","2024-05-01 10:02:00",'
        f'{60 + n},{n},"ANSWERED","BILLING"\n'
        for n in range(40)
    )
    freeswitch = "".join(
        f'"Anna "{n}"","100","0048600700{n:03d}","default","2024-05-01 10:00:{n:02d}","2024-05-01 10:01:00",'
        f'"2024-05-01 10:02:00","{60 + n}","{n}","NORMAL_CLEARING","a5c9f6c0-e752-11e3-8bfb-{n:012d}","","acme"\n'
        for n in range(40)
    )
    return {
        "tollbook": own.encode(),
        "asterisk": asterisk.encode(),
        "freeswitch-default": freeswitch.encode(),
    }


def _in_line(change: Callable[[bytes, random.Random], bytes]) -> Damage:
    """The damage done to one line in the middle."""

    def damage(good: bytes, chance: random.Random) -> bytes:
        lines = good.splitlines(keepends=True)
        at = chance.randrange(5, len(lines) - 5)
        lines[at] = change(lines[at].rstrip(b"\n"), chance) + b"\n"
        return b"".join(lines)

    return damage


def _put(what: bytes) -> Damage:
    """Something put into a line, anywhere."""

    def change(line: bytes, chance: random.Random) -> bytes:
        at = chance.randrange(len(line))
        return line[:at] + what + line[at:]

    return _in_line(change)


def _flipped(good: bytes, chance: random.Random) -> bytes:
    """Twenty bytes, each made another."""
    data = bytearray(good)
    for _ in range(20):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _shuffled(line: bytes, chance: random.Random) -> bytes:
    characters = list(line)
    chance.shuffle(characters)
    return bytes(characters)


def _zip_of(*members: tuple[str, bytes]) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return stored.getvalue()


_DAMAGES: dict[str, Damage] = {
    "cut-in-the-last-line": lambda good, _: good[:-20],
    "cut-anywhere": lambda good, chance: good[: chance.randrange(len(good) // 2, len(good))],
    "first-line-missing": lambda good, _: good[good.index(b"\n") + 1 :],
    "first-line-twice": lambda good, _: good[: good.index(b"\n") + 1] + good,
    "nul": _put(b"\0"),
    "many-nuls": lambda good, _: good + b"\0" * 4096,  # a disk that was full, or a crash
    "stray-quote": _put(b'"'),
    "two-stray-quotes": _put(b'" "'),
    "line-end-inside": _put(b"\n"),
    "carriage-return-inside": _put(b"\r"),
    "not-utf-8": _put(b"\xff\xfe"),
    "in-no-encoding": _put(b"\x81"),
    "two-megabytes-in-a-line": _put(b"9" * 2_000_000),
    "column-too-many": _in_line(lambda line, _: line + b',"x";x'),
    "column-missing": _in_line(lambda line, _: line[: max(line.rfind(b","), line.rfind(b";"))]),
    "line-shuffled": _in_line(_shuffled),
    "line-of-delimiters": _in_line(lambda _line, _: b";;;;;,,,,,"),
    "control-characters": _put(b"\x01\x1b\x7f"),
    "bytes-flipped": _flipped,
    "reversed": lambda good, _: good[::-1],
    "utf-16-without-mark": lambda good, _: good.decode().encode("utf-16-le"),
    "utf-16-cut": lambda good, _: good.decode().encode("utf-16")[:-21],
    "two-marks": lambda good, _: codecs.BOM_UTF8 * 2 + good,
    "gz-cut": lambda good, _: gzip.compress(good, mtime=0)[:-20],
    "gz-with-scrap": lambda good, _: gzip.compress(good, mtime=0) + b"scrap",
    "zst-cut": lambda good, _: zstandard.compress(good)[:-5],
    "zip-of-two": lambda good, _: _zip_of(("a.csv", good), ("b.csv", good)),
    "zip-cut": lambda good, _: _zip_of(("a.csv", good))[:-30],
    "zip-with-wrong-offset": lambda good, _: _zip_of(("a.csv", good))[:-6] + b"\xff\xff\xff\x0f\0\0",
    "html-instead": lambda _good, _: b"<html><body>Please log in</body></html>\n",
    "random-bytes": lambda _good, chance: chance.randbytes(5_000),
}


def physical_records(data: bytes) -> Iterator[int]:
    """Lines with anything on them, as one who knows nothing of quotes counts them; the first line is 1."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield number
