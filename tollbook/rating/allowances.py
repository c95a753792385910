"""Who takes how much of what is included: records, one after the other by their start, from pools in their order.

Pools are emptied round by round instead of record by record: each round is one allowance, own ones before shared
ones, by their order number. Every record meets its pools in that order, so what a pool has left for a record depends
on earlier records at that pool alone, and a running sum says it for all of them at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import polars as pl

from tollbook.money import INT64_MAX
from tollbook.rating.groups import in_group, numbers_of
from tollbook.rating.prefix import Flags, Ints
from tollbook.rating.windows import Schedule, held_at
from tollbook.records import UTC_TIME, table


class Period(StrEnum):
    """How long an allowance lasts before it is there anew. Days and months are those of the customer's zone."""

    BILLING = "billing"  # the month, too: customers are billed by the month
    MONTH = "month"
    DAY = "day"
    ONCE = "once"


class Fee(StrEnum):
    """Whether a record that an allowance covers pays the connect fee. The allowance that covers its beginning says."""

    ALWAYS = "always"
    WHEN_CHARGED = "when_charged"  # when any unit is charged
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceTerms:
    """What an allowance is for."""

    id: int
    kind: str
    place: int = 0  # the lowest is taken first; of the same, the lowest id
    prefixes: Sequence[str] | None = None  # none: every destination, and what has no number
    windows: Schedule = ()  # none: always. The start decides, on the clock of the customer's zone
    period: Period = Period.BILLING
    fee: Fee = Fee.WHEN_CHARGED


# Records that could take something: charged ones, by their number in `row`, which decides between equal starts.
TAKERS = table(
    {
        "row": pl.Int64,
        "kind": pl.String,
        "start": UTC_TIME,
        "wall_s": pl.Int64,  # the customer's clock at the start, counted like UTC seconds since 1970
        "cld": pl.String,
        "account_id": pl.Int64,
        "customer_id": pl.Int64,
        "billed": pl.Int64,  # seconds, messages, or units of the rate
        "unit": pl.Int64,  # bytes of such a unit; 1 for all that is not data
    }
)

# What is left in days [since, until) of one period. Without an account it is shared by the customer's accounts.
POOLS = table(
    {
        "pool_id": pl.Int64,
        "subscription_id": pl.Int64,  # the oldest is taken from first, where all else is alike
        "allowance_id": pl.Int64,
        "customer_id": pl.Int64,
        "account_id": pl.Int64,
        "period": pl.Date,  # the first day of the whole period
        "since": pl.Date,
        "until": pl.Date,
        "left": pl.Int64,  # seconds, messages or bytes
    }
)

# Who took what, in the order in which each record took it.
TAKEN = table({"row": pl.Int64, "pool_id": pl.Int64, "allowance_id": pl.Int64, "amount": pl.Int64})

ONCE_BEGINS = pl.date(1970, 1, 1)  # the `period` of pools that are there once


def period_of(period: Period) -> pl.Expr:
    """The first day of the whole period in which a record's `day` lies."""
    match period:
        case Period.BILLING | Period.MONTH:
            return pl.col("day").dt.month_start()
        case Period.DAY:
            return pl.col("day")
        case Period.ONCE:
            return ONCE_BEGINS


@dataclass(frozen=True, slots=True)
class Shares:
    """What came of the taking."""

    taken: pl.DataFrame  # TAKEN
    covered: (
        pl.DataFrame
    )  # of those that took something: `row`, `covered` and `pays_fee`, as `rating.included` has them


def take(takers: pl.DataFrame, allowances: Sequence[AllowanceTerms], pools: pl.DataFrame) -> Shares:
    """What TAKERS take of POOLS.

    Units are taken whole: what is less than a unit of a record's rate is left for records with a smaller one.
    """
    by_start = takers.sort("start", "row").with_columns(
        day=pl.from_epoch("wall_s", time_unit="s").dt.date(), want=pl.col("billed") * pl.col("unit")
    )
    crowd = _Crowd(by_start)
    rounds = [crowd.take(terms, owner, reservoirs) for terms, owner, reservoirs in _rounds(allowances, pools)]
    return Shares(pl.concat([TAKEN.to_frame(), *rounds]), crowd.covered(allowances))


