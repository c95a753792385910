"""Whether a change of number rules could read what people of another country dial as another number than they mean.

On one switch some may dial as in another country. 020 7946 0609 is London; with a trunk prefix 0, which nobody dials in
Canada, a Canadian connection would read it as +1 207 946 0609, and bill a call to Maine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tollbook.phone import NumberRules, normalise
from tollbook.phone.plans import exists
from tollbook.usage.quality import Quality

OUTSIDE_LINES = ("9", "0", "8")  # dialled on a switchboard for a line out
EXAMPLES = 3

Rules = Mapping[str, Any]  # as `NumberRules.from_mapping` reads them


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Numbers that cannot be read, or are unlikely, but are numbers as people of a country dial them."""

    country: str  # ISO 3166
    records: int
    examples: tuple[tuple[str, str], ...]  # as written, and as they would be read there


def is_certain(judged: pl.DataFrame, rules: Rules, given: Rules, countries: Sequence[str]) -> bool:
    """Whether RULES, instead of those GIVEN, make no number of JUDGED one that somebody else may have meant.

    A country's own exit codes and trunk prefix are beyond doubt, and so is what was set. Other exit codes, and a digit
    for a line out, are not where what they read is a different number as people of COUNTRIES dial; nor is an exit code
    that reads numbers nobody has, nor a 0 for a line out before national numbers: many countries dial those so. A
    country that was set stays while more numbers are its own than would be the other's.
    """
    new = normalise(judged["number"], NumberRules.from_mapping(rules))["digits"]
    if given.get("country") and not _is_more_at_home(judged, new, rules, given):
        return False
    surely = _without_guesses(rules, given)
    if surely == dict(rules):
        return True
    sure = normalise(judged["number"], NumberRules.from_mapping(surely))["digits"]
    made = judged.select("number", new=new).filter(new.is_not_null() & ~new.eq_missing(sure))
    if surely.get("exit_codes") != rules.get("exit_codes") and not exists(made["new"]).all():
        return False
    if not _is_line_out(made["number"], rules, surely):
        return False
    own = [rules["country"]] if rules.get("country") else []
    for country in dict.fromkeys([*own, *countries]):
        there = _dialled_there(made["number"], surely, country)
        if (there.is_not_null() & ~there.eq_missing(made["new"])).any():
            return False
    return True


def dialled_elsewhere(judged: pl.DataFrame, rules: Rules, countries: Sequence[str]) -> Elsewhere | None:
    """Of the wanting numbers of JUDGED those that the plan of one of the COUNTRIES reads, where it reads most."""
    wanting = judged.filter(~pl.col("is_well") | (pl.col("quality") == Quality.UNLIKELY))
    ours = NumberRules.from_mapping(rules).country_code
    best: Elsewhere | None = None
    for country in countries:
        if NumberRules.for_country(country).country_code == ours:
            continue
        read = wanting.with_columns(there=_dialled_there(wanting["number"], rules, country)).drop_nulls("there")
        records = int(read["records"].sum())
        if records > (best.records if best else 0):
            examples = tuple(read.select("number", "there").head(EXAMPLES).iter_rows())
            best = Elsewhere(country=country, records=records, examples=examples)
    return best


def _is_more_at_home(judged: pl.DataFrame, new: pl.Series, rules: Rules, given: Rules) -> bool:
    ours, theirs = (NumberRules.from_mapping(one).country_code for one in (given, rules))
    if ours == theirs:
        return bool(given["country"] == rules.get("country"))
    at_home = judged.filter("is_well", judged["digits"].str.starts_with(ours))
    there = judged.filter(new.str.starts_with(theirs) & exists(new))
    return int(there["records"].sum()) > int(at_home["records"].sum())


def _without_guesses(rules: Rules, given: Rules) -> dict[str, Any]:
    """The rules without exit codes and digits for a line out that neither the country has nor anybody set."""
    plan = NumberRules.from_mapping({"country": rules.get("country")})
    sure = dict(rules)
    for name, own in (("exit_codes", plan.exit_codes), ("strip_prefixes", ())):
        if name in rules:
            known = {*own, *given.get(name, ())}
            is_front = name == "strip_prefixes"
            sure[name] = [one for one in rules[name] if one in known or (is_front and one not in OUTSIDE_LINES)]
    return sure


def _is_line_out(made: pl.Series, rules: Rules, surely: Rules) -> bool:
    """Whether behind a 0 that is taken for a line out the numbers MADE begin as the country's own are dialled."""
    if "0" not in rules.get("strip_prefixes", ()) or "0" in surely.get("strip_prefixes", ()):
        return True
    own = NumberRules.from_mapping(rules)
    begin = "|".join(code for code in (own.trunk_prefix, *own.exit_codes) if code)
    return bool(begin) and made.filter(made.str.starts_with("0")).str.contains(f"^0(?:{begin})").all()


def _dialled_there(numbers: pl.Series, rules: Rules, country: str) -> pl.Series:
    """The numbers as people of the country dial them, where it makes more of them than digits; null for others."""
    if numbers.is_empty():
        return numbers
    switch = NumberRules.from_mapping(rules)
    read = normalise(numbers, switch.overridden({"country": country}))["digits"]
    plain = NumberRules(strip_prefixes=switch.strip_prefixes, withheld=switch.withheld)
    is_dialled = exists(read) & ~read.eq_missing(normalise(numbers, plain)["digits"])
    return read.zip_with(is_dialled, pl.Series([None], dtype=pl.String))
