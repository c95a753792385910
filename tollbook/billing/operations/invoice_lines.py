"""What stands on an invoice: a line for each fee, each amount entered by hand, and each kind of usage and destination.

All as tables of LINES; amounts are exact here, and become cents in `billing.totals`.
"""

import polars as pl

from tollbook.billing.models import FeeKind
from tollbook.catalog.models import ChargeModel
from tollbook.ledger.models import Transaction
from tollbook.records import table

# Wide enough that no sum of 64-bit amounts can wrap.
AMOUNTS = pl.col("net_nanos", "tax_nanos").cast(pl.Int128)

LINES = table(
    {
        "place": pl.Int64,  # fees first, then what was entered by hand, then usage
        "usage_kind": pl.String,  # or fee, charge, credit
        "tax_basis_points": pl.Int64,
        "destination": pl.String,  # of money its text
        "what": pl.String,  # of a fee its FeeKind; of usage `tier`, or nothing
        "since": pl.Date,
        "until": pl.Date,
        "records": pl.Int64,  # of fees subscriptions; of days without service those days
        "billed": pl.Int64,  # of fees the accounts among the subscriptions
        "net_nanos": pl.Int128,
        "tax_nanos": pl.Int128,
    }
)
TIER = "tier"
FEE_ORDER = [one.value for one in FeeKind]


def line_sums(found: pl.DataFrame, records: pl.DataFrame, behind_money: pl.DataFrame) -> pl.DataFrame:
    """The lines (LINES) of these transactions (UNBILLED), in the order printed.

    `records` are the usage records behind them, `behind_money` (BEHIND_MONEY) what the others are for.
    """
    usage = found.filter(pl.col("kind").is_in([Transaction.Kind.USAGE, Transaction.Kind.USAGE_REVERSAL]))
    money = found.join(behind_money, on="transaction_id")
    return pl.concat(
        [
            _fees(money.filter(pl.col("kind") == Transaction.Kind.FEE)),
            _by_hand(money.filter(pl.col("kind") != Transaction.Kind.FEE)),
            _usage(usage, records),
            _tiers(found.filter(pl.col("kind") == Transaction.Kind.TIER)),
        ]
    ).sort("place", "usage_kind", "tax_basis_points", "destination", _fee_order(), "since", "until")


def _fee_order() -> pl.Expr:
    return pl.col("what").replace_strict(FEE_ORDER, list(range(len(FEE_ORDER))), default=0, return_dtype=pl.Int64)


def _fees(charges: pl.DataFrame) -> pl.DataFrame:
    """A line per plan, what it is for and days; single days of a month are put together."""
    is_waiver = pl.col("what") == FeeKind.WAIVER
    is_single = is_waiver | (pl.col("charge_model") == ChargeModel.BY_DAY) & (pl.col("what") == FeeKind.FEE)
    month = pl.when(is_single).then(pl.col("since").dt.month_start())
    of_plan = ("text", "what", "tax_basis_points", "month")
    by_subscription = (
        charges.with_columns(month=month, day=pl.when(~is_single).then("since"))
        .group_by("subscription_id", *of_plan, "day")
        .agg(
            AMOUNTS.sum(),
            pl.col("since").min(),
            pl.col("until").max(),
            has_account=pl.col("account_id").is_not_null().any(),
            days=(pl.col("until") - pl.col("since")).dt.total_days().sum(),
        )
    )
    # Blocked on different days, credited on one line; but who paid for other days than others has a line of their own.
    with_days = by_subscription.with_columns(
        since=pl.when(is_waiver).then(pl.col("since").min().over(of_plan)).otherwise("since"),
        until=pl.when(is_waiver).then(pl.col("until").max().over(of_plan)).otherwise("until"),
    )
    return _as_lines(
        with_days.group_by("text", "what", "tax_basis_points", "since", "until").agg(
            pl.col("net_nanos", "tax_nanos").sum(),
            records=pl.when(is_waiver.first()).then(pl.col("days").sum()).otherwise(pl.len()),
            billed=pl.col("has_account").sum(),
        ),
        place=0,
        usage_kind=pl.lit("fee"),
        destination=pl.col("text"),
    )


def _by_hand(entries: pl.DataFrame) -> pl.DataFrame:
    """Each a line of its own, with the text that was entered."""
    return _as_lines(
        entries.with_columns(AMOUNTS, records=1, billed=0),
        place=1,
        destination=pl.col("text"),
        what=pl.lit(""),
        since=pl.lit(None),
        until=pl.lit(None),
    )


def _tiers(differences: pl.DataFrame) -> pl.DataFrame:
    """What reaching a tier changed, a line per kind."""
    sums = differences.group_by("usage_kind", "tax_basis_points").agg(AMOUNTS.sum(), records=pl.len())
    return _as_lines(sums, place=2, what=pl.lit(TIER), **_usage_has_none())


def _usage(found: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The records by kind, destination and rate; what transactions hold beyond them is a line without destination.

    That is a call charged on an earlier invoice and taken back since.
    """
    keys = ("usage_kind", "tax_basis_points")
    by_destination = records.group_by(pl.col("kind").alias("usage_kind"), "tax_basis_points", "destination").agg(
        AMOUNTS.sum(), records=pl.len().cast(pl.Int64), billed=_counted().sum()
    )
    posted = found.group_by(keys).agg(AMOUNTS.sum())
    listed = by_destination.group_by(keys).agg(AMOUNTS.sum())
    difference = posted.join(listed, on=keys, how="left", suffix="_listed").select(
        *keys,
        destination=pl.lit("", dtype=pl.String),
        net_nanos=pl.col("net_nanos") - pl.col("net_nanos_listed").fill_null(0),
        tax_nanos=pl.col("tax_nanos") - pl.col("tax_nanos_listed").fill_null(0),
        records=pl.lit(0, dtype=pl.Int64),
        billed=pl.lit(0, dtype=pl.Int64),
    )
    taken_back = difference.filter((pl.col("net_nanos") != 0) | (pl.col("tax_nanos") != 0))
    lines = pl.concat([by_destination.select(taken_back.columns), taken_back])
    none = _usage_has_none()
    return _as_lines(lines, place=2, what=pl.lit(""), since=none["since"], until=none["until"])


def _usage_has_none() -> dict[str, pl.Expr]:
    return {"destination": pl.lit(""), "since": pl.lit(None), "until": pl.lit(None), "billed": pl.lit(0)}


def _as_lines(lines: pl.DataFrame, *, place: int, **columns: pl.Expr) -> pl.DataFrame:
    rows = lines.with_columns(place=pl.lit(place), **columns)
    return rows.select(pl.col(name).cast(dtype) for name, dtype in LINES.items())


def _counted() -> pl.Expr:
    """What a line says it is for: billed seconds and messages; of data the bytes, whatever unit they were billed in."""
    return pl.when(pl.col("kind") == "data").then("quantity").otherwise("billed")
