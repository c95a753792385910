"""Whether a country has such a number: by its calling code and the ranges of the `phonenumbers` library's metadata."""

from collections.abc import Iterator
from functools import cache

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from tollbook.phone.countries import GLOBAL, LONGEST_CODE
from tollbook.phone.rules import any_of

RANGES = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("personal_number", "voip", "pager", "uan", "voicemail"),
)
NO_NUMBER = "^$"  # of codes that the metadata says nothing of


def calling_codes(digits: pl.Series) -> pl.Series:
    """The calling code each number (E.164 digits) begins with; null where it is nobody's."""
    known = {str(code): str(code) for code in COUNTRY_CODE_TO_REGION_CODE}
    by_length = (
        pl.col("digits").str.head(length).replace_strict(known, default=None, return_dtype=pl.String)
        for length in range(1, LONGEST_CODE + 1)
    )
    return pl.DataFrame({"digits": digits}).select(code=pl.coalesce(*by_length)).to_series()


def exists(digits: pl.Series) -> pl.Series:
    """Whether each number (E.164 digits) lies in a range that is in use; false for null."""
    frame = pl.DataFrame({"digits": digits, "code": calling_codes(digits)}).with_row_index("row")
    parts = [
        part.select("row", exists=pl.col("digits").str.contains(_ranges(code)) if code else pl.lit(value=False))
        for (code,), part in frame.partition_by("code", as_dict=True).items()
    ]
    return pl.concat(parts).sort("row")["exists"] if parts else pl.Series("exists", [], dtype=pl.Boolean)


def main_country(calling_code: str) -> str | None:
    """The country a calling code is known by, as US for 1; None where it is no country's."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code), ())
    return regions[0] if regions and regions[0] != GLOBAL else None


@cache
def _ranges(calling_code: str) -> str:
    """One expression for the whole numbers of all countries that share the code."""
    patterns = [any_of(*(getattr(plan, name) for name in RANGES)) for plan in _plans(int(calling_code))]
    bodies = [pattern.removeprefix("^").removesuffix("$") for pattern in patterns if pattern]
    return f"^{calling_code}(?:{'|'.join(bodies)})$" if bodies else NO_NUMBER


def _plans(calling_code: int) -> Iterator[PhoneMetadata]:
    for region in COUNTRY_CODE_TO_REGION_CODE[calling_code]:
        plan = (
            PhoneMetadata.metadata_for_nongeo_region(calling_code)
            if region == GLOBAL
            else PhoneMetadata.metadata_for_region(region)
        )
        if plan is not None:
            yield plan
