"""Files that are numbered, or have a date in their name: is one in between missing? Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import PurePosixPath

from tollbook.errors import BadInput

PLACE = re.compile(r"\{(number|date)(?::([^{}]*))?\}")
ISO = "%Y-%m-%d"
DIGITS = {"%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{2}", "%d": r"\d{2}"}
MOST_STEPS = 100_000  # between the first file and the last; beyond it the numbers are something else
MOST_GAPS = 20  # that are told of, the latest
EXAMPLE = "write it as cdr-{number}.csv, cdr-{date}.csv or cdr-{date:%Y%m%d}.csv, with * for what varies"


@dataclass(frozen=True, slots=True)
class Gap:
    """Files that should be there, between others that are."""

    first: str
    last: str
    count: int

    def __str__(self) -> str:
        return self.first if self.count == 1 else f"{self.first} … {self.last}"


@dataclass(frozen=True, slots=True)
class FileSequence:
    """Names as a pattern says, each with its place in the order."""

    before: str
    after: str
    name: re.Pattern[str]
    place_of: Callable[[str], int]
    written: Callable[[int, str], str]  # a place, as a neighbour wrote its own

    @classmethod
    def of(cls, pattern: str) -> "FileSequence":
        """The sequence that a pattern describes.

        Raises:
            BadInput: the pattern has no place for a number or date, or several.
        """
        places = list(PLACE.finditer(pattern))
        if len(places) != 1:
            raise BadInput(f"{pattern!r} has {len(places)} places for a number or date, not one; {EXAMPLE}")
        kind, said = places[0][1], places[0][2]
        before, after = pattern[: places[0].start()], pattern[places[0].end() :]
        layout = said or ISO
        inside = r"\d+" if kind == "number" else _date_digits(layout)
        name = re.compile(f"{_any(before)}({inside}){_any(after)}")
        if kind == "number":
            return cls(before, after, name, int, _number_like)
        return cls(before, after, name, _day_of(layout), _date_like(layout))

    def gaps(self, names: Iterable[str]) -> list[Gap]:
        """What is missing between the first and the last of these names; folders before a name do not count."""
        there: dict[int, str] = {}
        for name in names:
            if (found := self.name.fullmatch(PurePosixPath(name).name)) and (
                place := self._place(found[1])
            ) is not None:
                there[place] = found[1]
        if not there or max(there) - min(there) > MOST_STEPS:
            return []
        missing = [place for place in range(min(there), max(there)) if place not in there]
        runs = [
            [place for _, place in run] for _, run in groupby(enumerate(missing), lambda pair: pair[1] - pair[0])
        ]
        return [self._gap(run, there[run[0] - 1]) for run in runs[-MOST_GAPS:]]

    def _place(self, text: str) -> int | None:
        try:
            return self.place_of(text)
        except ValueError:
            return None  # digits that are no date

    def _gap(self, places: list[int], neighbour: str) -> Gap:
        first, last = (
            f"{self.before}{self.written(place, neighbour)}{self.after}" for place in (places[0], places[-1])
        )
        return Gap(first, last, len(places))


def _number_like(place: int, neighbour: str) -> str:
    return str(place).zfill(len(neighbour))


def _day_of(layout: str) -> Callable[[str], int]:
    return lambda text: datetime.strptime(text, layout).date().toordinal()  # noqa: DTZ007  a day, no time


def _date_like(layout: str) -> Callable[[int, str], str]:
    return lambda place, _neighbour: (date.min + timedelta(days=place - 1)).strftime(layout)


def _date_digits(layout: str) -> str:
    parts = re.split(r"(%.)", layout)
    unknown = [part for part in parts if part.startswith("%") and part not in DIGITS]
    if unknown or not {"%m", "%d"} <= set(parts) or not {"%Y", "%y"} & set(parts):
        raise BadInput(f"{layout!r} is not how a day is written; use %Y or %y, %m and %d, as in %Y%m%d")
    return "".join(DIGITS.get(part) or re.escape(part) for part in parts)


def _any(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*")
