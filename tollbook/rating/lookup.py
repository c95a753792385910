"""Which rate is in force for a call: longest CLD prefix, then longest CLI prefix, then latest date.

A rate counts only if all of it fits the call: its dates the start, its CLI prefix the CLI, its lengths the number.
If none of the longest prefix does, the next shorter prefix is asked, so a special price never hides the general one.
"""

from dataclasses import dataclass

import numpy as np

from tollbook.rating.packed import Packed
from tollbook.rating.prefix import MAX_DIGITS, BreakPoints, Flags, Ints, Numbers, Positions, bisect

NO_RATE = 0  # the number of the rate that every call fits in the end: it has no price
ALWAYS_WAS, OPEN_END = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Origins:
    """The CLI prefixes of the CLD prefixes that have any, laid out one after the other.

    Group g is the pieces `low[g]` to `high[g]`; each leads on like `Directory.leads_to`.
    """

    starts: Ints
    leads_to: Ints
    low: Ints
    high: Ints


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a call must have, besides matching keys, for each rate."""

    since_us: Packed
    until_us: Packed
    min_digits: Packed  # at least those of the prefix itself
    max_digits: Packed
    min_cli_digits: Packed

    def met_by(self, rate: Ints, digits: Ints, cli_digits: Ints | None, start_us: Ints) -> Flags:
        """Which of these calls the rates they were led to are for."""
        met: Flags = self.since_us.take(rate) <= start_us
        if not self.until_us.always(OPEN_END):
            met &= start_us < self.until_us.take(rate)
        if digits.min(initial=MAX_DIGITS) < self.min_digits.largest:
            met &= self.min_digits.take(rate) <= digits
        if not self.max_digits.always(MAX_DIGITS):
            met &= digits <= self.max_digits.take(rate)
        if cli_digits is not None:
            met &= self.min_cli_digits.take(rate) <= cli_digits
        return met


@dataclass(frozen=True, slots=True)
class Directory:
    """The rates of one kind by number, CLI, date and length.

    A piece of the number line leads to the first rate to try; a rate that does not fit leads on to the next. What
    is led to is a rate's number, or -1 - g for origin group g, where the CLI decides.
    """

    numbers: BreakPoints
    leads_to: Positions  # by piece
    otherwise: Positions  # by rate
    conditions: Conditions
    origins: Origins | None

    def rate_in_force(self, number: Numbers, cli: Numbers | None, start_us: Ints) -> Ints:
        """The rate of each call, NO_RATE where none fits.

        Every round asks only the calls the last one refused; there are at most as many rounds as one number has
        rates, over all its prefixes.
        """
        digits, cli_digits = number.digits, None if cli is None else cli.digits
        rate = self._by_origin(self.leads_to.take(self.numbers.position(number.key)).astype(np.int64), cli)
        refused = np.flatnonzero(~self.conditions.met_by(rate, digits, cli_digits, start_us))
        while refused.size:
            some_cli = None if cli is None else cli[refused]
            following = self._by_origin(self.otherwise.take(rate[refused]).astype(np.int64), some_cli)
            rate[refused] = following
            some_cli_digits = None if some_cli is None else some_cli.digits
            refused = refused[
                ~self.conditions.met_by(following, digits[refused], some_cli_digits, start_us[refused])
            ]
        return rate

    def _by_origin(self, leads_to: Ints, cli: Numbers | None) -> Ints:
        """The rates led to, origin groups resolved: by their longest CLI prefix, or on to the shorter prefix."""
        if self.origins is None or cli is None:
            return leads_to
        some = np.flatnonzero(leads_to < 0)
        while some.size:
            group = -1 - leads_to[some]
            low, high = self.origins.low.take(group), self.origins.high.take(group)
            leads_to[some] = self.origins.leads_to.take(bisect(self.origins.starts, cli.key[some], low, high))
            some = some[leads_to[some] < 0]
        return leads_to
