"""Whether a number is to a group of destinations."""

import polars as pl
import pytest

from tollbook.rating.groups import in_group, numbers_of


@pytest.mark.parametrize(
    ("prefixes", "inside"),
    [
        (["48"], "48 481 48500600700"),
        (["48", "485"], "48 481 48500600700"),
        (["485", "44"], "48500600700 442079460000"),
        (["480"], ""),  # 48 filled with zeros is no longer number
        ([""], "48 481 48500600700 442079460000 internet -"),
        ([], ""),
    ],
)
def test_a_number_is_in_a_group_when_it_begins_with_one_of_its_prefixes(prefixes: list[str], inside: str) -> None:
    numbers = ["48", "481", "48500600700", "442079460000", "internet", None]

    found = in_group(numbers_of(pl.Series(numbers, dtype=pl.String)), prefixes)

    assert [number or "-" for number, is_in in zip(numbers, found, strict=True) if is_in] == inside.split()
