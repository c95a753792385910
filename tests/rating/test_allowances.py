"""Who takes how much of which pool."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.rating.sheets import sheet
from tollbook.rating.allowances import POOLS, TAKERS, AllowanceTerms, Fee, Period, take

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
MINUTES = AllowanceTerms(id=1, kind="voice_out")
DATA = AllowanceTerms(id=1, kind="data")


def takers(text: str, kind: str = "voice_out") -> pl.DataFrame:
    """TAKERS from `row, account, minute of June, billed` and perhaps `unit`; accounts 1 to 9 are customer 1's."""
    return pl.DataFrame([_taker(row, kind) for row in sheet(text)], schema=TAKERS, orient="row")


def _taker(row: dict[str, str | None], kind: str) -> dict[str, object]:
    start = JUNE + timedelta(minutes=int(row["minute"] or 0))
    return {
        "row": int(row["row"] or 0),
        "kind": kind,
        "start": start,
        "wall_s": int(start.timestamp()),
        "cld": row.get("cld", "48500600700"),
        "account_id": int(row["account"] or 0),
        "customer_id": 1,
        "billed": int(row["billed"] or 0),
        "unit": int(row.get("unit") or 1),
    }


def pools(text: str) -> pl.DataFrame:
    """POOLS of June from `pool, allowance, account, left`; without an account it is shared."""
    rows = [
        {
            "pool_id": int(row["pool"] or 0),
            "subscription_id": int(row["pool"] or 0),
            "allowance_id": int(row["allowance"] or 0),
            "customer_id": 1,
            "account_id": None if row["account"] is None else int(row["account"]),
            "period": date(2026, 6, 1),
            "since": date(2026, 6, 1),
            "until": date(2026, 7, 1),
            "left": int(row["left"] or 0),
        }
        for row in sheet(text)
    ]
    return pl.DataFrame(rows, schema=POOLS, orient="row")


def took(who: pl.DataFrame, of: pl.DataFrame, *allowances: AllowanceTerms) -> list[tuple[int, int, int]]:
    """Row, pool and amount, by row."""
    taken = take(who, allowances or (MINUTES,), of).taken
    return sorted(taken.select("row", "pool_id", "amount").rows())


ONE_POOL = "pool  allowance  account  left\n7  1  1  100"


def test_the_first_by_start_takes_first_whatever_order_they_come_in() -> None:
    who = takers("""
        row  account  minute  billed
        3    1        30      60
        1    1        20      60
        2    1        10      60
    """)

    assert took(who, pools(ONE_POOL)) == [(1, 7, 40), (2, 7, 60)]


def test_of_two_that_begin_together_the_lower_number_is_first() -> None:
    who = takers("row  account  minute  billed\n2  1  5  70\n1  1  5  70")

    assert took(who, pools(ONE_POOL)) == [(1, 7, 70), (2, 7, 30)]


def test_own_ones_come_before_shared_ones_and_the_lowest_order_number_first() -> None:
    last = AllowanceTerms(id=1, kind="voice_out", place=5)
    first = AllowanceTerms(id=2, kind="voice_out", place=1)
    of = pools("""
        pool  allowance  account  left
        10    1          1        20
        11    2          1        20
        12    2          -        20
        13    1          -        20
    """)

    who = takers("row  account  minute  billed\n1  1  1  50\n2  1  2  5\n3  2  3  70")

    # Own by number: 11, 10; then shared: 12, 13. Account 2 has what is left of the shared ones.
    assert took(who, of, last, first) == [
        (1, 10, 20),
        (1, 11, 20),
        (1, 12, 10),
        (2, 12, 5),
        (3, 12, 5),
        (3, 13, 20),
    ]


def test_of_alike_pools_the_oldest_subscription_is_emptied_first() -> None:
    of = pools("pool  allowance  account  left\n8  1  -  50\n7  1  -  50\n9  1  -  50")

    assert took(takers("row  account  minute  billed\n1  1  1  120"), of) == [(1, 7, 50), (1, 8, 50), (1, 9, 20)]


def test_what_is_less_than_a_unit_is_left_for_smaller_ones() -> None:
    who = takers(
        """
        row  account  minute  billed  unit
        1    1        1       1       1000
        2    1        2       3       10
        3    1        3       1       100
        4    1        4       9       1
        5    1        5       9       1
        """,
        kind="data",
    )

    # 95 bytes: no unit of 1000; three of 10 make 65 left, no unit of 100; nine bytes and nine more.
    of = pools("pool  allowance  account  left\n7  1  1  95")
    assert took(who, of, DATA) == [(2, 7, 30), (4, 7, 9), (5, 7, 9)]