@dataclass(frozen=True)
class _Crowd:
    """Records by their start, and what each still wants."""

    takers: pl.DataFrame
    want: Ints = field(init=False)
    first: Ints = field(init=False)  # the allowance that covers the beginning; 0 = none
    _fitting: dict[tuple[object, ...], Flags] = field(default_factory=dict)
    _owned: dict[tuple[str, Period], pl.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "want", self.takers["want"].to_numpy().copy())
        object.__setattr__(self, "first", np.zeros(self.takers.height, dtype=np.int64))

    def covered(self, allowances: Sequence[AllowanceTerms]) -> pl.DataFrame:
        """What was taken, in the units of each record's rate, and whether the connect fee is charged all the same."""
        some = np.flatnonzero(self.first)
        fee = np.zeros(len(some), dtype=bool)
        first, left = self.first[some], self.want[some]
        for terms in allowances:
            pays = {Fee.ALWAYS: True, Fee.NEVER: False}.get(terms.fee, left > 0)
            fee = np.where(first == terms.id, pays, fee)
        own = self.takers.select("row", "want", "unit")[some]
        return own.select(
            "row", covered=(pl.col("want") - pl.Series(left)) // pl.col("unit"), pays_fee=pl.Series(fee)
        )

    def take(self, terms: AllowanceTerms, owner: str, reservoirs: pl.DataFrame) -> pl.DataFrame:
        """Let all records that may take of these reservoirs (one for an owner and period), as TAKEN."""
        asking = np.flatnonzero(self._fits(terms) & (self.want > 0))
        asked = self._asked(owner, terms.period)
        found = (
            (asked if len(asking) == asked.height else asked[asking])
            .with_columns(place=pl.Series(asking), want=pl.Series(self.want[asking]))
            .join(reservoirs, on=[owner, "period"], maintain_order="left")
            .filter((pl.col("since") <= pl.col("day")) & (pl.col("day") < pl.col("until")))
        )
        poured = _pour(found)
        if poured.is_empty():
            return TAKEN.to_frame()
        places = poured["place"].to_numpy()
        self.want[places] -= poured["amount"].to_numpy()
        self.first[places] = np.where(self.first[places] == 0, terms.id, self.first[places])
        split = _split(poured, reservoirs)
        rows = self.takers["row"].gather(split["place"])
        return split.select(
            rows.alias("row"), "pool_id", pl.lit(terms.id, dtype=pl.Int64).alias("allowance_id"), "amount"
        )

    def _fits(self, terms: AllowanceTerms) -> Flags:
        """Which records are of the allowance's kind, to its destinations, in its hours."""
        fits: Flags = self._once(("kind", terms.kind))
        if terms.prefixes is not None:
            fits = fits & self._once(("prefixes", tuple(terms.prefixes)))
        if terms.windows:
            fits = fits & self._once(("windows", terms.windows))
        return fits

    def _asked(self, owner: str, period: Period) -> pl.DataFrame:
        """Whose the records are, and when, for pools of this owner and period."""
        if (owner, period) not in self._owned:
            owned = self.takers.select(owner, "day", "unit", period=period_of(period))
            self._owned[owner, period] = owned
        return self._owned[owner, period]

    def _once(self, asked: tuple[str, object]) -> Flags:
        """An answer for all records; several allowances ask the same."""
        if asked not in self._fitting:
            self._fitting[asked] = self._answer(*asked)
        return self._fitting[asked]

    def _answer(self, what: str, value: object) -> Flags:
        if what == "kind":
            return (self.takers["kind"] == value).to_numpy()
        if what == "prefixes" and isinstance(value, tuple):
            return in_group(numbers_of(self.takers["cld"]), value)
        assert isinstance(value, tuple)
        within: Flags = held_at(value, self.takers["wall_s"].to_numpy(), {}) > 0
        return within


