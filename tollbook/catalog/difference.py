"""What a new price list changes. RATES × RATES in, one row per prefix out; no database, no clock.

Lists are compared prefix by prefix (with kind and CLI prefix). What counts is what a call will cost: of dated rows
of one prefix the ones that begin last are compared, window by window and step by step. A prefix is dearer or
cheaper when its amounts all moved one way and nothing else about the price did; when anything else did, or amounts
moved both ways, it is otherwise changed, because then it depends on the call.
"""

import polars as pl

from tollbook.money import INT64_MAX
from tollbook.rating.frames import NANOS, RATES

PREFIX = ("kind", "prefix", "cli_prefix")
# Window, step and length of number: what of one prefix is compared with what.
PLACE = ("weekdays", "from_time_s", "until_time_s", "holiday", "from_s", "min_digits", "max_digits")
# In the order in which the one to show is chosen when several changed alike.
AMOUNTS = (
    "next_per_min_nanos",
    "first_per_min_nanos",
    "per_unit_nanos",
    "connect_fee_nanos",
    "minimum_charge_nanos",
    "maximum_charge_nanos",
)
TERMS = ("first_increment", "next_increment", "unit", "grace_period_s", "minimum_s", "is_forbidden")
COMPARED = tuple(name for name in RATES.names() if name not in ("line", "recorded_at"))
MAX_BASIS_POINTS = 10**12  # a hundred million times the price: more says nothing to anybody

CHANGES = ("new", "gone", "dearer", "cheaper", "changed", "unchanged")

DIFFERENCE = pl.Schema(
    {
        "kind": pl.String(),
        "prefix": pl.String(),
        "cli_prefix": pl.String(),
        "destination": pl.String(),
        "change": pl.String(),  # one of CHANGES
        # The amount that changed most, as one of AMOUNTS; null where no amount changed.
        "amount": pl.String(),
        "old_nanos": NANOS(),  # null = no cap
        "new_nanos": NANOS(),
        "basis_points": NANOS(),  # of the old amount, rounded; null when that was 0 or there was none
    }
)


