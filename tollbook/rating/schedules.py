"""The windows of the rates of a price list: from a rate and a second to the row that prices it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from tollbook.rating.prefix import Flags, Ints, Positions
from tollbook.rating.pricelist import WINDOW_KEY, PriceListConflict
from tollbook.rating.windows import FOREVER, Calendars, Schedule, Timeline, Window, overlapping

NO_ROW = 0  # where no rate fits, or no window of the rate holds: a row without a price


def number_windows(rows: pl.DataFrame) -> tuple[list[Window], pl.DataFrame]:
    """The distinct windows of a price list, and the rows with the number of theirs in `window`.

    Numbers begin at 1; 0 is a row without a window, the price of all other times.
    """
    spelled = rows.select(WINDOW_KEY).unique(maintain_order=True).rows()
    windows = sorted({Window.of(*cells) for cells in spelled if any(cell is not None for cell in cells)}, key=str)
    if not windows:
        return [], rows.with_columns(pl.lit(0, dtype=pl.Int64).alias("window"))
    number = {window: place for place, window in enumerate(windows, start=1)}
    numbers = [number[Window.of(*cells)] if any(cell is not None for cell in cells) else 0 for cells in spelled]
    by_spelling = pl.DataFrame(spelled, schema=rows.select(WINDOW_KEY).schema, orient="row").with_columns(
        pl.Series("window", numbers, dtype=pl.Int64)
    )
    return windows, rows.join(
        by_spelling, on=list(WINDOW_KEY), how="left", nulls_equal=True, maintain_order="left"
    )


@dataclass(frozen=True, slots=True)
class Schedules:
    """Where the rows of each rate are, by window."""

    opening: (
        Positions | None
    )  # by rate: its row; or -1 - the place in `window_rows`, where the rate has windows. None where rate n is row n
    number: Ints  # by rate: its schedule
    window_rows: Ints  # the row for all other times, then one for each window of the schedule
    distinct: Sequence[Schedule]

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        windows: Sequence[Window],
        *,
        begins_rate: Flags,
        begins_part: Flags,
        calendars: Calendars,
    ) -> Self:
        """From the sorted rows of one kind; row numbers count from 1, rate 0 has NO_ROW.

        Raises:
            PriceListConflict: two windows of one rate claim the same second.
        """
        first_rows = np.flatnonzero(begins_rate) + 1
        opening, number = np.append(NO_ROW, first_rows), np.zeros(len(first_rows) + 1, dtype=np.int64)
        parts = rows.select(
            "line", "prefix", "window", rate=np.cumsum(begins_rate), row=np.arange(1, rows.height + 1)
        ).filter(begins_part)
        parts = parts.filter((pl.col("window") > 0).any().over("rate"))
        if parts.is_empty():
            one_row_each = np.array_equal(opening, np.arange(len(opening)))
            return cls(None if one_row_each else opening.astype(np.int32), number, np.array([NO_ROW]), ())

        # A rate's parts are sorted by window, all other times (0) first where they have a row.
        place = pl.int_range(pl.len()).over("rate") + (pl.col("window").first().over("rate") > 0)
        parts = parts.with_columns(place.alias("place"))
        rates = parts.group_by("rate", maintain_order=True).agg(
            pl.col("window").filter(pl.col("window") > 0).cast(pl.String).str.join(",").alias("windows"),
            pl.col("place").max() + 1,
        )
        sizes = rates["place"].to_numpy()
        begin = np.cumsum(sizes) - sizes
        windowed = rates["rate"].to_numpy()
        opening[windowed] = -1 - begin
        window_rows = np.full(sizes.sum(), NO_ROW)
        part_begin = -1 - opening[parts["rate"].to_numpy()]
        window_rows[part_begin + parts["place"].to_numpy()] = parts["row"].to_numpy()

        spelled = rates["windows"].unique(maintain_order=True)
        number[windowed] = rates["windows"].replace_strict(spelled, range(len(spelled)), return_dtype=pl.Int64)
        distinct = [tuple(windows[int(window) - 1] for window in text.split(",")) for text in spelled]
        _refuse_overlaps(distinct, rates.with_columns(schedule=number[windowed]), parts, calendars)
        return cls(opening.astype(np.int32), number, window_rows, distinct)

    def timeline(self, *, timezone: str, calendars: Calendars, since_s: int, until_s: int) -> Timeline:
        """The windows from one UTC second to another. There are some: `distinct` is not empty."""
        return Timeline.over(
            self.distinct, timezone=timezone, calendars=calendars, since_s=since_s, until_s=until_s
        )

    def row_at(self, rate: Ints, second: Ints, timeline: Timeline | None) -> tuple[Ints, Ints | np.int64]:
        """The first row of the rate for the window that holds at each second, and the second until which it holds."""
        row = rate.copy() if self.opening is None else self.opening.take(rate).astype(np.int64)
        if timeline is None:
            return row, np.int64(FOREVER)
        until = np.full(len(rate), FOREVER)
        some = np.flatnonzero(row < 0)
        window, until[some] = timeline.at(self.number.take(rate[some]), second[some])
        row[some] = self.window_rows.take(-1 - row[some] + window)
        return row, until


def _refuse_overlaps(
    distinct: Sequence[Schedule], rates: pl.DataFrame, parts: pl.DataFrame, calendars: Calendars
) -> None:
    for number, schedule in enumerate(distinct):
        pair = overlapping(schedule, calendars)
        if pair is not None:
            rate = rates.filter(pl.col("schedule") == number)["rate"][0]
            numbered = parts.filter(pl.col("rate") == rate, pl.col("window") > 0)
            lines = sorted(numbered["line"][place - 1] for place in pair)
            one, other = (str(schedule[place - 1]) for place in sorted(pair))
            raise PriceListConflict(
                f"price list lines {lines[0]} and {lines[1]}, prefix {numbered['prefix'][0]!r}, claim the same "
                f"seconds ({one}; {other}); change the hours of one"
            )
