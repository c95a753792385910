"""Which change of a connection's number rules would read its bad numbers: tried out. Tables in, tables out.

From the rules as they are, one change after the other is tried: a country, with the code added to bare numbers or
without, an exit code, a trunk prefix, something in front that is no part of the number, lengths of extensions. The one
that is worth most is kept, and the next is tried upon it, as long as any adds to that. A number that comes out in a
range its country has counts twice as much as one that only looks like a number, so that of two countries the right one
wins; and a change is worth what it reads less what it spoils. What could as well be a number of another country is left
alone (`usage.number_doubt`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tollbook.phone import NumberRules
from tollbook.usage.number_doubt import OUTSIDE_LINES, Rules, is_certain
from tollbook.usage.quality import EVERYWHERE, JUDGED, Quality, judge

MAX_CHANGES = 5
TRIED_NUMBERS = 50_000  # of each, bad and good, the most frequent; what is suggested is then held against all
EXIT_CODES = ("00", "011", "0011", "010", "810")
MOST_FRONTS = 3  # of what may stand in front of numbers, the most frequent
FRONT = r"^([0-9*#]{1,7}#|\*[0-9]{2})"  # a technical prefix to its #, a star code of two digits
EXAMPLES = 3
WELL, UNLIKELY = 2, 1  # points for a number
LEAST_PERCENT = 2  # a change adds points for at least so many of the wanting: no rule for a few slips

_IS_WANTING = ~pl.col("is_well") | (pl.col("quality") == Quality.UNLIKELY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change of number rules and what it would do. Counts are of records."""

    changes: Rules  # what is to be set
    reads: int  # of the wanting, so many would be read better
    wanting: int  # that cannot be read, or are unlikely
    spoils: int  # so many that are well now would be read as another number, or not at all
    examples: tuple[tuple[str, str], ...]  # bad numbers and what they would be read as


