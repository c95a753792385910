"""From the exact value to the price: connect fee, minimum, cap, and the one rounding.

The exact value is an integer number of sixtieths of a nano-unit, because prices are per minute and time is billed
in seconds. Nothing is divided before the rounding.
"""

import numpy as np

from tollbook.money import MAX_DECIMALS, Rounding
from tollbook.rating.prefix import Ints
from tollbook.rating.terms import Terms


def exact_price(value: Ints, opening_row: Ints, terms: Terms) -> Ints:
    """The price before rounding, in 1/60 nano-units: fee added, lifted to the minimum, cut at the maximum.

    Fee and bounds are those of the row with which the call begins. A minimum of 0 is none: credits stay credits.
    """
    exact = value + terms.take("fee", opening_row)
    if not terms.always("minimum", 0):
        minimum = terms.take("minimum", opening_row)
        exact = np.where((minimum > 0) & (exact < minimum), minimum, exact)
    capped: Ints = np.minimum(exact, terms.take("maximum", opening_row))
    return capped


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
