"""Some rates of a price list: by category of destinations, by prefix, by kind of usage."""

import polars as pl


def chosen_rates(
    rates: pl.DataFrame, *, category: str | None = None, prefix: str | None = None, kind: str | None = None
) -> pl.DataFrame:
    """The rows (RATES) that all of these fit; what is None chooses nothing.

    Args:
        rates: RATES.
        category: in any case; "" is the rows without one.
        prefix: digits with which the rate's own prefix begins.
        kind: of usage.
    """
    return rates.filter(is_chosen(category=category, prefix=prefix, kind=kind))


def is_chosen(*, category: str | None = None, prefix: str | None = None, kind: str | None = None) -> pl.Expr:
    """Whether a row of RATES is one of them, as `chosen_rates` says."""
    chosen = pl.lit(value=True)
    if category is not None:
        chosen &= pl.col("category").str.to_lowercase() == category.lower()
    if prefix is not None:
        chosen &= pl.col("prefix").str.starts_with(prefix)
    if kind is not None:
        chosen &= pl.col("kind") == kind
    return chosen
