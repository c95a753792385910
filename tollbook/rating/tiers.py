"""Prices that depend on how much was used before: by slices, or all at the tier that is reached.

Units are seconds, messages or bytes, counted after allowances. A tier begins after its `from_units`: who has used
exactly so many has not reached it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from tollbook.errors import BadInput
from tollbook.money import INT64_MAX
from tollbook.rating.frames import UNITS
from tollbook.records import UTC_TIME, table

MOST_COUNTED = INT64_MAX


class Mode(StrEnum):
    """What a tier's price is for."""

    GRADUATED = "graduated"  # each slice costs its own
    VOLUME = "volume"  # all costs that of the tier that is reached


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPrice:
    """From so many units on, this price."""

    from_units: int
    nanos: int  # of a minute; of a message; of one `unit` of data
    unit: str = ""  # key of UNITS; "" for what is counted in time

    @property
    def units(self) -> int:
        """How many seconds, messages or bytes the price is for."""
        return UNITS[self.unit] if self.unit else 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """The tiers of a scheme, the first from 0 on."""

    mode: Mode
    steps: Sequence[TierPrice]

    def reached(self, units: int) -> TierPrice:
        """The tier of somebody who has used so many units."""
        return [step for step in self.steps if step.from_units < max(units, 1)][-1]

    def whole_sixtieths(self, units: int) -> int:
        """What so many units come to at the tier that they reach, in 1/60 nano-units."""
        step = self.reached(units)
        return 60 * units * step.nanos // step.units


@dataclass(frozen=True, slots=True)
class Slice:
    """Units of a record that one tier prices."""

    begun: int  # units counted before it
    units: int
    price: TierPrice

    @property
    def sixtieths(self) -> int:
        """What it comes to, in 1/60 nano-units."""
        return 60 * self.units * self.price.nanos // self.price.units


def slices(tiers: Tiers, before: int, units: int) -> list[Slice]:
    """What so many units are priced at, after so many that were counted before."""
    after = before + units
    if tiers.mode is Mode.VOLUME:
        return [Slice(before, units, tiers.reached(after))]
    ends = [*(step.from_units for step in tiers.steps[1:]), after]
    cut = [
        (max(before, step.from_units), min(after, end), step) for step, end in zip(tiers.steps, ends, strict=True)
    ]
    return [Slice(begun, ended - begun, step) for begun, ended, step in cut if ended > begun]


# Records with what of them is counted. `counted` is the units of its `count` before this table.
COUNTING = table(
    {
        "row": pl.Int64,
        "start": UTC_TIME,
        "count": pl.Int64,
        "counted": pl.Int64,
        "units": pl.Int64,
    }
)
COUNTED = table(
    {"row": pl.Int64, "count": pl.Int64, "before": pl.Int64, "units": pl.Int64, "value_sixtieths": pl.Int128}
)


def count(records: pl.DataFrame, tiers: Tiers) -> pl.DataFrame:
    """COUNTING of one scheme, one after the other by their start (then `row`), as COUNTED.

    The value is exact where the price is of what is counted: of minutes and messages always. Where it is of so many
    bytes it is cut below a sixtieth of a nano-unit, each slice by itself.

    Raises:
        BadInput: more units than can be counted.
    """
    after = pl.col("before") + pl.col("units")
    counted = pl.col("counted") + pl.col("units").cast(pl.Int128).cum_sum().over("count")
    in_order = records.sort("start", "row").with_columns(counted=counted)
    most = in_order["counted"].max()
    if isinstance(most, int) and most > MOST_COUNTED:
        raise BadInput(
            f"a month's usage comes to more than {MOST_COUNTED:,} seconds, messages or bytes, which tiers cannot count;"
            " look for a wrong quantity, and import it again"
        )
    in_order = in_order.with_columns(before=pl.col("counted").cast(pl.Int64) - pl.col("units"))
    priced = in_order.with_columns(
        value_sixtieths=_graduated(tiers) if tiers.mode is Mode.GRADUATED else _volume(tiers, after)
    )
    return priced.select(COUNTED.names())


def _graduated(tiers: Tiers) -> pl.Expr:
    """Each slice that the units from `before` on lie in, at its own price."""
    ends = [step.from_units for step in tiers.steps[1:]] + [None]
    before, after = pl.col("before"), pl.col("before") + pl.col("units")
    value = pl.lit(0, dtype=pl.Int128)
    for step, end in zip(tiers.steps, ends, strict=True):
        begun = pl.max_horizontal(before, step.from_units)
        ended = after if end is None else pl.min_horizontal(after, end)
        value += _value((ended - begun).clip(lower_bound=0), step)
    return value


def _volume(tiers: Tiers, after: pl.Expr) -> pl.Expr:
    """All units at the tier that is reached with the last of them."""
    value = _value(pl.col("units"), tiers.steps[0])
    for step in tiers.steps[1:]:
        value = pl.when(after > step.from_units).then(_value(pl.col("units"), step)).otherwise(value)
    return value


def _value(units: pl.Expr, step: TierPrice) -> pl.Expr:
    return 60 * units.cast(pl.Int128) * step.nanos // step.units
