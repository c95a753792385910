"""How the numbers of a connection are written, and whether they can be read. Tables in, tables out.

Every number is put into one class, by what the connection's rules make of it:

* `valid`: 7 to 15 digits that begin with a calling code, in a range that its country has;
* `unlikely`: the same in no range that is known; new ranges are, and so is much that was read in a wrong way;
* `wrong_country`, outgoing only: nothing was written that says which country (no plus, exit code or trunk prefix), and
  it was taken for another country's although ours has such a number; or it was taken for ours, which has none such,
  although as written it is one of another country's;
* `extension`: what the rules say is one, or 3 to 5 digits;
* `short`: an emergency or service number; `feature_code`: a star code; `withheld`: not shown;
* `invalid`: everything else.

Which of them are well depends on where they stand. An extension cannot be called from outside, so among numbers called
abroad it is a mistake; a caller may withhold the number, who is called may not.
"""

from enum import StrEnum

import polars as pl

from tollbook.phone import NumberClass, NumberRules, normalise
from tollbook.phone.plans import calling_codes, exists
from tollbook.records import INCOMING, KINDS, table

MIN_DIGITS, MAX_DIGITS = 7, 15  # E.164, with the calling code
EXTENSION_DIGITS = (3, 5)
MAX_NUMBERS = 1_000_000  # different ones that are looked at; beyond them the rarest are left out
EXAMPLES = 3
FEATURE_CODE = r"^[*#][0-9*#]{0,7}$"


class Quality(StrEnum):
    """How a number is written."""

    VALID = "valid"
    UNLIKELY = "unlikely"
    EXTENSION = "extension"
    SHORT = "short"
    FEATURE_CODE = "feature_code"
    WITHHELD = "withheld"
    WRONG_COUNTRY = "wrong_country"
    INVALID = "invalid"


WRITTEN = table(
    {
        "direction": pl.String,  # out, in, or local: from extension to extension
        "field": pl.String,  # called: by us; own: our own number; caller: who called us
        "number": pl.String,  # as the platform wrote it; null = nothing
        "records": pl.Int64,
    }
)
JUDGED = table(
    {
        **WRITTEN,
        "digits": pl.String,  # as read; null = they cannot be
        "quality": pl.String,
        "is_well": pl.Boolean,
    }
)
_WHERE = ["direction", "field"]
# What can be rated wherever it stands, and what only there.
EVERYWHERE = (Quality.VALID, Quality.UNLIKELY, Quality.SHORT)
_WELL = {
    ("out", "own"): (Quality.EXTENSION,),
    ("in", "own"): (Quality.EXTENSION,),
    ("in", "caller"): (Quality.EXTENSION, Quality.WITHHELD),
    ("local", "called"): (Quality.EXTENSION, Quality.FEATURE_CODE),
    ("local", "own"): (Quality.EXTENSION,),
}


def numbers_written(usage: pl.DataFrame) -> pl.DataFrame:
    """USAGE in; its different numbers as WRITTEN. Data has none, and a name may stand in place of one."""
    calls = usage.filter(pl.col("kind").is_in([kind for kind in KINDS if kind != "data"]))
    direction = (
        pl.when(pl.col("kind").is_in(INCOMING))
        .then(pl.lit("in"))
        .when(pl.col("kind") == "voice_local")
        .then(pl.lit("local"))
        .otherwise(pl.lit("out"))
    )
    is_in, has_name = pl.col("kind").is_in(INCOMING), pl.col("display_text").is_not_null()
    sides = [
        calls.select(
            direction.alias("direction"),
            pl.when(is_in).then(pl.lit(incoming)).otherwise(pl.lit(outgoing)).alias("field"),
            pl.col(column).alias("number"),
            has_name.alias("has_name"),
        )
        for column, incoming, outgoing in (("cli", "caller", "own"), ("cld", "own", "called"))
    ]
    numbers = pl.concat(sides).filter(pl.col("number").is_not_null() | ~pl.col("has_name"))
    return numbers.group_by(*_WHERE, "number").agg(records=pl.len().cast(pl.Int64)).select(WRITTEN.names())


