"""Many prices of a list changed at once. RATES in, RATES out: no database, no clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from tollbook.catalog.price_list import cells, nearest_name
from tollbook.catalog.rate_choice import is_chosen
from tollbook.errors import BadInput
from tollbook.money import MAX_DECIMALS, NANOS_PER_UNIT

LEAST_PERCENT, MOST_PERCENT, PERCENT_DECIMALS = -100, 10_000, 4
SHOWN_LINES = 5
NONE = "none"  # what is written to take a cap away

# What is raised or lowered together, by its name in a price list.
AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "price": ("first_per_min_nanos", "next_per_min_nanos", "per_unit_nanos"),
    "connect_fee": ("connect_fee_nanos",),
    "minimum_charge": ("minimum_charge_nanos",),
    "maximum_charge": ("maximum_charge_nanos",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """Which rates change, and how: first the percentage, then what is added, then what is set."""

    category: str | None = None  # None = of every category
    prefix: str | None = None  # digits with which the rate's prefix begins
    kind: str | None = None
    percent: Decimal | None = None  # 10 = a tenth more, -5 = a twentieth less
    add: Decimal | None = None  # of the tariff's currency, to a price per minute or unit
    of: Sequence[str] = ("price",)  # of AMOUNTS: what percentage and addition are put on
    decimals: int = MAX_DECIMALS  # to which amounts that were raised or lowered are rounded, halves up
    set_to: Mapping[str, str] = field(default_factory=dict)  # column of a price list to its text

    def in_words(self) -> str:
        """`price +10 %, of category mobile`."""
        said = []
        if self.percent is not None:
            said.append(f"{' and '.join(self.of)} {self.percent:+f} %")
        if self.add is not None:
            said.append(f"{' and '.join(self.of)} {self.add:+f}")
        said += [f"{name} {text}" for name, text in self.set_to.items()]
        chosen = {"category": self.category, "prefix": self.prefix, "kind": self.kind}
        where = [f"{name} {value or '(none)'}" for name, value in chosen.items() if value is not None]
        return ", ".join(said) + (f", of {' and '.join(where)}" if where else "")


def changed_rates(rates: pl.DataFrame, change: PriceChange) -> pl.DataFrame:
    """The list (RATES) with the change in it; rows that are not chosen are as they were.

    Raises:
        BadInput: nothing is to be changed, or nothing chosen; an amount or a column that cannot be, or a price below 0.
    """
    if change.percent is None and change.add is None and not change.set_to:
        raise BadInput("nothing is to be changed; say by how many percent, what is added, or what is set")
    unknown = [name for name in change.of if name not in AMOUNTS]
    if unknown:
        raise BadInput(
            f"{unknown[0]!r} is no amount of a rate{nearest_name(unknown[0], AMOUNTS)}; there are {', '.join(AMOUNTS)}"
        )
    chosen = is_chosen(category=change.category, prefix=change.prefix, kind=change.kind)
    if not rates.select(chosen.any()).item():
        raise BadInput(
            f"no rate is chosen by {change.in_words().rpartition(', of ')[2]}; see `tollbook tariff show`"
        )
    columns = [column for name in dict.fromkeys(change.of) for column in AMOUNTS[name]]
    picked = rates.filter(chosen)
    moved = picked
    if change.percent is not None or change.add is not None:
        exact = picked.with_columns(_moved(column, change).alias(column) for column in columns)
        _refuse_impossible(picked, exact, columns)
        moved = exact.with_columns(pl.col(columns).cast(pl.Int64))
    for name, text in change.set_to.items():
        moved = moved.with_columns(_set(name, text))
    return pl.concat([rates.filter(~chosen), moved]).sort("line", maintain_order=True)


def with_all_amounts(rates: pl.DataFrame, basis_points: int) -> pl.DataFrame:
    """The list with a markup put on every amount of it, rounded to nano-units: 1250 = 12.5 %."""
    return changed_rates(rates, PriceChange(percent=Decimal(basis_points) / 100, of=tuple(AMOUNTS)))


def _moved(column: str, change: PriceChange) -> pl.Expr:
    """An amount raised or lowered, rounded once. Null stays null: no cap has no percentage."""
    percent = change.percent or Decimal(0)
    if not percent.is_finite() or not LEAST_PERCENT <= percent <= MOST_PERCENT:
        raise BadInput(f"{percent} %; write {LEAST_PERCENT} to {MOST_PERCENT}")
    numerator = (100 + percent) * 10**PERCENT_DECIMALS
    if numerator != int(numerator):
        raise BadInput(f"{percent} % has more than {PERCENT_DECIMALS} decimals")
    added = (change.add or Decimal(0)) * NANOS_PER_UNIT
    if not added.is_finite() or added != int(added) or abs(added) > cells.MAX_AMOUNT * NANOS_PER_UNIT:
        raise BadInput(
            f"{change.add} cannot be added to prices; write an amount with at most {MAX_DECIMALS} decimals"
        )
    if not 0 <= change.decimals <= MAX_DECIMALS:
        raise BadInput(f"prices with {change.decimals} decimals; write 0 to {MAX_DECIMALS}")
    denominator = 100 * 10**PERCENT_DECIMALS
    unit = 10 ** (MAX_DECIMALS - change.decimals)
    shift = pl.lit(int(added) * denominator, dtype=pl.Int128)
    exact = pl.col(column).cast(pl.Int128) * int(numerator) + shift
    rounded = (exact.abs() * 2 + denominator * unit) // (2 * denominator * unit) * unit
    return pl.when(exact < 0).then(rounded * -1).otherwise(rounded)


def _refuse_impossible(before: pl.DataFrame, after: pl.DataFrame, columns: Sequence[str]) -> None:
    """Nobody is paid for calling by mistake, and what is kept has a largest amount."""
    most = cells.MAX_AMOUNT * NANOS_PER_UNIT
    for name, of in AMOUNTS.items():
        for column in of if set(of) <= set(columns) else ():
            is_wrong = (after[column].abs() > most) | ((after[column] < 0) & (before[column] >= 0))
            lines = before.filter(is_wrong)["line"].head(SHOWN_LINES).to_list()
            if lines:
                shown = ", ".join(map(str, lines))
                raise BadInput(
                    f"{name} would be below 0, or above {cells.MAX_AMOUNT}, in line {shown} and maybe more"
                )


def _amount(*columns: str, is_optional: bool = False) -> Callable[[str], list[pl.Expr]]:
    """Set where the row has such a price: what is per minute stays per minute."""

    def read(text: str) -> list[pl.Expr]:
        if is_optional and text.lower() == NONE:
            return [pl.lit(None, dtype=pl.Int64).alias(column) for column in columns]
        nanos = cells.amount_nanos(text, mark=None, factor=Decimal(1))
        if nanos < 0:
            raise ValueError("is below 0")
        value = pl.lit(nanos, dtype=pl.Int64)
        if is_optional:
            return [value.alias(column) for column in columns]
        return [pl.when(pl.col(column).is_not_null()).then(value).alias(column) for column in columns]

    return read


def _increments(text: str) -> list[pl.Expr]:
    first, following = cells.first_and_next_increment(text)
    return [
        pl.lit(first, dtype=pl.Int64).alias("first_increment"),
        pl.lit(following, dtype=pl.Int64).alias("next_increment"),
    ]


def _whole(column: str) -> Callable[[str], list[pl.Expr]]:
    return lambda text: [pl.lit(cells.whole_number(text), dtype=pl.Int64).alias(column)]


def _text(column: str) -> Callable[[str], list[pl.Expr]]:
    return lambda text: [pl.lit(text.strip()).alias(column)]


# By the name of the column in a price list.
SETTABLE: Mapping[str, Callable[[str], list[pl.Expr]]] = {
    "price": _amount("first_per_min_nanos", "next_per_min_nanos"),
    "first_price": _amount("first_per_min_nanos"),
    "next_price": _amount("next_per_min_nanos"),
    "per_unit": _amount("per_unit_nanos"),
    "connect_fee": _amount("connect_fee_nanos"),
    "minimum_charge": _amount("minimum_charge_nanos"),
    "maximum_charge": _amount("maximum_charge_nanos", is_optional=True),
    "increment": _increments,
    "grace_period": _whole("grace_period_s"),
    "minimum_duration": _whole("minimum_s"),
    "forbidden": lambda text: [pl.lit(cells.yes_or_no(text)).alias("is_forbidden")],
    "category": _text("category"),
    "destination": _text("destination"),
}


def _set(name: str, text: str) -> list[pl.Expr]:
    if name not in SETTABLE:
        raise BadInput(f"{name!r} cannot be set{nearest_name(name, SETTABLE)}; there are {', '.join(SETTABLE)}")
    try:
        return SETTABLE[name](text)
    except ValueError as error:
        raise BadInput(f"{name} {text!r} {error}") from None
