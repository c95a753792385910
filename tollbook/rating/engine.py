"""Rates calls: a table of records and a compiled tariff in, the records with their outcome and price out."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TypeVar

import numpy as np
import polars as pl

from tollbook.rating.facts import Facts, facts, has_good_time
from tollbook.rating.frames import CALLS, LONGEST_CALL_S, VERDICT, TariffSettings
from tollbook.rating.included import INCLUDED, Included
from tollbook.rating.increments import Trail, Usage, charge
from tollbook.rating.outcome import Answer, has_price, has_rate_line, outcome_of, reason_of
from tollbook.rating.platform_price import rate_by_platform
from tollbook.rating.prefix import Ints
from tollbook.rating.price import exact_price, price_nanos
from tollbook.rating.tariff import KindTable, Tariff, compile_tariff, with_markup
from tollbook.rating.terms import Codes, Terms
from tollbook.rating.windows import Timeline
from tollbook.records import KINDS, Measure, conform, table

__all__ = ["Tariff", "compile_tariff", "rate_calls", "with_markup"]

BLOCK_ROWS = 524_288  # large enough that what Python adds per block does not count, small enough to share out
THREADS = 2
NEAR_ROWS = 500_000  # price lists up to here stay in the processor's caches whatever is asked of them

_FIRST_DIGITS = 10**14  # keys divided by it are the first four digits

Values = TypeVar("Values", Ints, Codes)
Timelines = Mapping[str, Timeline]  # of the kinds in a table of records that have windows


@dataclass(frozen=True, slots=True)
class Rated:
    """Records of one kind with their answer. Figures are 0 for free ones, and mean nothing for those set aside."""

    answer: Codes
    rate_line: Ints  # the first line of the rate
    billed: Ints
    exact: Ints  # price before rounding, in 1/60 nano-units
    price_nanos: Ints


def rate_calls(calls: pl.DataFrame, tariff: Tariff) -> pl.DataFrame:
    """Price every record: CALLS in (other columns are carried along), the same rows in the same order with VERDICT.

    Records may bring INCLUDED: what allowances cover of them, and what tiers make of the rest.

    Every record gets one outcome; one that cannot be priced is set aside with a reason and without a price. The
    same record and tariff always give the same price, whatever other records are in the table.

    Raises:
        FrameMismatch: a column of CALLS is missing or has another type, or a `known_reason` is no reason.
    """
    if tariff.settings.platform_markup_basis_points is not None:
        return rate_by_platform(calls, tariff.settings)
    records = conform(calls, table({**CALLS, **INCLUDED}) if "covered" in calls.columns else CALLS)
    rate_block = partial(_rate_block, tariff=tariff, timelines=timelines_for(records, tariff))
    blocks = [records.slice(begin, BLOCK_ROWS) for begin in range(0, records.height, BLOCK_ROWS)]
    with ThreadPoolExecutor(THREADS) as pool:
        verdicts = list(pool.map(rate_block, blocks))
    return calls.with_columns(pl.concat([VERDICT.to_frame(), *verdicts]))


def timelines_for(records: pl.DataFrame, tariff: Tariff) -> Timelines:
    """The windows of a tariff over the time in which these records can talk."""
    with_windows = {kind: table for kind, table in tariff.tables.items() if table.schedules.distinct}
    if not with_windows:
        return {}
    start = pl.col("start").filter(has_good_time())
    first, last, longest_us = records.select(
        start.min().dt.epoch("s").fill_null(0).alias("first"),
        start.max().dt.epoch("s").fill_null(0).alias("last"),
        pl.col("duration_us").max().fill_null(0).alias("longest"),
    ).row(0)
    present = set(records["kind"].unique())
    longest_s = min(max(longest_us // 1_000_000, 0), LONGEST_CALL_S)
    return {
        kind: table.schedules.timeline(
            timezone=tariff.settings.timezone,
            calendars=tariff.calendars,
            since_s=first,
            until_s=last + max(longest_s, table.terms.longest_minimum),
        )
        for kind, table in with_windows.items()
        if kind in present
    }


def rate_kind(
    calls: pl.DataFrame, kind: str | None, tariff: Tariff, timelines: Timelines, trail: Trail | None = None
) -> Rated:
    """Rate records that are all of one kind. `trail` is filled, when given."""
    if kind is None or kind not in KINDS:
        answer = facts(calls, kind, tariff.settings.fraction, need_cli=False).answer
        nothing = np.zeros(len(answer), dtype=np.int64)
        if trail is not None:
            trail.opening_row = trail.value = trail.fee = nothing
        return Rated(answer, nothing, nothing, nothing, nothing)
    prices, timeline = tariff.tables[kind], timelines.get(kind)
    need_cli = prices.directory.origins is not None
    known = facts(calls, kind, tariff.settings.fraction, need_cli=need_cli)
    included = Included.of(calls)
    if prices.rows.height <= NEAR_ROWS:
        return _rate_known(known, included, prices, timeline, tariff.settings, trail)
    # Rates of near numbers lie near each other: in this order a long price list is read along, not to and fro.
    order = np.argsort((known.number.key // _FIRST_DIGITS).astype(np.uint16), kind="stable")
    taken = None if included is None else included[order]
    rated = _rate_known(known[order], taken, prices, timeline, tariff.settings, trail)
    if trail is not None:
        trail.legs = [replace(leg, call=order[leg.call]) for leg in trail.legs]
        trail.opening_row, trail.value = _put_back(trail.opening_row, order), _put_back(trail.value, order)
        trail.fee = _put_back(trail.fee, order)
    return Rated(*(_put_back(getattr(rated, column.name), order) for column in fields(rated)))


def _rate_known(
    known: Facts,
    included: Included | None,
    prices: KindTable,
    timeline: Timeline | None,
    settings: TariffSettings,
    trail: Trail | None,
) -> Rated:
    terms = prices.terms
    rate = prices.directory.rate_in_force(known.number, known.cli, known.start_us)
    start_s = known.start_us // 1_000_000
    row, window_until_s = prices.schedules.row_at(rate, start_s, timeline)
    answer, amount = _billable(known, row, terms)
    covered = np.int64(0) if included is None else included.covered
    usage = Usage(rate, row, window_until_s, start_s, amount, covered, takes_time=prices.measure is Measure.TIME)
    charged = charge(usage, terms, prices.schedules, timeline, trail)
    answer = np.minimum(answer, charged.answer)
    value, fee = charged.value, terms.take("fee", row)
    if included is not None:
        value, fee = included.value(value), fee * included.pays_fee
        np.minimum(answer, Answer.ALLOWANCE.value, out=answer, where=included.covers_all(charged.billed, fee))
    exact = exact_price(value, fee, row, terms) * (answer == Answer.CHARGED)
    price, too_dear = price_nanos(exact, settings)
    if too_dear is not None:
        np.minimum(answer, Answer.UNPRICEABLE.value, out=answer, where=too_dear)
    if trail is not None:
        trail.opening_row, trail.value, trail.fee = row, value, np.broadcast_to(fee, len(row))
    return Rated(
        answer=answer,
        rate_line=np.broadcast_to(terms.take("line", row), len(row)),
        billed=charged.billed,
        exact=exact,
        price_nanos=price,
    )


def _put_back(column: Values, order: Ints) -> Values:
    """A column taken in this order, in the order from which it was taken."""
    back = np.empty_like(column)
    back[order] = column
    return back


def _billable(known: Facts, row: Ints, terms: Terms) -> tuple[Codes, Ints]:
    """The answers so far with those of the rate, and what is to be charged: 0 unless the answer is CHARGED."""
    answer, amount = np.minimum(known.answer, terms.answers.take(row)), known.amount
    if not terms.always("unit", 1):
        amount = (amount - 1) // terms.take("unit", row) + 1
    if not terms.always("grace", 0):
        np.minimum(answer, Answer.GRACE.value, out=answer, where=amount <= terms.take("grace", row))
    if amount.max(initial=0) > terms.least_most:
        np.minimum(answer, Answer.UNPRICEABLE.value, out=answer, where=amount > terms.take("most", row))
    if not terms.always("at_least", 0):
        amount = np.maximum(amount, terms.take("at_least", row))
    return answer, np.where(answer == Answer.CHARGED, amount, 0)


def _rate_block(calls: pl.DataFrame, tariff: Tariff, timelines: Timelines) -> pl.DataFrame:
    """The verdicts on these records, in their order."""
    kinds = calls["kind"]
    if kinds.eq_missing(kinds[0]).all():
        return _verdict(calls, kinds[0], tariff, timelines)
    parts = calls.with_row_index("place").partition_by("kind", maintain_order=True)
    verdicts = [_verdict(part, part["kind"][0], tariff, timelines).with_columns(part["place"]) for part in parts]
    return pl.concat(verdicts).sort("place").drop("place")


def _verdict(calls: pl.DataFrame, kind: str | None, tariff: Tariff, timelines: Timelines) -> pl.DataFrame:
    """The verdicts on records that are all of one kind."""
    rated = rate_kind(calls, kind, tariff, timelines)
    answer = pl.Series(rated.answer)
    figures = pl.DataFrame(
        {"billed": rated.billed, "exact_sixtieths": rated.exact, "price_nanos": rated.price_nanos}
    )
    found_rate, priced = pl.lit(has_rate_line(answer)), pl.lit(has_price(answer))
    if tariff.settings.rate_markup_basis_points:  # the trail is what the rates come to, and the markup
        figures = figures.with_columns(exact_sixtieths=pl.lit(None, pl.Int64))
    return figures.select(
        outcome_of(answer),
        reason_of(answer),
        pl.when(found_rate).then(pl.lit(pl.Series(rated.rate_line))).alias("rate_line"),
        pl.when(priced).then(pl.all()),
    )
