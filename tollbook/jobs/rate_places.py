"""Which prefix and destination a rated record fell on."""

from dataclasses import dataclass
from typing import Self

import polars as pl


@dataclass(frozen=True, slots=True)
class Places:
    """Prefix and destination by line of the price list; and the lines that stand for several prefixes."""

    prefix: pl.Series  # position = line
    destination: pl.Series  # position = line; an Enum, because few names stand beside many records
    several: pl.DataFrame  # line, prefix: only of lines with more than one prefix

    @classmethod
    def of(cls, rates: pl.DataFrame) -> Self:
        """From a price list (RATES)."""
        once = rates.unique("line", keep="first").select("line", "prefix", "destination")
        every_line = rates.select(pl.int_range(pl.col("line").max().fill_null(0) + 1).alias("line"))
        table = every_line.join(once, on="line", how="left", maintain_order="left")
        names = pl.Enum(table["destination"].drop_nulls().unique(maintain_order=True))
        is_several = pl.col("prefix").n_unique().over("line") > 1
        return cls(
            table["prefix"],
            table["destination"].cast(names),
            rates.filter(is_several).select("line", "prefix").unique(),
        )

    def matched(self, rate_line: pl.Series, number: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Prefix and destination of each record; null where no rate was found."""
        prefix = self.prefix.gather(rate_line)
        if self.several.height:
            prefix = self._longest(rate_line, number, prefix)
        return prefix, self.destination.gather(rate_line)

    def _longest(self, rate_line: pl.Series, number: pl.Series, otherwise: pl.Series) -> pl.Series:
        """The engine took the longest prefix, and all prefixes of one line cost the same: so its longest it was."""
        records = pl.DataFrame({"line": rate_line, "number": number, "prefix": otherwise})
        lengths = self.several["prefix"].str.len_bytes()
        for length in sorted(lengths.unique()):  # a longer one replaces a shorter one
            these = self.several.filter(lengths == length).select("line", pl.col("prefix").alias("found"))
            starts = records.select("line", pl.col("number").str.slice(0, length).alias("found"))
            found = starts.join(
                these.with_columns(is_found=True), on=["line", "found"], how="left", maintain_order="left"
            )
            records = records.with_columns(
                prefix=pl.when(found["is_found"]).then(found["found"]).otherwise("prefix")
            )
        return records["prefix"]
