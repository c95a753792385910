"""What a record says before any price is looked up: its number, start and quantity, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import polars as pl

from tollbook.rating.frames import LONGEST_CALL_S, Fraction
from tollbook.rating.outcome import Answer, code, known_code
from tollbook.rating.prefix import NO_NUMBER, Ints, Numbers, number_key
from tollbook.rating.terms import Codes
from tollbook.records import KINDS, Measure

# A start outside these years is a clock that was not set, or a number read as a date.
EARLIEST_START = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_START = datetime(2200, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """The records of one kind, in the numbers that rating reads."""

    answer: Codes  # the strongest answer known so far
    start_us: Ints  # 0 where it makes no sense
    amount: Ints  # seconds, messages or bytes; any number where it makes no sense
    number: Numbers  # the number rated
    cli: Numbers | None

    def __getitem__(self, some: Ints) -> Self:
        cli = None if self.cli is None else self.cli[some]
        return type(self)(self.answer[some], self.start_us[some], self.amount[some], self.number[some], cli)


def facts(calls: pl.DataFrame, kind: str | None, fraction: Fraction, *, need_cli: bool) -> Facts:
    """Facts of records that are all of one kind. Columns a tariff does not read are not made."""
    measure = None if kind is None else KINDS.get(kind)
    numbers = ("cld", "cli") if need_cli else ("cld",)
    frame = (
        calls.lazy()
        .with_columns(
            _amount(measure, fraction).alias("amount"), *(number_key(n).alias(f"{n}_key") for n in numbers)
        )
        .select(
            _start_us(),
            pl.col("amount").fill_null(0),
            _answer(measure),
            *map(_key, numbers),
            *map(_digits, numbers),
        )
        .collect()
    )
    answer = frame["answer"]
    known = known_code(calls)
    if known is not None:
        answer = pl.select(pl.min_horizontal(answer, known)).to_series()
    return Facts(
        answer=answer.to_numpy(),
        start_us=frame["start_us"].to_numpy(),
        amount=frame["amount"].to_numpy(),
        number=Numbers(frame["cld_key"].to_numpy(), frame["cld_digits"].to_numpy()),
        cli=Numbers(frame["cli_key"].to_numpy(), frame["cli_digits"].to_numpy()) if need_cli else None,
    )


def has_good_time() -> pl.Expr:
    """Whether the start is there and may be true."""
    return pl.col("start").is_between(EARLIEST_START, LATEST_START, closed="left").fill_null(False)


def _start_us() -> pl.Expr:
    return pl.when(has_good_time()).then(pl.col("start").cast(pl.Int64)).otherwise(0).alias("start_us")


def _key(number: str) -> pl.Expr:
    return pl.col(f"{number}_key").fill_null(NO_NUMBER)


def _digits(number: str) -> pl.Expr:
    length = pl.col(number).str.len_bytes().cast(pl.Int64)
    return pl.when(pl.col(f"{number}_key").is_not_null()).then(length).otherwise(0).alias(f"{number}_digits")


def _amount(measure: Measure | None, fraction: Fraction) -> pl.Expr:
    if measure is None:
        return pl.lit(0, dtype=pl.Int64)
    if measure is not Measure.TIME:
        return pl.col("quantity")
    microseconds = pl.col("duration_us")
    match fraction:
        case Fraction.UP:
            return (microseconds + (_SECOND_US - 1)) // _SECOND_US
        case Fraction.NEAREST:
            return (microseconds + _SECOND_US // 2) // _SECOND_US
        case Fraction.DOWN:
            return microseconds // _SECOND_US


def _answer(measure: Measure | None) -> pl.Expr:
    """The strongest answer that the record alone gives, its `amount` and `cld_key` being made."""
    answer = code(Answer.CHARGED)
    for applies, stronger in reversed(list(_tests(measure))):
        answer = pl.when(applies).then(code(stronger)).otherwise(answer)
    return answer.alias("answer")


def _tests(measure: Measure | None) -> Iterator[tuple[pl.Expr, Answer]]:
    """What a record alone can show, in the order of `Answer`."""
    yield ~has_good_time(), Answer.BAD_TIME
    if measure is None:
        yield pl.lit(True), Answer.UNKNOWN_KIND
        return
    answered = pl.col("answered").fill_null(True)
    if measure is Measure.TIME:
        good_quantity = pl.col("duration_us").is_between(0, LONGEST_CALL_S * _SECOND_US)
    else:
        good_quantity = pl.col("quantity") >= 0
    # A call that was not answered may come without a duration.
    yield ~good_quantity.fill_null(~answered), Answer.BAD_QUANTITY
    yield ~answered | (pl.col("amount") == 0), Answer.UNANSWERED
    if measure is not Measure.BYTES:  # a data session calls nobody; its number may be an access point's name
        yield pl.col("cld_key").is_null(), Answer.BAD_NUMBER