def added_up(parts: list[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """The parts (WRITTEN) as one, the most frequent numbers first, and how often those that are left out occur."""
    whole = pl.concat(parts) if parts else pl.DataFrame(schema=WRITTEN)
    whole = whole.group_by(*_WHERE, "number").agg(pl.col("records").sum())
    whole = whole.sort("records", *_WHERE, "number", descending=[True, False, False, False])
    return whole.head(MAX_NUMBERS), int(whole["records"].slice(MAX_NUMBERS).sum())


def judge(written: pl.DataFrame, rules: NumberRules, *, home: str = "") -> pl.DataFrame:
    """WRITTEN in, JUDGED out, row for row. `home`: our country's calling code, where the rules name none."""
    home = rules.country_code or home
    read = normalise(written["number"], rules)
    # The digits themselves, before anything is made of them.
    plain = NumberRules(strip_prefixes=rules.strip_prefixes, withheld=rules.withheld)
    dialled = normalise(written["number"], plain)["digits"]
    frame = written.with_columns(read["digits"], read["number_class"], dialled=dialled)
    frame = frame.with_columns(
        is_e164=frame["digits"].str.len_bytes().is_between(MIN_DIGITS, MAX_DIGITS)
        & calling_codes(frame["digits"]).is_not_null(),
        exists=exists(frame["digits"]),
        is_wrong_country=_wrong_country(frame, home),
        is_bare=~pl.col("number").str.contains("+", literal=True).fill_null(value=False),
    )
    frame = frame.with_columns(quality=_quality())
    return frame.with_columns(is_well=_is_well()).select(JUDGED.names())


def _quality() -> pl.Expr:
    length = pl.col("dialled").str.len_bytes()
    read_as = pl.col("number_class")
    few = pl.col("is_bare") & length.is_between(*EXTENSION_DIGITS)
    return (
        pl.when(read_as == NumberClass.WITHHELD)
        .then(pl.lit(Quality.WITHHELD.value))
        .when(read_as.is_in([NumberClass.EMERGENCY, NumberClass.SERVICE]))
        .then(pl.lit(Quality.SHORT.value))
        .when((read_as == NumberClass.EXTENSION) | few.fill_null(value=False))
        .then(pl.lit(Quality.EXTENSION.value))
        .when(pl.col("number").str.contains(FEATURE_CODE))
        .then(pl.lit(Quality.FEATURE_CODE.value))
        .when(pl.col("is_wrong_country") & (pl.col("direction") == "out"))
        .then(pl.lit(Quality.WRONG_COUNTRY.value))
        .when(pl.col("is_e164"))
        .then(pl.when("exists").then(pl.lit(Quality.VALID.value)).otherwise(pl.lit(Quality.UNLIKELY.value)))
        .otherwise(pl.lit(Quality.INVALID.value))
    )


def _wrong_country(frame: pl.DataFrame, home: str) -> pl.Series:
    """Whether a number says nothing of its country, and another one fits it better than the one it was given."""
    if not home:
        return pl.Series("is_wrong_country", [False]).new_from_index(0, len(frame))
    says_nothing = ~frame["number"].str.contains("+", literal=True) & (frame["number_class"] == NumberClass.E164)
    at_home = home + frame["dialled"]
    as_written = says_nothing & (frame["digits"] == frame["dialled"]) & ~frame["digits"].str.starts_with(home)
    made_ours = says_nothing & (frame["digits"] == at_home)
    is_ours = exists(at_home)
    wrong = (as_written & is_ours) | (made_ours & ~is_ours & exists(frame["dialled"]))
    return wrong.fill_null(value=False)


def _is_well() -> pl.Expr:
    well = pl.col("quality").is_in(list(EVERYWHERE))
    for (direction, field), qualities in _WELL.items():
        here = (pl.col("direction") == direction) & (pl.col("field") == field)
        well = well | (here & pl.col("quality").is_in(list(qualities)))
    # Inside the platform an extension is who is called, so the rules have to know that it is one.
    is_called = (pl.col("direction") == "local") & (pl.col("field") == "called")
    is_unknown = is_called & (pl.col("number_class") == NumberClass.UNREADABLE)
    return well & ~(is_unknown & (pl.col("quality") == Quality.EXTENSION))


def by_class(judged: pl.DataFrame) -> pl.DataFrame:
    """What there is of each class in each field: `numbers` that differ, `records`, `share` in percent, `examples`."""
    order = pl.Enum([quality.value for quality in Quality])
    counted = judged.group_by(*_WHERE, "quality", "is_well").agg(
        numbers=pl.len().cast(pl.Int64),
        records=pl.col("records").sum(),
        examples=pl.col("number").drop_nulls().head(EXAMPLES),  # `judged` begins with the most frequent
    )
    share = (pl.col("records") * 100 / pl.col("records").sum().over(_WHERE)).round(1)
    return counted.with_columns(share=share).sort(
        pl.col("direction").cast(pl.Enum(["out", "in", "local"])),
        pl.col("field").cast(pl.Enum(["called", "own", "caller"])),
        pl.col("quality").cast(order),
        "is_well",
    )
