"""What became of a file of calls: records, time and money by outcome, reason and destination."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from tollbook.money import decimal_of
from tollbook.records import KINDS, Measure

TIMED = [kind for kind, measure in KINDS.items() if measure is Measure.TIME]
GROUP = ["outcome", "reason", "destination"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the summary. Sums are exact."""

    outcome: str
    reason: str | None
    destination: str | None
    records: int
    billed_s: int  # of calls; messages and data are not time
    price: Decimal


@dataclass(slots=True)
class Summary:
    """Sums over everything added so far."""

    _sums: pl.DataFrame | None = None
    records: int = field(default=0, init=False)

    def add(self, rated: pl.DataFrame, kinds: pl.Series) -> None:
        """Count records with GROUP, `billed_s` and `price_nanos`; `kinds` are their usage kinds."""
        self.records += rated.height
        sums = (
            rated.select(*GROUP, "billed_s", "price_nanos", kinds.is_in(TIMED).alias("is_timed"))
            .group_by(GROUP)
            .agg(
                records=pl.len(),
                billed_s=pl.col("billed_s").filter("is_timed").sum(),
                nanos=pl.col("price_nanos").cast(pl.Int128).sum(),  # 64 bits could overflow
            )
        )
        both = sums if self._sums is None else pl.concat([self._sums, sums])
        self._sums = both.group_by(GROUP).agg(pl.all().sum())

    def outcomes(self) -> list[Line]:
        """By outcome and reason, the most records first inside an outcome."""
        lines = self._lines("outcome", "reason")
        return sorted(lines, key=lambda line: (line.outcome, -line.records, line.reason or ""))

    def destinations(self) -> list[Line]:
        """Charged records by destination, the most money first."""
        lines = (line for line in self._lines("outcome", "destination") if line.outcome == "charged")
        return sorted(lines, key=lambda line: (-line.price, -line.records, line.destination or ""))

    def total(self) -> Decimal:
        return sum((line.price for line in self.outcomes()), Decimal(0))

    def _lines(self, *group: str) -> Iterator[Line]:
        if self._sums is None:
            return
        for row in (
            self._sums.group_by(group).agg(pl.col("records", "billed_s", "nanos").sum()).iter_rows(named=True)
        ):
            yield Line(
                row["outcome"],
                row.get("reason"),
                row.get("destination"),
                row["records"],
                row["billed_s"],
                decimal_of(row["nanos"]),
            )
