"""A column of numbers, as platforms write them, to E.164 digits and what kind of number each is."""

from enum import StrEnum

import polars as pl

from tollbook.phone.rules import MAX_DIGITS, NumberRules


class NumberClass(StrEnum):
    """What a number turned out to be."""

    E164 = "e164"
    EMERGENCY = "emergency"  # digits as dialled
    SERVICE = "service"  # a short number that may be charged; digits as dialled
    EXTENSION = "extension"  # an internal number; digits as dialled
    WITHHELD = "withheld"  # not shown, or empty; no digits
    UNREADABLE = "unreadable"  # no digits


# Classes of numbers that a price list can have a price for. An extension is nobody's outside its own exchange.
RATEABLE = (NumberClass.E164, NumberClass.SERVICE, NumberClass.EMERGENCY)
WITHHELD = ("", "anonymous", "withheld", "private", "restricted", "unavailable", "unknown", "blocked", "no number")
# The national part of a number: shorter than that and it is a short number nobody told us of, or a slip.
MIN_E164_DIGITS = 7
_SEPARATORS = [" ", "-", "(", ")", ".", "/", "~", "\t", "\u00a0", "\u202f", "\u2011", "\u2013", "\u200b"]
_SCHEMES = ("sips:", "sip:", "tel:", "callto:")
_ADDRESS_MARKS = ["<", "@", ";", ":"]
_MAX_SHORT_DIGITS = 8

_AS_THEY_ARE = NumberRules()
_WORTH_COUNTING = 10_000  # of more values each different one is read once, when many repeat


def normalise(numbers: pl.Series, rules: NumberRules) -> pl.DataFrame:
    """`digits` (E.164 without plus, at most 18; null when there are none) and `number_class`, row for row.

    Short numbers, emergency numbers and extensions keep the digits that were dialled. Without a country in the rules
    any 1 to 18 digits are e164, but for emergency numbers. Null and empty are withheld.
    """
    texts = numbers.cast(pl.String).alias("text")
    if rules == _AS_THEY_ARE and _are_digits(texts):
        is_emergency = pl.col("digits").is_in(list(rules.emergency))
        emergency, e164 = pl.lit(NumberClass.EMERGENCY.value), pl.lit(NumberClass.E164.value)
        return texts.to_frame("digits").with_columns(
            number_class=pl.when(is_emergency).then(emergency).otherwise(e164)
        )
    if len(texts) < _WORTH_COUNTING or _distinct(texts) > len(texts) // 2:
        return _read(texts, rules)
    distinct = texts.unique()
    read = _read(distinct, rules).with_columns(distinct)
    joined = texts.to_frame().join(read, on="text", how="left", maintain_order="left", nulls_equal=True)
    return joined.select("digits", "number_class")


def _are_digits(texts: pl.Series) -> bool:
    """Whether every number is 1 to 18 digits and nothing else."""
    are_numbers = not texts.cast(pl.UInt64, strict=False).null_count() and not texts.str.starts_with("+").any()
    return are_numbers and texts.str.len_bytes().is_between(1, MAX_DIGITS).all()


def _distinct(texts: pl.Series) -> int:
    return int(texts.to_frame().select(pl.first().approx_n_unique()).item())


def _read(texts: pl.Series, rules: NumberRules) -> pl.DataFrame:
    """Digits, or a plus and digits, are read as they are; all else is cleaned first."""
    is_plain = texts.cast(
        pl.UInt64, strict=False
    ).is_not_null()  # a plus may stand before the digits, nothing else
    if rules.strip_prefixes:  # they may be digits too
        is_plain = pl.repeat(False, len(texts), eager=True)
    dialled = texts.to_frame().select(
        pl.when(is_plain).then(pl.col("text").str.strip_prefix("+")).alias("digits"),
        pl.col("text").str.starts_with("+").fill_null(value=False).alias("has_plus"),
        pl.lit(value=False).alias("is_withheld"),
    )
    others = (~is_plain).arg_true()
    if len(others):
        cleaned = _cleaned(texts.gather(others), rules)
        dialled = pl.DataFrame([dialled[name].scatter(others, cleaned[name]) for name in dialled.columns])
    whole = _international(rules) if rules.country_code else pl.col("digits")
    return dialled.with_columns(whole.alias("whole"), _short_class(rules).alias("short")).select(
        *_digits_and_class(rules)
    )


def _cleaned(texts: pl.Series, rules: NumberRules) -> pl.DataFrame:
    """What is left of numbers written with more than digits: their digits, a plus, or that they are withheld."""
    users = texts.fill_null("").str.strip_chars().str.strip_chars_start("(").str.to_lowercase()
    addresses = users.str.contains_any(_ADDRESS_MARKS).arg_true()
    if len(addresses):
        users = users.scatter(addresses, _user_part(users.gather(addresses)))
    words = [*WITHHELD, *(word.lower() for word in rules.withheld)]
    frame = users.to_frame("user").with_columns(_without_prefix(pl.col("user"), rules).alias("number"))
    has_plus = frame["number"].str.starts_with("+")
    bare = frame["number"].str.strip_prefix("+")
    with_trunk = (has_plus & bare.str.contains("(0)", literal=True)).arg_true()
    if len(with_trunk):  # +44 (0)20 … : what stands in brackets is for those who dial inside the country
        bare = bare.scatter(with_trunk, bare.gather(with_trunk).str.replace("(0)", "", literal=True))
    digits = bare.str.replace_many(_SEPARATORS, [""] * len(_SEPARATORS))
    is_number = digits.cast(pl.UInt64, strict=False).is_not_null() & ~digits.str.starts_with("+")
    return pl.DataFrame(
        {
            "digits": digits.zip_with(is_number, pl.Series([None], dtype=pl.String)),
            "has_plus": has_plus,
            "is_withheld": users.is_in(words),
        }
    )


