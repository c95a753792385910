"""From duration to billed time and its exact price: increments, steps, windows.

A call is a walk along its own seconds. At each one an increment begins, at the price and of the length of the step
and window that hold there, and the next increment begins where it ends. All calls walk together, leg by leg: within
a leg nothing changes, so its increments are counted by one division.
"""

from dataclasses import dataclass, field

import numpy as np

from tollbook.rating.outcome import Answer
from tollbook.rating.packed import Column
from tollbook.rating.prefix import Ints
from tollbook.rating.schedules import Schedules
from tollbook.rating.terms import Codes, Terms
from tollbook.rating.windows import Timeline


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of some calls within one step and window. For explanations."""

    call: Ints  # position of the call
    row: Ints
    begun: Ints  # second or unit of the call at which it begins
    lead: Ints  # charged in the first increment
    rest: Ints  # charged in the increments after it


@dataclass(slots=True)
class Trail:
    """What explanations need besides the answer. Filled by rating, where it is asked for."""

    legs: list[Leg] = field(default_factory=list)
    opening_row: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # of each call
    value: Ints = field(
        default_factory=lambda: np.zeros(0, dtype=np.int64)
    )  # without fee and bounds, in 1/60 nanos
    fee: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # as charged, in 1/60 nanos


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of one kind about to be charged, and where they begin."""

    rate: Ints
    row: Ints  # the first step of the window in which they begin
    window_until_s: Column  # UTC second until which that window holds
    start_s: Ints  # UTC second of the start, the fraction cut: windows change at whole seconds
    amount: Ints  # seconds or units to be billed; 0 for calls that are not charged
    covered: Column  # seconds or units at the beginning that cost nothing, because allowances cover them
    takes_time: bool  # messages and data do not: they happen, whole, in the window in which they begin


@dataclass(frozen=True, slots=True)
class Charge:
    """What came of the walk."""

    billed: Ints
    value: Ints  # exact price without connect fee, in 1/60 nano-units
    answer: Codes  # CHARGED; or why a row on the way has no price


def charge(
    usage: Usage, terms: Terms, schedules: Schedules, timeline: Timeline | None, trail: Trail | None = None
) -> Charge:
    """Walk all calls to their ends. `trail` receives the legs."""
    until = np.minimum(usage.amount, terms.take("step_until", usage.row))
    if timeline is not None and usage.takes_time:
        until = np.minimum(until, usage.window_until_s - usage.start_s)
    leg = _leg(terms, usage.row, np.int64(0), until, usage.covered)
    billed, value = leg.billed, leg.value
    answer = np.full(len(billed), Answer.CHARGED, dtype=np.uint8)
    if trail is not None:
        everyone = np.arange(len(billed))
        trail.legs.append(Leg(everyone, usage.row, *np.broadcast_arrays(leg.begun, leg.lead, leg.rest)))

    walking = np.flatnonzero(billed < usage.amount)
    while walking.size:
        begun, start_s = billed[walking], usage.start_s[walking]
        now_s = start_s + begun if usage.takes_time else start_s
        row, window_until_s = schedules.row_at(usage.rate[walking], now_s, timeline)
        row = _step_at(terms, row, begun)
        answer[walking] = terms.answers.take(row)
        until = np.minimum(usage.amount[walking], terms.take("step_until", row))
        if usage.takes_time:
            until = np.minimum(until, window_until_s - start_s)
        covered = usage.covered if isinstance(usage.covered, np.int64) else usage.covered[walking]
        leg = _leg(terms, row, begun, until, covered)
        billed[walking] = leg.billed
        value[walking] += leg.value
        if trail is not None:
            trail.legs.append(Leg(walking, row, *np.broadcast_arrays(leg.begun, leg.lead, leg.rest)))
        goes_on = (leg.billed < usage.amount[walking]) & (answer[walking] == Answer.CHARGED)
        walking = walking[goes_on]
    return Charge(billed, value, answer)


@dataclass(frozen=True, slots=True)
class _Measured:
    begun: Column  # where it begins to cost something
    lead: Ints
    rest: Ints
    billed: Ints  # where the leg ends
    value: Ints


def _leg(terms: Terms, row: Ints, begun: Column, until: Ints, covered: Column) -> _Measured:
    """The increments of one row that begin in [begun, until): perhaps its first, then whole next increments.

    The first increment of a step is what begins within its length of the step's own beginning. What of them lies
    before `covered` is billed, and not charged.
    """
    first, step = terms.take("first_increment", row), terms.take("next_increment", row)
    lead = np.where((begun < terms.take("from_s", row) + first) & (begun < until), first, 0)
    reached = begun + lead
    beyond = np.maximum(until - reached, 0)
    rest = (beyond + step - 1) // step * step
    billed = reached + rest
    if not isinstance(covered, np.int64):
        lead, rest = np.clip(reached - covered, 0, lead), np.clip(billed - covered, 0, rest)
        begun = np.maximum(begun, covered)
    value = lead * terms.take("first_price", row) + rest * terms.take("next_price", row)
    return _Measured(begun, lead, rest, billed, value)


def _step_at(terms: Terms, row: Ints, begun: Ints) -> Ints:
    """The step that holds at this second, counted from the first row of its rate and window."""
    behind = np.flatnonzero(terms.take("step_until", row) <= begun)
    while behind.size:
        row[behind] += 1
        behind = behind[terms.take("step_until", row[behind]) <= begun[behind]]
    return row
