"""Whose country a number is of, for millions at once: by its calling code alone, as price lists of the world begin."""

from collections.abc import Mapping
from functools import cache

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from tollbook.phone.regions import region_name

LONGEST_CODE = 3
SHARED = {1: {"en": "North America", "pl": "Ameryka Północna"}}  # one plan for two dozen countries
GLOBAL = "001"  # the region of codes that are no country's


def countries(digits: pl.Series, language: str = "en") -> pl.Series:
    """The country's name for each number (E.164 digits); "" where the code is nobody's, or it is no number."""
    names = _names(language)
    frame = pl.DataFrame({"digits": digits})
    by_length = (
        pl.col("digits").str.head(length).replace_strict(names, default=None, return_dtype=pl.String)
        for length in range(1, LONGEST_CODE + 1)
    )
    return frame.select(pl.coalesce(*by_length, pl.lit("")).alias("country")).to_series()


@cache
def _names(language: str) -> Mapping[str, str]:
    """Calling codes are free of prefixes of one another, so at most one length is found."""
    return {str(code): _name(code, regions[0], language) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}


def _name(code: int, region: str, language: str) -> str:
    if code in SHARED:
        return SHARED[code].get(language, SHARED[code]["en"])
    return f"+{code}" if region == GLOBAL else region_name(region, language)