def test_what_covers_the_beginning_says_whether_the_fee_is_charged() -> None:
    never = AllowanceTerms(id=1, kind="voice_out", place=1, fee=Fee.NEVER)
    always = AllowanceTerms(id=2, kind="voice_out", place=2, fee=Fee.ALWAYS)
    of = pools("pool  allowance  account  left\n7  1  1  50\n8  2  1  50")

    covered = take(takers("row  account  minute  billed\n1  1  1  70\n2  1  2  70"), (always, never), of).covered

    assert covered.rows() == [(1, 70, False), (2, 30, True)]


def test_a_record_of_absurd_size_makes_nobody_elses_share_wrong() -> None:
    who = takers(
        f"row  account  minute  billed\n1  1  2  {2**62}\n2  1  1  30\n3  1  3  {2**62}\n4  1  4  {2**62}"
    )

    assert took(who, pools(ONE_POOL)) == [(1, 7, 70), (2, 7, 30)]


def test_a_day_ends_on_the_customers_clock() -> None:
    day = AllowanceTerms(id=1, kind="voice_out", period=Period.DAY)
    of = pools(ONE_POOL).with_columns(until=date(2026, 6, 2))

    late = takers("row  account  minute  billed\n1  1  1439  10\n2  1  1440  10")

    assert took(late, of, day) == [(1, 7, 10)]


CALLS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 50), st.integers(1, 200), st.sampled_from([1, 1, 7, 60])),
    min_size=1,
    max_size=30,
)
LEFT = st.lists(st.integers(0, 400), min_size=4, max_size=4)


def _world(calls: list[tuple[int, int, int, int]], left: list[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [
        {
            "row": str(number),
            "account": str(account),
            "minute": str(minute),
            "billed": str(billed),
            "unit": str(unit),
        }
        for number, (account, minute, billed, unit) in enumerate(calls)
    ]
    owners: list[int | None] = [1, 2, None, None]
    text = "\n".join(
        f"{n}  1  {owner or '-'}  {amount}" for n, (owner, amount) in enumerate(zip(owners, left, strict=True), 1)
    )
    who = pl.DataFrame([_taker({**row}, "data") for row in rows], schema=TAKERS, orient="row")
    return who, pools("pool  allowance  account  left\n" + text)


@given(CALLS, LEFT)
def test_nobody_takes_more_than_there_is_or_than_they_want(
    calls: list[tuple[int, int, int, int]], left: list[int]
) -> None:
    who, of = _world(calls, left)
    taken = take(who, (DATA,), of).taken

    by_pool = dict(taken.group_by("pool_id").agg(pl.col("amount").sum()).iter_rows())
    by_row = dict(taken.group_by("row").agg(pl.col("amount").sum()).iter_rows())
    assert all(amount <= left[pool - 1] for pool, amount in by_pool.items())
    assert all(amount <= calls[row][2] * calls[row][3] for row, amount in by_row.items())
    assert all(amount % calls[row][3] == 0 for row, amount in by_row.items())


@given(CALLS, LEFT, st.integers(0, 30))
def test_splitting_a_batch_anywhere_in_time_changes_nothing(
    calls: list[tuple[int, int, int, int]], left: list[int], where: int
) -> None:
    who, of = _world(calls, left)
    in_order = who.sort("start", "row")
    first = take(in_order[:where], (DATA,), of).taken
    used = first.group_by("pool_id").agg(pl.col("amount").sum())
    rest = of.join(used, on="pool_id", how="left", maintain_order="left").with_columns(
        left=pl.col("left") - pl.col("amount").fill_null(0)
    )
    second = take(in_order[where:], (DATA,), rest.select(POOLS.names())).taken

    whole = take(who, (DATA,), of).taken
    assert sorted(pl.concat([first, second]).rows()) == sorted(whole.rows())


@given(CALLS, LEFT)
def test_the_order_of_rows_and_pools_changes_nothing(
    calls: list[tuple[int, int, int, int]], left: list[int]
) -> None:
    who, of = _world(calls, left)

    shuffled = take(who.sample(fraction=1, shuffle=True, seed=1), (DATA,), of.reverse()).taken

    assert sorted(shuffled.rows()) == sorted(take(who, (DATA,), of).taken.rows())
