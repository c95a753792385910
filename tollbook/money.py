"""Exact money. `Decimal` at the borders, integer nano-units inside tables, a float nowhere."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from enum import StrEnum
from typing import Self

from tollbook.errors import BadInput, CurrencyMismatch

NANOS_PER_UNIT = 1_000_000_000
MAX_DECIMALS = 9
INT64_MAX = 2**63 - 1


class Rounding(StrEnum):
    """How the one rounding of a price is done. `up` is away from zero, `down` towards it."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"

    @property
    def decimal_mode(self) -> str:
        """The same mode in the words of the `decimal` module."""
        return _DECIMAL_MODES[self]


_DECIMAL_MODES = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.UP: ROUND_UP,
    Rounding.DOWN: ROUND_DOWN,
}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Exact: built from Decimal, never from float."""

    amount: Decimal
    currency: str  # ISO 4217, as "EUR"

    @classmethod
    def from_nanos(cls, nanos: int, currency: str) -> Self:
        """Money from a table's integer nano-units."""
        return cls(decimal_of(nanos), currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def rounded(self, decimals: int = 2, rounding: Rounding = Rounding.HALF_UP) -> "Money":
        """The amount at so many decimals, for documents: `Money("1.005", "EUR")` is 1.01."""
        quantum = Decimal(1).scaleb(-decimals)
        return Money(self.amount.quantize(quantum, rounding=rounding.decimal_mode), self.currency)

    def _same_currency(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.amount} {self.currency} and {other.amount} {other.currency}")


def nanos_of(amount: Decimal) -> int:
    """Nano-units of an amount, exactly.

    Raises:
        BadInput: more than 9 decimals (a price is refused, never cut), or too large for 64 bits.
    """
    if not amount.is_finite():
        raise BadInput(f"{amount} is not an amount")
    # Integers, not decimal operations: those would cut the amount to the precision of their context.
    too_small = amount.adjusted() < -MAX_DECIMALS
    too_large = amount.adjusted() > len(str(INT64_MAX))
    numerator, denominator = (0, 1) if too_small or too_large else amount.as_integer_ratio()
    nanos, rest = divmod(numerator * NANOS_PER_UNIT, denominator)
    if rest or (too_small and amount):
        raise BadInput(f"{amount} has more than {MAX_DECIMALS} decimals; write it with at most {MAX_DECIMALS}")
    if (too_large and amount) or abs(nanos) > INT64_MAX:
        raise BadInput(f"{amount} is too large; the limit is {decimal_of(INT64_MAX)}")
    return nanos


def decimal_of(nanos: int) -> Decimal:
    """The amount behind nano-units: 1_500_000_000 is Decimal("1.500000000")."""
    return Decimal(nanos).scaleb(-9)