def _rounds(
    allowances: Sequence[AllowanceTerms], pools: pl.DataFrame
) -> Iterator[tuple[AllowanceTerms, str, pl.DataFrame]]:
    """Allowances in the order in which they are taken, with the column of the owner and the reservoirs of each.

    A reservoir is the pools of one allowance for the same owner and days: several subscriptions to a plan. Those
    of one period with other days, because a subscription began in its middle, come in a round after.
    """
    terms: Mapping[int, AllowanceTerms] = {one.id: one for one in allowances}
    order = pl.DataFrame({"allowance_id": list(terms), "place": [one.place for one in terms.values()]})
    ordered = pools.join(order, on="allowance_id").with_columns(
        owner=pl.coalesce("account_id", "customer_id"), is_shared=pl.col("account_id").is_null()
    )
    same_period = ("is_shared", "owner", "allowance_id", "period")
    ordered = ordered.with_columns(
        turn=pl.struct("since", "until").rank("dense").over(same_period),
        # Numbered along the sorted pools: `_split` walks them in this order.
    ).sort("is_shared", "place", "allowance_id", "turn", "owner", "period", "subscription_id")
    for (is_shared, _, allowance_id, _), part in ordered.group_by(
        ["is_shared", "place", "allowance_id", "turn"], maintain_order=True
    ):
        owner = "customer_id" if is_shared else "account_id"
        reservoirs = part.group_by("owner", "period", "since", "until", maintain_order=True).agg(
            pl.col("pool_id"), pl.col("left"), holds=pl.col("left").sum()
        )
        assert isinstance(allowance_id, int)
        yield terms[allowance_id], owner, reservoirs.rename({"owner": owner}).with_row_index("reservoir")


def _pour(asking: pl.DataFrame) -> pl.DataFrame:
    """What each record (in order) gets of its reservoir: `place`, `reservoir`, `amount`; only those that get any.

    `before` is what others got of the reservoir earlier.
    """
    largest = asking["want"].max()
    if isinstance(largest, int) and largest * asking.height > INT64_MAX:  # the running sum shall not wrap
        asking = asking.with_columns(pl.col("want").cast(pl.Int128))
    running = (pl.col("want").cum_sum().over("reservoir") - pl.col("want")).alias("before")
    share = (pl.col("holds") - pl.col("before")).clip(0, pl.col("want"))
    got = []
    while not asking.is_empty():
        asking = asking.with_columns(running).with_columns(amount=share // pl.col("unit") * pl.col("unit"))
        if (asking["unit"] == 1).all():
            got.append(asking)
            break
        is_short = pl.col("amount") < pl.col("want")
        asking = asking.with_columns(short=is_short.cum_sum().over("reservoir") - is_short.cast(pl.UInt32))
        settled = pl.col("short") == 0  # up to the first one that could not have all it wanted
        got.append(asking.filter(settled))
        left = pl.col("holds") - pl.col("amount").filter(settled).sum().over("reservoir")
        asking = asking.with_columns(holds=left).filter(~settled, pl.col("unit") <= pl.col("holds"))
    columns = ("place", "reservoir", "amount", "before")
    parts = [one.filter(pl.col("amount") > 0).select(pl.col(columns).cast(pl.Int64)) for one in got]
    if len(parts) == 1:
        return parts[0]
    in_order = pl.concat([*parts, pl.DataFrame(schema=dict.fromkeys(columns, pl.Int64))]).sort("place")
    return in_order.with_columns(before=pl.col("amount").cum_sum().over("reservoir") - pl.col("amount"))


def _split(poured: pl.DataFrame, reservoirs: pl.DataFrame) -> pl.DataFrame:
    """By pools what was got of reservoirs: `place`, `pool_id`, `amount`, one row for each pool that a record met.

    All pools lie one after the other on one line, and what a record got is a stretch of it.
    """
    pools = reservoirs.select("pool_id", "left").explode("pool_id", "left")
    if pools.height == reservoirs.height:
        return poured.select("place", pools["pool_id"].gather(poured["reservoir"]), "amount")
    ends = pools["left"].cum_sum().to_numpy()
    base = (reservoirs["holds"].cum_sum() - reservoirs["holds"]).gather(poured["reservoir"])
    amount = poured["amount"].to_numpy()
    begin: Ints = (base + poured["before"]).to_numpy()
    end = begin + amount
    first, last = np.searchsorted(ends, begin, "right"), np.searchsorted(ends, end, "left")
    pieces = last - first + 1
    whose = np.repeat(np.arange(len(amount)), pieces)
    pool = first[whose] + np.arange(len(whose)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start_of_pool = np.append(0, ends[:-1])[pool]
    part = np.minimum(end[whose], ends[pool]) - np.maximum(begin[whose], start_of_pool)
    return pl.DataFrame(
        {"place": poured["place"].to_numpy()[whose], "pool_id": pools["pool_id"].gather(pool), "amount": part}
    ).filter(pl.col("amount") > 0)
