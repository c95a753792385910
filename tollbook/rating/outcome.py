"""Which answer a record gets when several would fit: the first in the order of `Answer` decides.

This is the only place where that order is written. Every test of the engine gives a code, and the lowest wins.
"""

from enum import IntEnum, StrEnum

import polars as pl

from tollbook.errors import FrameMismatch
from tollbook.rating.frames import FREE_REASONS, NOT_USAGE_REASONS, REASONS


class Outcome(StrEnum):
    """What became of a record. Exactly one of these, always."""

    CHARGED = "charged"
    FREE = "free"
    SET_ASIDE = "set_aside"
    NOT_USAGE = "not_usage"


class Answer(IntEnum):
    """Every answer, the strongest first (the rating rules, section 8)."""

    # 1: the record makes no sense.
    UNREADABLE = 0
    # It is about money, not usage; or it is part of a call that has a record of its own.
    FEE = 1
    PAYMENT = 2
    ADJUSTMENT = 3
    TAX = 4
    LEG = 5
    # 1 again.
    BAD_TIME = 6
    BAD_QUANTITY = 7
    UNKNOWN_KIND = 8
    # 3, before 2: what is not shown is not shown when nobody answered, either.
    HIDDEN = 9
    # 2: nothing happened, so nobody has to own it.
    UNANSWERED = 10
    # Put to the side by a person's undoing, until it is rated again.
    CORRECTION_UNDONE = 11
    # 3–8: known before a price is looked up.
    EXCLUDED = 12
    EMERGENCY = 13
    UNPAIRED_CUSTOMER = 14
    OTHER_CUSTOMER = 15
    NO_ACCOUNT = 16
    AMBIGUOUS_ACCOUNT = 17
    ACCOUNT_CLOSED = 18
    NOT_BILLED = 19  # so nobody needs to read its number
    BAD_NUMBER = 20
    NO_TARIFF = 21
    ON_NET = 22
    # 9: the price list, or the platform, has no price for it.
    NO_PLATFORM_PRICE = 23
    NO_RATE = 24
    FORBIDDEN_DESTINATION = 25
    CURRENCY_MISMATCH = 26
    # 10: priced at nothing.
    GRACE = 27
    ALLOWANCE = 28
    # 11: priced; or it would be, were the price not too large for 64 bits (shown as `bad_quantity`).
    UNPRICEABLE = 29
    CHARGED = 30

    @property
    def reason(self) -> str | None:
        """The word shown, one of REASONS; none for a charged record."""
        if self is Answer.CHARGED:
            return None
        return Answer.BAD_QUANTITY.reason if self is Answer.UNPRICEABLE else self.name.lower()

    @property
    def outcome(self) -> Outcome:
        if self is Answer.CHARGED:
            return Outcome.CHARGED
        if self.reason in NOT_USAGE_REASONS:
            return Outcome.NOT_USAGE
        return Outcome.FREE if self.reason in FREE_REASONS else Outcome.SET_ASIDE


CODE = pl.UInt8
_OUTCOMES = pl.Series([answer.outcome.value for answer in Answer], dtype=pl.String)
_REASONS = pl.Series([answer.reason for answer in Answer], dtype=pl.String)
_HAS_PRICE = pl.Series([answer.outcome in {Outcome.CHARGED, Outcome.FREE} for answer in Answer])
_CODES = {reason: Answer[reason.upper()].value for reason in REASONS}


def code(answer: Answer) -> pl.Expr:
    """An answer as a value of a code column."""
    return pl.lit(answer.value, dtype=CODE)


def known_code(calls: pl.DataFrame) -> pl.Series | None:
    """The codes of `known_reason`; none when no record has one.

    Raises:
        FrameMismatch: a reason that is none of REASONS.
    """
    known = calls["known_reason"]
    if known.null_count() == known.len():
        return None
    unknown = known.filter(known.is_not_null() & ~known.is_in(REASONS))
    if unknown.len():
        raise FrameMismatch(f"known_reason is {unknown[0]!r}; it must be null or one of {', '.join(REASONS)}")
    return known.replace_strict(_CODES, default=Answer.CHARGED.value, return_dtype=CODE)


def outcome_of(codes: pl.Series) -> pl.Series:
    return _OUTCOMES.gather(codes).alias("outcome")


def reason_of(codes: pl.Series) -> pl.Series:
    return _REASONS.gather(codes).alias("reason")


def has_price(codes: pl.Series) -> pl.Series:
    """Whether the record has a price: charged, or free at 0. One that is set aside, or no usage, has none."""
    return _HAS_PRICE.gather(codes)


def is_charged(codes: pl.Series) -> pl.Series:
    return codes == Answer.CHARGED.value


def has_rate_line(codes: pl.Series) -> pl.Series:
    """Whether a rate was found before the answer was: its line is told then."""
    return codes >= Answer.FORBIDDEN_DESTINATION.value