def difference(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Every prefix of either list with what becomes of it, as DIFFERENCE, ordered by prefix.

    A prefix whose rows are the same in both lists, in whatever order and on whatever lines, is unchanged.
    """
    touched = pl.concat([_only_in(old, new), _only_in(new, old)]).unique()
    was, becomes = _prefixes(old), _prefixes(new)
    moved = touched.join(was, on=PREFIX, how="semi").join(becomes, on=PREFIX, how="semi")
    return pl.concat(
        [
            _settled(becomes.join(was, on=PREFIX, how="anti"), "new"),
            _settled(was.join(becomes, on=PREFIX, how="anti"), "gone"),
            _settled(becomes.join(touched, on=PREFIX, how="anti"), "unchanged"),
            _moved(old, new, moved).join(becomes, on=PREFIX).select(DIFFERENCE.names()),
        ]
    ).sort("prefix", "kind", "cli_prefix")


def change_counts(changes: pl.DataFrame) -> dict[str, int]:
    """How many prefixes are new, gone, dearer, cheaper, changed and unchanged; every word of CHANGES is there."""
    counted = dict(changes.group_by("change").len().iter_rows())
    return {change: counted.get(change, 0) for change in CHANGES}


def largest_changes(changes: pl.DataFrame, limit: int) -> pl.DataFrame:
    """The prefixes whose amount changed most: first those that were free until now, then by percent."""
    return (
        changes.filter(pl.col("amount").is_not_null())
        .sort(pl.col("basis_points").abs(), descending=True, nulls_last=False, maintain_order=True)
        .head(limit)
    )


def _only_in(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The prefixes of rows that the other list does not have just so."""
    return (
        one.select(COMPARED)
        .join(other.select(COMPARED), on=COMPARED, how="anti", nulls_equal=True)
        .select(PREFIX)
        .unique()
    )


def _prefixes(rates: pl.DataFrame) -> pl.DataFrame:
    return rates.select(*PREFIX, "destination").unique(PREFIX, keep="first", maintain_order=True)


def _settled(prefixes: pl.DataFrame, change: str) -> pl.DataFrame:
    return prefixes.with_columns(change=pl.lit(change)).match_to_schema(DIFFERENCE, missing_columns="insert")


def _moved(old: pl.DataFrame, new: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """How the prefixes changed that are in both lists and not the same: DIFFERENCE without destination."""
    numbered = moved.with_row_index("id")  # joins on a number are several times faster than on three texts
    pairs = _last_to_begin(new, numbered).join(
        _last_to_begin(old, numbered),
        on=["id", *PLACE],
        how="full",
        suffix="_old",
        nulls_equal=True,
        coalesce=True,
    )
    is_dearer = pl.any_horizontal(_cap(name) > _cap(f"{name}_old") for name in AMOUNTS)
    is_cheaper = pl.any_horizontal(_cap(name) < _cap(f"{name}_old") for name in AMOUNTS)
    is_other = ~pl.all_horizontal(
        pl.col("is_there").eq_missing(pl.col("is_there_old")),
        *(pl.col(name).eq_missing(pl.col(f"{name}_old")) for name in TERMS),
    )
    # Outside of the groups: inside, an expression is worked out group by group.
    flags = pairs.select("id", dearer=is_dearer, cheaper=is_cheaper, other=is_other)
    changes = flags.group_by("id").agg(pl.col("dearer", "cheaper", "other").any())
    one_way = ~pl.col("other") & (pl.col("dearer") ^ pl.col("cheaper"))
    change = (
        pl.when(~one_way)
        .then(pl.lit("changed"))
        .when(pl.col("dearer"))
        .then(pl.lit("dearer"))
        .otherwise(pl.lit("cheaper"))
    )
    return (
        changes.select("id", change=change)
        .join(_amount_to_show(pairs), on="id", how="left")
        .join(numbered, on="id")
        .drop("id")
    )


def _last_to_begin(rates: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    """The rows of these prefixes that a call after all their dates would be priced with."""
    rows = rates.join(numbered, on=PREFIX)
    last = pl.col("active_from").max().over("id")
    return rows.filter(pl.col("active_from").eq_missing(last)).select(
        "id", pl.lit(True).alias("is_there"), *PLACE, *AMOUNTS, *TERMS
    )


def _cap(name: str) -> pl.Expr:
    """A rate without a cap costs more than one with any cap."""
    plain = pl.col(name)
    return plain.fill_null(INT64_MAX) if name.startswith("maximum_charge") else plain


def _amount_to_show(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of each prefix the amount that changed most. Prices of different units are not compared."""
    comparable = pairs.filter("is_there", "is_there_old", pl.col("unit").eq_missing(pl.col("unit_old")))
    amounts = [
        comparable.filter(pl.col(name).ne_missing(pl.col(f"{name}_old"))).select(
            "id",
            pl.lit(name).alias("amount"),
            pl.col(f"{name}_old").alias("old_nanos"),
            pl.col(name).alias("new_nanos"),
        )
        for name in AMOUNTS
    ]
    return (
        pl.concat(amounts)
        .with_columns(basis_points=_basis_points())
        .sort(pl.col("basis_points").abs(), descending=True, nulls_last=False, maintain_order=True)
        .unique("id", keep="first", maintain_order=True)
    )


def _basis_points() -> pl.Expr:
    old, new = pl.col("old_nanos").cast(pl.Int128), pl.col("new_nanos").cast(pl.Int128)
    halves = (new - old).abs() * 20_000 // pl.when(old != 0).then(old.abs())
    whole = ((halves + 1) // 2).clip(upper_bound=MAX_BASIS_POINTS).cast(pl.Int64)
    return pl.when(new < old).then(-whole).otherwise(whole)
