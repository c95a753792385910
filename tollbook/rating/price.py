"""From the exact value to the price: connect fee, minimum, cap, and the one rounding.

The exact value is an integer number of sixtieths of a nano-unit, because prices are per minute and time is billed
in seconds. Nothing is divided before the rounding, in which a markup has its place too.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from tollbook.money import INT64_MAX, MAX_DECIMALS, Rounding
from tollbook.rating.frames import TariffSettings
from tollbook.rating.packed import Column
from tollbook.rating.prefix import Flags, Ints
from tollbook.rating.pricelist import EXACT_LIMIT
from tollbook.rating.terms import Terms

BASIS_POINTS = 10_000  # in the whole: a markup of 12.5 % is 1250 of them


def exact_price(value: Ints, fee: Column, opening_row: Ints, terms: Terms) -> Ints:
    """The price before rounding, in 1/60 nano-units: fee added, lifted to the minimum, cut at the maximum.

    Bounds, as the fee, are those of the row with which the call begins. A minimum of 0 is none: credits stay credits.
    """
    exact = value + fee
    if not terms.always("minimum", 0):
        minimum = terms.take("minimum", opening_row)
        exact = np.where((minimum > 0) & (exact < minimum), minimum, exact)
    capped: Ints = np.minimum(exact, terms.take("maximum", opening_row))
    return capped


def price_nanos(exact: Ints, settings: TariffSettings) -> tuple[Ints, Flags | None]:
    """The price of what the rates come to (1/60 nano-units), with the tariff's markup, rounded once.

    With it, which records have none because it might not fit 64 bits: what is so dear without a markup was found
    out before.
    """
    decimals, rounding = settings.decimals, settings.rounding
    if not settings.rate_markup_basis_points:
        return rounded_nanos(exact, decimals, rounding), None
    factor = Fraction(BASIS_POINTS + settings.rate_markup_basis_points, BASIS_POINTS)
    times, parts = factor.numerator, 60 * factor.denominator
    size: Ints = np.abs(exact)
    too_dear = size > EXACT_LIMIT * factor.denominator // max(times, factor.denominator)
    # Few prices are so large that their product needs more than 64 bits on the way. Those go through Python's integers.
    is_large = ~too_dear & (size > (INT64_MAX - parts * 10**MAX_DECIMALS) // max(times, 1))
    nanos = rounded_nanos(np.where(too_dear | is_large, 0, exact) * times, decimals, rounding, per_nano=parts)
    if is_large.any():
        products: Any = exact[is_large].astype(object) * times
        nanos[is_large] = rounded_nanos(products, decimals, rounding, per_nano=parts).astype(np.int64)
    return nanos, too_dear


def rounded_nanos(exact: Ints, decimals: int, rounding: Rounding, *, per_nano: int = 60) -> Ints:
    """The price in nano-units, at so many decimals. `exact` is in so many parts of a nano-unit.

    The size is rounded and the sign put back, so a credit rounds like a charge.
    """
    nanos_per_step = 10 ** (MAX_DECIMALS - decimals)
    step = per_nano * nanos_per_step
    size: Ints = np.abs(exact)
    match rounding:
        case Rounding.HALF_UP:
            steps = (size + step // 2) // step
        case Rounding.HALF_EVEN:
            steps = _half_even(size, step)
        case Rounding.UP:
            steps = (size + step - 1) // step
        case Rounding.DOWN:
            steps = size // step
    nanos: Ints = np.where(exact < 0, -steps, steps) * nanos_per_step
    return nanos


def _half_even(size: Ints, step: int) -> Ints:
    steps: Ints = size // step
    doubled_rest = 2 * (size - steps * step)
    is_odd = steps % 2 == 1
    return np.where((doubled_rest > step) | ((doubled_rest == step) & is_odd), steps + 1, steps)


def rounded_difference(exact: int, settings: TariffSettings) -> int:
    """An amount of 1/60 nano-units, however large, with the tariff's markup, rounded once to nano-units."""
    parts: Any = np.array([exact * (BASIS_POINTS + settings.rate_markup_basis_points)], dtype=object)
    return int(rounded_nanos(parts, settings.decimals, settings.rounding, per_nano=60 * BASIS_POINTS)[0])