def _user_part(texts: pl.Series) -> pl.Series:
    """Of an address: `"Name" <sip:+48…;phone-context=x@host>` is `+48…`."""
    inside = (
        pl.coalesce(texts.str.extract("<([^>]*)>", 1), texts)
        if texts.str.contains("<", literal=True).any()
        else texts
    )
    return pl.select(inside).to_series().str.extract(f"^(?:{'|'.join(_SCHEMES)})?([^@;]*)", 1).str.strip_chars()


def _without_prefix(text: pl.Expr, rules: NumberRules) -> pl.Expr:
    """Without the first of the connection's own prefixes that it begins with, the longest first."""
    stripped = text
    for prefix in sorted(rules.strip_prefixes, key=len):
        found = text.str.starts_with(prefix.lower())
        stripped = pl.when(found).then(text.str.strip_prefix(prefix.lower())).otherwise(stripped)
    return stripped


def _digits_and_class(rules: NumberRules) -> tuple[pl.Expr, pl.Expr]:
    """From `digits` as dialled, `whole` with its country code, and `short`, the class of a short number."""
    whole, is_short = pl.col("whole"), pl.col("short").is_not_null()
    shortest = MIN_E164_DIGITS if rules.country_code else 1
    fits = whole.str.len_bytes().is_between(shortest, MAX_DIGITS)
    is_emergency = whole.is_in([rules.country_code + digits for digits in rules.emergency if rules.country_code])
    number_class = (
        pl.when("is_withheld")
        .then(pl.lit(NumberClass.WITHHELD.value))
        .when(is_short)
        .then("short")
        .when(is_emergency)
        .then(pl.lit(NumberClass.EMERGENCY.value))
        .when(fits)
        .then(pl.lit(NumberClass.E164.value))
        .otherwise(pl.lit(NumberClass.UNREADABLE.value))
    )
    digits = pl.when(is_short).then("digits").when(fits | is_emergency).then(whole)
    return digits.alias("digits"), number_class.alias("number_class")


def _short_class(rules: NumberRules) -> pl.Expr:
    """The class of a short number as dialled; null when it is none.

    What the connection itself says goes before what its country has.
    """
    dialled, length = pl.col("digits"), pl.col("digits").str.len_bytes()
    is_short = ~pl.col("has_plus") & (length <= _MAX_SHORT_DIGITS)
    in_country = pl.lit(value=False)
    if rules.service_pattern:
        # Asked of short numbers only: the expression is the slowest part of all.
        in_country = pl.when(is_short).then(dialled).str.contains(rules.service_pattern).fill_null(value=False)
    return (
        pl.when(is_short & dialled.is_in(list(rules.emergency)))
        .then(pl.lit(NumberClass.EMERGENCY.value))
        .when(is_short & dialled.is_in(list(rules.service)))
        .then(pl.lit(NumberClass.SERVICE.value))
        .when(is_short & length.is_in(list(rules.extension_lengths)))
        .then(pl.lit(NumberClass.EXTENSION.value))
        .when(in_country)
        .then(pl.lit(NumberClass.SERVICE.value))
    )


def _international(rules: NumberRules) -> pl.Expr:
    """The number with its country code: by plus, exit code, trunk prefix, or what a bare number means here."""
    dialled, length = pl.col("digits"), pl.col("digits").str.len_bytes()
    begins_with_0 = dialled.str.starts_with("0")
    code = pl.lit(rules.country_code)
    is_national = length.is_in(list(rules.national_lengths)) if rules.national_lengths else pl.lit(value=True)
    bare: pl.Expr = pl.when(~begins_with_0).then(dialled)
    if rules.add_country_code:
        # Too short for a number with its country code, and no national one either: nobody knows what it is.
        bare = pl.when(length > max(rules.national_lengths, default=0)).then(bare)
        bare = pl.when(is_national).then(pl.concat_str(code, dialled)).otherwise(bare)
    elif rules.bare_pattern:
        bare = pl.when(dialled.str.contains(rules.bare_pattern)).then(pl.concat_str(code, dialled)).otherwise(bare)
    number: pl.Expr = bare
    if trunk := rules.trunk_prefix:
        rest = dialled.str.slice(len(trunk))
        fits = rest.str.len_bytes().is_in(list(rules.national_lengths))
        # No number with a country code begins with 0, but one may begin with 1 or 8: then the length decides.
        has_trunk = dialled.str.starts_with(trunk) & (begins_with_0 | fits)
        number = pl.when(has_trunk).then(pl.concat_str(code, rest)).otherwise(number)
    for size in sorted({len(code) for code in rules.exit_codes}):  # the longest is asked last and wins
        codes = [exit_code for exit_code in rules.exit_codes if len(exit_code) == size]
        has_exit = dialled.str.head(size).is_in(codes) & (length >= size + MIN_E164_DIGITS)
        number = pl.when(has_exit).then(dialled.str.slice(size)).otherwise(number)
    return pl.when("has_plus").then(dialled).otherwise(number)
