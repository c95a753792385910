"""Prices that the platform has put on its records already: taken as they are, or with a markup.

The tariff has no rates then, only its markup. What comes before a price is looked up (defects, exclusions, the
account) decides here as it does everywhere; the number does not, because nothing is looked up by it.
"""

import numpy as np
import polars as pl

from tollbook.money import INT64_MAX
from tollbook.rating.facts import facts
from tollbook.rating.frames import CALLS, VERDICT, TariffSettings
from tollbook.rating.outcome import Answer, has_price, known_code, outcome_of, reason_of
from tollbook.rating.price import BASIS_POINTS, rounded_nanos
from tollbook.records import conform


def rate_by_platform(calls: pl.DataFrame, settings: TariffSettings) -> pl.DataFrame:
    """CALLS with `platform_price_nanos` in, the same rows in the same order with VERDICT out.

    A record without a platform's price is set aside: `no_platform_price`. One that lasted nothing and still has a
    price is charged, unless there is another reason not to: the platform knows why. `exact_sixtieths` is null: the
    platform's price and the markup are the trail.
    """
    kinds = calls["kind"].unique(maintain_order=True).to_list()
    rows = calls.with_row_index("place")
    parts = [_of_kind(rows.filter(pl.col("kind").eq_missing(kind)), kind, settings) for kind in kinds]
    verdicts = pl.concat(parts).sort("place").drop("place") if parts else VERDICT.to_frame()
    return calls.with_columns(verdicts)


def _of_kind(calls: pl.DataFrame, kind: str | None, settings: TariffSettings) -> pl.DataFrame:
    known = facts(conform(calls, CALLS), kind, settings.fraction, need_cli=False)
    given = calls["platform_price_nanos"]
    base = given.fill_null(0).to_numpy()
    answer = known.answer.copy()
    # That nothing was talked is no answer where there is money: the next weaker one that is known counts.
    others = known_code(calls)
    is_money = (answer == Answer.UNANSWERED.value) & (base != 0)
    answer[is_money] = Answer.CHARGED.value if others is None else others.to_numpy()[is_money]
    answer[answer == Answer.BAD_NUMBER.value] = Answer.CHARGED.value
    np.minimum(answer, Answer.NO_PLATFORM_PRICE.value, out=answer, where=given.is_null().to_numpy())
    factor = BASIS_POINTS + (settings.platform_markup_basis_points or 0)
    most = INT64_MAX // max(factor, BASIS_POINTS) - 1
    np.minimum(answer, Answer.UNPRICEABLE.value, out=answer, where=np.abs(base) > most)
    is_charged = answer == Answer.CHARGED.value
    price = np.where(is_charged, base, 0)
    if settings.platform_markup_basis_points:
        price = rounded_nanos(price * factor, settings.decimals, settings.rounding, per_nano=BASIS_POINTS)
    answers, priced = pl.Series(answer), pl.lit(has_price(pl.Series(answer)))
    nothing = pl.lit(None, pl.Int64)
    figures = pl.DataFrame({"billed": np.where(is_charged, known.amount, 0), "price_nanos": price})
    return figures.select(
        calls["place"],
        outcome_of(answers),
        reason_of(answers),
        nothing.alias("rate_line"),
        pl.when(priced).then("billed").alias("billed"),
        nothing.alias("exact_sixtieths"),
        pl.when(priced).then("price_nanos").alias("price_nanos"),
    )
