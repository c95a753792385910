"""What an invoice comes to: rounded once per tax rate, then shared out over its lines.

The total of a rate is rounded from the exact sum of its calls, not from rounded lines, so a customer with many
small destinations pays what the calls come to. Tax is computed from that total (Poland: art. 106e of the VAT act,
EN 16931: BR-CO-17). The lines then get whole cents that add up to the total.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from tollbook.money import NANOS_PER_UNIT


@dataclass(frozen=True, slots=True)
class RateTotal:
    """Net and tax of one tax rate, in amounts that can be paid."""

    net: Decimal
    tax: Decimal


def total_of_rate(
    net_nanos: int, tax_nanos: int, *, basis_points: int, is_gross: bool, decimals: int
) -> RateTotal:
    """The invoice's net and tax for a rate from the exact sums of its transactions. Half a cent goes up."""
    percent = Fraction(basis_points, 10_000)
    if is_gross:
        gross = rounded(Fraction(net_nanos + tax_nanos, NANOS_PER_UNIT), decimals)
        tax = rounded(Fraction(gross) * percent / (1 + percent), decimals)
        return RateTotal(gross - tax, tax)
    net = rounded(Fraction(net_nanos, NANOS_PER_UNIT), decimals)
    return RateTotal(net, rounded(Fraction(net) * percent, decimals))


def rounded(amount: Fraction, decimals: int) -> Decimal:
    """Half up, away from zero: 0.125 is 0.13 and -0.125 is -0.13 at two decimals."""
    scaled = abs(amount) * 10**decimals
    whole = floor(scaled + Fraction(1, 2))
    return Decimal(-whole if amount < 0 else whole).scaleb(-decimals)


def apportion(total: Decimal, exact_nanos: Sequence[int], decimals: int) -> list[Decimal]:
    """Share `total` out in whole cents, as near to the exact amounts as adding up allows.

    Every share is its exact amount rounded down, and the cents that are left go to those that lost most by it (the
    method of largest remainders; of equals the earlier one). Shares of 0.004, 0.004 and 0.004 of a total of 0.01
    are 0.01, 0.00 and 0.00.
    """
    if not exact_nanos:
        return []
    cents = [Fraction(nanos * 10**decimals, NANOS_PER_UNIT) for nanos in exact_nanos]
    shares = [floor(cent) for cent in cents]
    left = int(total.scaleb(decimals)) - sum(shares)
    by_loss = sorted(range(len(cents)), key=lambda index: shares[index] - cents[index])
    # More cents than lines, or fewer than none, are left when tax was computed from the rounded net.
    whole_rounds, rest = divmod(left, len(shares))
    for rank, index in enumerate(by_loss):
        shares[index] += whole_rounds + (1 if rank < rest else 0)
    return [Decimal(share).scaleb(-decimals) for share in shares]
