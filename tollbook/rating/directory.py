"""Builds the directory of rates from the sorted rows of one kind."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tollbook.rating.lookup import ALWAYS_WAS, NO_RATE, OPEN_END, Conditions, Directory, Origins
from tollbook.rating.packed import Packed
from tollbook.rating.prefix import MAX_DIGITS, BreakPoints, Flags, Ints, Layout, lay_out


def begins(rows: pl.DataFrame, *columns: str) -> Flags:
    """Where a new combination of these columns (none of them null) begins in sorted rows."""
    differs = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in columns)
    return rows.select(differs.fill_null(True)).to_series().to_numpy()


def build_directory(rates: pl.DataFrame) -> Directory:
    """The directory of rates 1, 2, 3 … in the order of the rows given.

    Rows are sorted by prefix, then CLI prefix, then the order in which rates are tried: latest first. Columns:
    `first_key`, `length` (of the prefix), `cli_first_key`, `cli_length`, `since_us`, `until_us`, `min_digits`,
    `max_digits`.
    """
    prefix_begins = begins(rates, "first_key", "length")
    slot_begins = prefix_begins | begins(rates, "cli_first_key", "cli_length")
    prefixes = np.flatnonzero(prefix_begins)
    first_key, length = rates["first_key"].to_numpy(), rates["length"].to_numpy()
    layout = lay_out(first_key[prefixes], length[prefixes])

    # Rates of one slot (one prefix, one CLI prefix) are tried one after the other.
    otherwise = np.arange(2, rates.height + 2)
    begin = np.flatnonzero(slot_begins)
    slots = _Slots(
        prefix=np.cumsum(prefix_begins)[begin] - 1,
        begin=begin,
        end=np.append(begin, rates.height)[1:] - 1,
        cli_first_key=rates["cli_first_key"].to_numpy()[begin],
        cli_length=rates["cli_length"].to_numpy()[begin],
    )
    has_origin = np.zeros(len(prefixes), dtype=bool)
    has_origin[slots.prefix[slots.cli_length > 0]] = True

    leads_to = np.where(has_origin, -np.cumsum(has_origin), prefixes + 1)  # to group g by -1 - g
    shorter = _leads(leads_to, layout.parent)
    otherwise[slots.end] = shorter[slots.prefix]
    return Directory(
        numbers=BreakPoints.over(layout.starts),
        leads_to=_leads(leads_to, layout.owner).astype(np.int32),
        conditions=_conditions(rates, slot_begins),
        origins=_origins(slots, np.flatnonzero(has_origin), shorter, otherwise) if has_origin.any() else None,
        otherwise=np.append(NO_RATE, otherwise).astype(np.int32),
    )


@dataclass(frozen=True, slots=True)
class _Slots:
    """The combinations of prefix and CLI prefix, and the range of rates of each."""

    prefix: Ints
    begin: Ints
    end: Ints  # the last rate of it
    cli_first_key: Ints
    cli_length: Ints


def _leads(leads_to: Ints, owner: Ints) -> Ints:
    """Where these owners lead; nowhere, that is to NO_RATE, for -1."""
    return np.append(leads_to, NO_RATE).take(owner, mode="wrap")


def _origins(slots: _Slots, prefixes: Ints, shorter: Ints, otherwise: Ints) -> Origins:
    """The CLI prefixes of the prefixes that have any. The last rate of a slot is made to lead to a shorter CLI prefix.

    Where no CLI prefix is left, the way goes on to the next shorter prefix.
    """
    starts, leads_to = [], []
    layouts: dict[bytes, Layout] = {}  # many prefixes have the same origins: those are laid out once
    first = np.searchsorted(slots.prefix, prefixes, "left").tolist()
    last = np.searchsorted(slots.prefix, prefixes, "right").tolist()
    for prefix, group in zip(prefixes, map(slice, first, last), strict=True):
        cli_first_key, cli_length = slots.cli_first_key[group], slots.cli_length[group]
        same = cli_first_key.tobytes() + cli_length.tobytes()
        if same not in layouts:
            layouts[same] = lay_out(cli_first_key, cli_length)
        layout = layouts[same]
        first_rates = np.append(slots.begin[group] + 1, shorter[prefix])
        otherwise[slots.end[group]] = first_rates.take(layout.parent, mode="wrap")
        starts.append(layout.starts)
        leads_to.append(first_rates.take(layout.owner, mode="wrap"))
    sizes = np.array([len(group_starts) for group_starts in starts])
    high = np.cumsum(sizes) - 1
    return Origins(np.concatenate(starts), np.concatenate(leads_to), high - sizes + 1, high)


def _conditions(rates: pl.DataFrame, slot_begins: Flags) -> Conditions:
    def column(name: str, unrestricted: int) -> Packed:
        return Packed.of(np.append(unrestricted, rates[name]))

    return Conditions(
        since_us=column("since_us", ALWAYS_WAS),
        until_us=Packed.of(np.append(OPEN_END, _needed_ends(rates, slot_begins))),
        min_digits=Packed.of(np.append(0, np.maximum(rates["min_digits"], rates["length"]))),
        max_digits=column("max_digits", MAX_DIGITS),
        min_cli_digits=column("cli_length", 0),
    )


def _needed_ends(rates: pl.DataFrame, slot_begins: Flags) -> Ints:
    """The ends of rates in force, open where the rate asked before has taken every later call.

    In a list whose prices follow one another this is everywhere, and no end has to be looked at.
    """
    since, until = rates["since_us"].to_numpy(), rates["until_us"].to_numpy()
    any_length = ((rates["min_digits"] == 0) & (rates["max_digits"] == MAX_DIGITS)).to_numpy()
    is_taken_over = np.zeros(rates.height, dtype=bool)
    is_taken_over[1:] = ~slot_begins[1:] & any_length[:-1] & (until[1:] >= since[:-1])
    # Such rates form runs; all of a run is open if the rate is from which it goes back.
    run_begins = np.maximum.accumulate(np.where(is_taken_over, 0, np.arange(rates.height)))
    return np.where(until[run_begins] == OPEN_END, OPEN_END, until)
