"""Which files are missing between those that came."""

import pytest

from tollbook.connections.sequence import MOST_GAPS, FileSequence
from tollbook.errors import BadInput


def missing(pattern: str, names: str) -> list[str]:
    return [str(gap) for gap in FileSequence.of(pattern).gaps(names.split())]


@pytest.mark.parametrize(
    ("pattern", "there", "expected"),
    [
        ("cdr-{number}.csv", "cdr-1.csv cdr-2.csv cdr-3.csv", []),
        ("cdr-{number}.csv", "cdr-3.csv cdr-1.csv", ["cdr-2.csv"]),
        (
            "cdr-{number}.csv",
            "cdr-0008.csv cdr-0011.csv cdr-0013.csv",
            ["cdr-0009.csv … cdr-0010.csv", "cdr-0012.csv"],
        ),
        ("cdr-{number}.csv", "cdr-8.csv cdr-11.csv", ["cdr-9.csv … cdr-10.csv"]),
        ("cdr-{number}.csv", "in/cdr-1.csv out/cdr-2.csv readme.txt cdr-x.csv", []),
        ("cdr-{number}.csv", "", []),
        ("cdr-{number}.csv", "cdr-7.csv", []),
        ("{date}.csv", "2026-02-27.csv 2026-03-02.csv", ["2026-02-28.csv … 2026-03-01.csv"]),
        ("{date}.csv", "2028-02-28.csv 2028-03-01.csv", ["2028-02-29.csv"]),
        ("cdr{date:%d%m%y}.txt", "cdr311225.txt cdr020126.txt", ["cdr010126.txt"]),
        ("cdr{date:%Y%m%d}-*.gz", "cdr20260101-a.gz cdr20260103-b.gz", ["cdr20260102-*.gz"]),
        ("{date:%Y%m%d}.csv", "20260101.csv 20269999.csv 20260102.csv", []),  # 20269999 is no day
        ("{number}.csv", "1.csv 20260101.csv", []),  # no sequence: those are dates
    ],
)
def test_what_is_missing(pattern: str, there: str, expected: list[str]) -> None:
    assert missing(pattern, there) == expected


def test_of_many_gaps_the_latest_are_told() -> None:
    every_second = " ".join(f"{number}.csv" for number in range(0, 100, 2))

    found = missing("{number}.csv", every_second)
    assert len(found) == MOST_GAPS
    assert (found[0], found[-1]) == ("59.csv", "97.csv")


@pytest.mark.parametrize("pattern", ["cdr.csv", "{number}-{date}.csv", "{numbers}.csv", ""])
def test_a_pattern_has_one_place(pattern: str) -> None:
    with pytest.raises(BadInput, match=r"places for a number or date, not one; write it as cdr-\{number\}.csv"):
        FileSequence.of(pattern)


@pytest.mark.parametrize("layout", ["%H%M", "%Y%m", "day"])
def test_a_date_names_its_day(layout: str) -> None:
    with pytest.raises(BadInput, match="is not how a day is written"):
        FileSequence.of(f"cdr-{{date:{layout}}}.csv")
