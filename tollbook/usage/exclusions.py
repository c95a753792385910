"""What an operator has said costs nothing: shown at nothing, or not shown at all. Tables in, tables out.

A list is written as its users have it today, with commas: `911, 844xxxxxxx, 1-800-*, *xx, 201, [local]`.

* digits with `x` for any digit, held against the whole number called as dialled, and, where it is one of the
  connection's own country, with its country code and without; with a `+` in front, against the number with its country
  code only, which may be any country's (without it `844xxxxxxx` would be Vietnam too);
* a `*` at the end is anything that may follow; elsewhere `*` and `#` are the keys of the telephone: `*97`, `#xx`;
* up to five digits may be an extension, so they are held against the caller too;
* `[local]`, `[inbound]`, `[outbound]`: calls of that direction; `name:WORDS`: those with these words in the name shown.

Blanks, brackets, dashes and dots inside a number do not count.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from tollbook.errors import BadInput
from tollbook.records import INCOMING

MAX_PATTERNS = 1_000
MAX_EXTENSION_DIGITS = 5
_SEPARATORS = re.compile(r"[\s().\-\u00a0]+")
_NUMBER = re.compile(r"[+]?[0-9xX*#]+")
_NAME = "name:"
_ANYTHING = r"[0-9*#]*"

DIRECTIONS: Mapping[str, pl.Expr] = {
    "[local]": pl.col("kind") == "voice_local",
    "[inbound]": pl.col("kind").is_in(INCOMING),
    "[outbound]": pl.col("kind").is_not_null() & ~pl.col("kind").is_in([*INCOMING, "voice_local"]),
}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One pattern, as written."""

    pattern: str
    is_hidden: bool = False  # not even shown

    @property
    def reason(self) -> str:
        return "hidden" if self.is_hidden else "excluded"


def read_patterns(text: str) -> list[str]:
    """The patterns of a list with commas, each checked, in order and once.

    Raises:
        BadInput: one of them is no pattern, or there are too many.
    """
    patterns = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(patterns) > MAX_PATTERNS:
        raise BadInput(f"{len(patterns)} patterns are too many; at most {MAX_PATTERNS}, so let x stand for digits")
    for pattern in patterns:
        if pattern.lower() in DIRECTIONS or _word_of(pattern):
            continue
        if not _NUMBER.fullmatch(_SEPARATORS.sub("", pattern)):
            raise BadInput(
                f"exclusion {pattern!r}: write a number with x for any digit and * at its end for anything "
                f"(1800xxxxxxx, 1-800-*, *xx), {', '.join(DIRECTIONS)}, or {_NAME}WORDS"
            )
    return patterns


def excluded(records: pl.DataFrame, exclusions: Sequence[Exclusion], *, country_code: str = "") -> pl.Expr:
    """The reason, `excluded` or `hidden`, of records that a pattern fits; else null. Hidden wins.

    Records have `kind`, `cli`, `cld` (as read), `cli_raw`, `cld_raw` (as written) and `display_text`.
    """
    nothing = pl.lit(None, dtype=pl.String)
    if not exclusions:
        return nothing
    reasons = pl.Series("excluded", [None] * len(records), dtype=pl.String)
    for is_hidden in (False, True):
        some = [one for one in exclusions if one.is_hidden is is_hidden]
        if some:
            fits = records.select(_fits([one.pattern for one in some], country_code).fill_null(value=False))
            reasons = pl.select(
                pl.when(fits.to_series()).then(pl.lit(some[0].reason)).otherwise(reasons)
            ).to_series()
    return pl.lit(reasons)


def _fits(patterns: Iterable[str], country_code: str) -> pl.Expr:
    numbers: list[str] = []
    abroad: list[str] = []
    extensions: list[str] = []
    words: list[str] = []
    tests: list[pl.Expr] = []
    for pattern in patterns:
        if (direction := DIRECTIONS.get(pattern.lower())) is not None:
            tests.append(direction)
        elif word := _word_of(pattern):
            words.append(word.lower())
        else:
            bare = _SEPARATORS.sub("", pattern)
            if bare.startswith("+"):
                abroad.append(_expression(bare[1:]))
                continue
            numbers.append(_expression(bare))
            if bare.isdecimal() and len(bare) <= MAX_EXTENSION_DIGITS:
                extensions.append(bare)
    if words:
        tests.append(pl.col("display_text").str.to_lowercase().str.contains_any(words))
    if numbers:
        whole = _any_of(numbers)
        as_dialled = pl.col("cld_raw").str.replace_all(r"[\s().\-\x{a0}]+", "").str.strip_prefix("+")
        is_own = pl.col("cld").str.starts_with(country_code)
        national = pl.col("cld").str.strip_prefix(country_code)
        tests.append(as_dialled.str.contains(whole))
        tests += [is_own & form.str.contains(whole) for form in (pl.col("cld"), national)]
    if abroad:
        tests.append(pl.col("cld").str.contains(_any_of(abroad)))
    if extensions:
        tests.append(pl.col("cli_raw").is_in(extensions))
    return pl.any_horizontal(*(test.fill_null(value=False) for test in tests))


def _any_of(expressions: Iterable[str]) -> str:
    return f"^(?:{'|'.join(expressions)})$"


def _expression(bare: str) -> str:
    """A pattern of a number as a regular expression: `1800xxxxxxx`, `1800*`, `*xx`."""
    is_open = len(bare) > 1 and bare.endswith("*")
    body = bare[:-1] if is_open else bare
    digits = "".join("[0-9]" if sign in "xX" else re.escape(sign) for sign in body)
    return digits + (_ANYTHING if is_open else "")


def _word_of(pattern: str) -> str:
    return pattern[len(_NAME) :].strip() if pattern.lower().startswith(_NAME) else ""