def best_fix(
    judged: pl.DataFrame,
    rules: Rules,
    *,
    countries: Sequence[str],
    neighbours: Sequence[str] = (),
    home: str = "",
) -> Fix | None:
    """The changes that are worth most for JUDGED; None when there is nothing to mend or nothing mends it.

    Unlikely numbers alone are a reason only when most of them would become likely: some are just new.

    `countries`: those that might be the connection's (ISO 3166), the likeliest first. `neighbours`: others whose people
    may dial there, so that nothing is read as another number than they mean. `home`: as in `judge`.
    """
    wanting, rest = judged.filter(_IS_WANTING), judged.filter(~_IS_WANTING)
    if wanting.is_empty():
        return None
    tried = pl.concat([wanting.head(TRIED_NUMBERS), rest.head(TRIED_NUMBERS)])
    changes: dict[str, Any] = {}
    worth = 0
    dialled_in = list(dict.fromkeys([*countries, *neighbours]))
    for _ in range(MAX_CHANGES):
        further = [changes | step for step in _steps(tried, {**rules, **changes}, countries)]
        worths = [int(_outcome(tried, {**rules, **one}, home)["worth"].sum()) for one in further]
        least = worth + max(1, _records(wanting) * LEAST_PERCENT // 100)
        # The best that is beyond doubt; of equals the first.
        better = sorted(zip(worths, further, strict=True), key=lambda one: -one[0])
        worthy = ((one, step) for one, step in better if one >= least)
        certain = ((one, step) for one, step in worthy if is_certain(tried, {**rules, **step}, rules, dialled_in))
        found = next(certain, None)
        if found is None:
            break
        worth, changes = found
    outcome = _outcome(judged, {**rules, **changes}, home)
    read, bad = outcome.filter("is_read"), outcome.filter(~pl.col("is_well"))
    unlikely, likely = (_records(one.filter(quality=Quality.UNLIKELY)) for one in (outcome, read))
    if not changes or not (_records(read) > likely or likely * 2 >= unlikely):
        return None
    if not is_certain(judged, {**rules, **changes}, rules, dialled_in):  # of the rarer ones too
        return None
    return Fix(
        changes=changes,
        reads=_records(read),
        wanting=_records(bad) + unlikely,
        spoils=_records(outcome.filter("is_spoilt")),
        examples=tuple(read.select("number", "new_digits").drop_nulls().head(EXAMPLES).iter_rows()),
    )


def _steps(tried: pl.DataFrame, rules: Rules, countries: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One change each, the simplest first."""
    wanting = tried.filter(_IS_WANTING)
    now = NumberRules.from_mapping(rules)
    for country in countries:
        if country != now.country:
            yield {"country": country}
            yield {"country": country, "add_country_code": True}
    if now.country_code:
        yield {"add_country_code": not now.add_country_code}
        own = NumberRules.from_mapping({"country": now.country}).trunk_prefix
        if own and own != now.trunk_prefix:  # another country's is dialled by people of another country
            yield {"trunk_prefix": own}
        new_codes = [code for code in EXIT_CODES if code not in now.exit_codes]
        yield from ({"exit_codes": [*now.exit_codes, code]} for code in new_codes if _begin(wanting, code))
    fronts = [front for front in (*_fronts(wanting), *OUTSIDE_LINES) if front not in now.strip_prefixes]
    # Where help is called by 911, no 9 may be taken off.
    fronts = [front for front in fronts if not any(number.startswith(front) for number in now.emergency)]
    yield from ({"strip_prefixes": [*now.strip_prefixes, front]} for front in fronts if _begin(wanting, front))
    lengths = _extension_lengths(tried) - set(now.extension_lengths)
    if lengths:
        yield {"extension_lengths": sorted(lengths | set(now.extension_lengths))}


def _begin(numbers: pl.DataFrame, front: str) -> bool:
    return bool(numbers["number"].str.starts_with(front).any())


def _fronts(wanting: pl.DataFrame) -> list[str]:
    """What wanting numbers have in front that is no part of a number, the most frequent first."""
    fronts = wanting.select("records", front=pl.col("number").str.extract(FRONT, 1)).drop_nulls()
    counted = fronts.group_by("front").agg(pl.col("records").sum())
    return counted.sort("records", "front", descending=[True, False])["front"].head(MOST_FRONTS).to_list()


def _extension_lengths(tried: pl.DataFrame) -> set[int]:
    """Of extensions inside the platform, also of those that are well: with a country they must be known to be some."""
    inside = tried.filter(pl.col("direction") == "local", pl.col("quality") == Quality.EXTENSION)
    return set(inside["number"].str.len_chars().to_list())


def _outcome(judged: pl.DataFrame, rules: Rules, home: str) -> pl.DataFrame:
    """JUDGED with `new_digits`, `is_read`, `is_spoilt` and `worth` under other rules."""
    again = judge(judged, NumberRules.from_mapping(rules), home=home)
    frame = judged.select(JUDGED.names()).with_columns(
        *(again[name].alias(f"new_{name}") for name in ("digits", "quality", "is_well"))
    )
    is_other = ~pl.col("digits").eq_missing(pl.col("new_digits")) & (pl.col("new_quality").is_in(list(EVERYWHERE)))
    # With another country ours, what is read as before is no more right than it was.
    is_same = (pl.col("quality") == Quality.WRONG_COUNTRY) & (pl.col("digits") == pl.col("new_digits"))
    gain = _points("new_quality", "new_is_well") - _points("quality", "is_well")
    gain = pl.when(is_same).then(0).otherwise(gain)
    return frame.with_columns(
        is_read=_IS_WANTING & (gain > 0),
        is_spoilt=(pl.col("is_well") & ~pl.col("new_is_well")) | (~_IS_WANTING & is_other),
    ).with_columns(worth=pl.when("is_spoilt").then(-WELL).otherwise(gain) * pl.col("records"))


def _points(quality: str, is_well: str) -> pl.Expr:
    likely = pl.when(pl.col(quality) == Quality.UNLIKELY).then(UNLIKELY).otherwise(WELL)
    return pl.when(is_well).then(likely).otherwise(0)


def _records(frame: pl.DataFrame) -> int:
    return int(frame["records"].sum())
