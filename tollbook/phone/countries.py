"""Whose country a number is of, for millions at once: by its calling code alone, as price lists of the world begin."""

from collections.abc import Mapping
from functools import cache

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from tollbook.phone.regions import region_name

LONGEST_CODE = 3
SHARED = {1: "North America"}  # one plan for two dozen countries
GLOBAL = "001"  # the region of codes that are no country's


def countries(digits: pl.Series) -> pl.Series:
    """The country's English name for each number (E.164 digits); "" where the code is nobody's, or it is no number."""
    names = _names()
    frame = pl.DataFrame({"digits": digits})
    by_length = (
        pl.col("digits").str.head(length).replace_strict(names, default=None, return_dtype=pl.String)
        for length in range(1, LONGEST_CODE + 1)
    )
    return frame.select(pl.coalesce(*by_length, pl.lit("")).alias("country")).to_series()


@cache
def _names() -> Mapping[str, str]:
    """Calling codes are free of prefixes of one another, so at most one length is found."""
    return {
        str(code): SHARED.get(code) or (f"+{code}" if regions[0] == GLOBAL else region_name(regions[0]))
        for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    }
