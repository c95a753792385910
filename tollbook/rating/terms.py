"""The rows of a price list in the numbers that pricing reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from tollbook.errors import BadInput
from tollbook.rating.frames import UNITS
from tollbook.rating.outcome import Answer
from tollbook.rating.packed import Column, Packed
from tollbook.rating.prefix import Flags, Ints
from tollbook.rating.pricelist import EXACT_LIMIT
from tollbook.rating.windows import FOREVER
from tollbook.records import Measure

NO_CAP = EXACT_LIMIT  # no price before rounding is above it

Codes = npt.NDArray[np.uint8]  # values of Answer


@dataclass(frozen=True, slots=True)
class Terms:
    """The rows of a price list in the numbers that pricing reads, by row; row 0 has no price.

    Prices, fees and bounds are in 1/60 nano-units: `first_price`, `next_price` of one second or unit. A column in
    which all rows agree is kept as one number, so a feature that a tariff does not use costs its calls nothing.
    """

    columns: Mapping[str, Packed]
    answers: Codes  # what a call gets that needs this row: CHARGED, or why it cannot be
    longest_minimum: int  # to which a call may be lifted
    least_most: int  # no rate has a smaller `most`, the largest quantity that it can price

    @classmethod
    def of(cls, columns: Mapping[str, Ints], forbidden: Flags) -> Self:
        """Columns by price list row, with row 0 put before them: it has the first row's terms, which nothing reads."""
        by_row = {name: np.append(column[:1] if len(column) else 1, column) for name, column in columns.items()}
        by_row["step_until"][0] = FOREVER  # no step follows it
        answers = np.where(np.append(False, forbidden), Answer.FORBIDDEN_DESTINATION, Answer.CHARGED)
        answers[0] = Answer.NO_RATE
        return cls(
            {name: Packed.of(column) for name, column in by_row.items()},
            answers.astype(np.uint8),
            longest_minimum=int(columns["at_least"].max(initial=0)),
            least_most=int(columns["most"].min(initial=EXACT_LIMIT)),
        )

    def take(self, name: str, rows: Ints) -> Column:
        """One column for each of these rows; one number where it holds for all."""
        return self.columns[name].take(rows)

    def always(self, name: str, value: int) -> bool:
        """Whether all rows have this value."""
        return self.columns[name].always(value)


def build_terms(measure: Measure, rows: pl.DataFrame, *, begins_rate: Flags, begins_part: Flags) -> Terms:
    """Terms of the sorted rows of one kind; row numbers count from 1.

    Raises:
        BadInput: a rate so dear that not even its least quantity has an exact price in 64 bits.
    """
    columns = _exact_prices(measure, rows) | _steps(rows, begins_part)
    if rows.height:
        rates = np.flatnonzero(begins_rate)
        rate = np.cumsum(begins_rate) - 1
        columns["line"] = np.minimum.reduceat(rows["line"].to_numpy(), rates)[rate]
        columns["most"] = _most(columns, rates)[rate]
        _refuse_too_dear(rows, columns)
    else:
        columns["line"] = columns["most"] = columns["grace"]
    return Terms.of(columns, rows["is_forbidden"].to_numpy())


def _exact_prices(measure: Measure, rows: pl.DataFrame) -> dict[str, Ints]:
    """Prices, fees and bounds in sixtieths of nano-units. A price per minute is that of a second in sixtieths."""
    per_unit = pl.col("per_unit_nanos") * 60
    exact = rows.select(
        first_price=pl.col("first_per_min_nanos") if measure is Measure.TIME else per_unit,
        next_price=pl.col("next_per_min_nanos") if measure is Measure.TIME else per_unit,
        fee=pl.col("connect_fee_nanos") * 60,
        minimum=pl.col("minimum_charge_nanos") * 60,
        maximum=(pl.col("maximum_charge_nanos") * 60).fill_null(NO_CAP),
        unit=pl.col("unit").replace_strict(dict(UNITS), default=1, return_dtype=pl.Int64),
    )
    return {name: exact[name].to_numpy() for name in exact.columns}


def _steps(rows: pl.DataFrame, begins_part: Flags) -> dict[str, Ints]:
    """Increments, and the seconds between which each row holds as a step."""
    from_s = rows["from_s"].to_numpy()
    step_until = np.append(from_s[1:], 0)
    step_until[np.append(begins_part[1:], True)[: len(step_until)]] = FOREVER
    return {
        "from_s": from_s,
        "step_until": step_until,
        "first_increment": rows["first_increment"].to_numpy(),
        "next_increment": rows["next_increment"].to_numpy(),
        "grace": rows["grace_period_s"].to_numpy(),
        "at_least": rows["minimum_s"].to_numpy(),
    }


def _most(columns: Mapping[str, Ints], rates: Ints) -> Ints:
    """By rate: the largest quantity whose price surely fits, were all of it at the dearest step.

    The last increment may run over the quantity, by less than the longest increment.
    """

    def largest(*names: str) -> Ints:
        of_row = np.maximum.reduce([np.abs(columns[name]) for name in names])
        return np.maximum.reduceat(of_row, rates)

    dearest = np.maximum(largest("first_price", "next_price"), 1)
    return (EXACT_LIMIT - largest("fee")) // dearest - largest("first_increment", "next_increment")


def _refuse_too_dear(rows: pl.DataFrame, columns: Mapping[str, Ints]) -> None:
    too_dear = np.flatnonzero(columns["most"] < np.maximum(columns["at_least"], 1))
    if too_dear.size:
        raise BadInput(
            f"price list line {rows['line'][int(too_dear[0])]}: the price of one increment is too large to be kept "
            "exactly; lower the price, the increment or minimum_duration"
        )
