"""What an invoice comes to: rounded once per tax rate, then shared out over its lines.

The total of a rate is rounded from the exact sum of its calls, not from rounded lines, so a customer with many
small destinations pays what the calls come to. Tax is computed from that total (Poland: art. 106e of the VAT act,
EN 16931: BR-CO-17). The lines get whole cents that add up to the total, and their tax is that of their own cents,
so no line shows a tax without an amount.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from tollbook.money import NANOS_PER_UNIT


@dataclass(frozen=True, slots=True)
class NetAndTax:
    """What a tax rate or a line comes to, in amounts that can be paid."""

    net: Decimal
    tax: Decimal


def total_of_rate(
    net_nanos: int, tax_nanos: int, *, basis_points: int, is_gross: bool, decimals: int
) -> NetAndTax:
    """The invoice's net and tax for a rate from the exact sums of its transactions. Half a cent goes up."""
    percent = Fraction(basis_points, 10_000)
    if is_gross:
        gross = rounded(Fraction(net_nanos + tax_nanos, NANOS_PER_UNIT), decimals)
        tax = rounded(Fraction(gross) * percent / (1 + percent), decimals)
        return NetAndTax(gross - tax, tax)
    net = rounded(Fraction(net_nanos, NANOS_PER_UNIT), decimals)
    return NetAndTax(net, rounded(Fraction(net) * percent, decimals))


def rounded(amount: Fraction, decimals: int) -> Decimal:
    """Half up, away from zero: 0.125 is 0.13 and -0.125 is -0.13 at two decimals."""
    scaled = abs(amount) * 10**decimals
    whole = floor(scaled + Fraction(1, 2))
    return Decimal(-whole if amount < 0 else whole).scaleb(-decimals)


def line_totals(
    lines: Sequence[tuple[int, int]], *, basis_points: int, is_gross: bool, decimals: int
) -> list[NetAndTax]:
    """The lines of one tax rate (exact net and tax nanos of each); they add up to its `total_of_rate`."""
    percent = Fraction(basis_points, 10_000)
    if is_gross:
        grosses = apportion([Fraction(net + tax, NANOS_PER_UNIT) for net, tax in lines], decimals)
        taxes = apportion([Fraction(gross) * percent / (1 + percent) for gross in grosses], decimals)
        return [NetAndTax(gross - tax, tax) for gross, tax in zip(grosses, taxes, strict=True)]
    nets = apportion([Fraction(net, NANOS_PER_UNIT) for net, _ in lines], decimals)
    taxes = apportion([Fraction(net) * percent for net in nets], decimals)
    return [NetAndTax(net, tax) for net, tax in zip(nets, taxes, strict=True)]


def apportion(exact: Sequence[Fraction], decimals: int) -> list[Decimal]:
    """The amounts in whole cents that add up to their rounded sum, each less than a cent from exact.

    Every amount is rounded down, and the cents that are left go to those that lost most by it (the method of
    largest remainders; of equals the earlier one). 0.004, 0.004 and 0.004 are 0.01, 0.00 and 0.00.
    """
    cents = [amount * 10**decimals for amount in exact]
    shares = [floor(cent) for cent in cents]
    left = int(rounded(sum(exact, Fraction(0)), decimals).scaleb(decimals)) - sum(shares)
    by_loss = sorted(range(len(cents)), key=lambda index: shares[index] - cents[index])
    for index in by_loss[:left]:
        shares[index] += 1
    return [Decimal(share).scaleb(-decimals) for share in shares]
