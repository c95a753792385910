"""What of a record is not priced by its rate: units that allowances cover, and the value that a tier gives the rest."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from tollbook.rating.prefix import Flags, Ints
from tollbook.records import conform, table

# Columns that a record may bring besides CALLS.
INCLUDED = table(
    {
        "covered": pl.Int64,  # units at the beginning of what is billed: seconds, messages, or units of the rate
        "pays_fee": pl.Boolean,  # the connect fee is charged, by the setting of the allowance that covers the beginning
        "tier_sixtieths": pl.Int64,  # value of the units not covered, in 1/60 nano-units; null = as the rate has it
    }
)


@dataclass(frozen=True, slots=True)
class Included:
    """INCLUDED of the records of one kind, in their order."""

    covered: Ints
    pays_fee: Flags
    is_tiered: Flags
    tier_value: Ints

    @classmethod
    def of(cls, calls: pl.DataFrame) -> Self | None:
        """What the records bring; none when they are CALLS alone."""
        if "covered" not in calls.columns:
            return None
        told = conform(calls, INCLUDED)
        return cls(
            told["covered"].to_numpy(),
            told["pays_fee"].to_numpy(),
            told["tier_sixtieths"].is_not_null().to_numpy(),
            told["tier_sixtieths"].fill_null(0).to_numpy(),
        )

    def __getitem__(self, some: Ints) -> Self:
        return type(self)(self.covered[some], self.pays_fee[some], self.is_tiered[some], self.tier_value[some])

    def value(self, by_rate: Ints) -> Ints:
        """What the units not covered cost, in 1/60 nano-units: by their tier, or as the rate has it."""
        priced: Ints = np.where(self.is_tiered, self.tier_value, by_rate)
        return priced

    def covers_all(self, billed: Ints, fee: Ints) -> Flags:
        """Which records cost nothing because allowances cover them: all their units, and the fee is not charged."""
        nothing_left: Flags = (billed > 0) & (self.covered >= billed) & ((fee == 0) | ~self.pays_fee)
        return nothing_left
