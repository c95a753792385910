"""Writes rated records to a file, or to standard output. A file appears whole or not at all."""

import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import IO, cast

import polars as pl
import zstandard
from polars.io.plugins import register_io_source

from tollbook.errors import BadInput

CSV_SUFFIXES = (".csv", ".csv.gz", ".csv.zst")
PARQUET_SUFFIX = ".parquet"
GZIP_LEVEL = 6
ZSTD_LEVEL = 3
WORTH_A_TABLE = 10_000  # prices written at once
SMALL_PRICES = 200_000  # of the smallest steps: up to 20 with 4 decimals
PRICE_DIGITS = 38  # the widest a Parquet decimal can be


def check_output(out: Path, calls: Path) -> None:
    """Refuse an output that cannot be written, before anything is read.

    Raises:
        BadInput: a kind of file we do not write, a missing folder, or the input itself.
    """
    if not out.name.lower().endswith((*CSV_SUFFIXES, PARQUET_SUFFIX)):
        raise BadInput(
            f"{out}: cannot tell the kind of file; end its name with {', '.join(CSV_SUFFIXES)} or .parquet"
        )
    if not out.absolute().parent.is_dir():
        raise BadInput(f"{out}: the folder {out.absolute().parent} does not exist; make it first")
    if out.exists() and calls.exists() and out.samefile(calls):
        raise BadInput(f"{out} is the file of calls itself; choose another name for the output")


@dataclass(frozen=True, slots=True)
class RatedRows:
    """Records of the input with what became of them, row for row."""

    source: pl.DataFrame  # the input's columns as text
    lines: (
        pl.Series | None
    )  # the same as lines of comma-separated text without quotes; None if they are not, or `result` has texts
    # with quotes of their own
    result: pl.DataFrame

    def table(self, prices: pl.Series) -> pl.DataFrame:
        """All of it, `prices` as `price` in the place of `price_nanos`."""
        result = self.result.with_columns(pl.col(pl.Enum).cast(pl.String), prices.alias("price_nanos"))
        return pl.concat([self.source, result.rename({"price_nanos": "price"})], how="horizontal")


def write_rated(batches: Iterator[RatedRows], out: Path | None, *, decimals: int) -> None:
    """Write the batches one after the other; `price_nanos` becomes `price` with exactly `decimals` decimals.

    There is at least one batch. Without `out` they go to standard output as CSV. A file is written under a
    temporary name beside `out` and renamed when it is whole.
    """
    if out is None:
        _write_csv(batches, sys.stdout.buffer, decimals)
        sys.stdout.buffer.flush()
        return
    with _whole_file(out) as part:
        if out.name.lower().endswith(PARQUET_SUFFIX):
            _write_parquet(batches, part, decimals)
        else:
            with _opened(part, out.suffix.lower()) as file:
                _write_csv(batches, file, decimals)


@contextmanager
def _whole_file(out: Path) -> Iterator[Path]:
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(out)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _opened(part: Path, suffix: str) -> IO[bytes]:
    match suffix:
        case ".gz":
            return cast(IO[bytes], gzip.open(part, "wb", compresslevel=GZIP_LEVEL))
        case ".zst":
            return cast(IO[bytes], zstandard.open(part, "wb", cctx=zstandard.ZstdCompressor(level=ZSTD_LEVEL)))
        case _:
            return part.open("wb")


def _write_csv(batches: Iterator[RatedRows], file: IO[bytes], decimals: int) -> None:
    is_first = True
    for batch in batches:
        prices = price_text(batch.result["price_nanos"], decimals)
        if is_first:
            file.write(batch.table(prices).clear().write_csv().encode())
            is_first = False
        text = io.BytesIO()  # Polars would hide the number of an error of the file: a full disk, a closed pipe
        if batch.lines is not None:
            _beside_lines(batch.lines, batch.result, prices).write_csv(
                text, include_header=False, quote_style="never"
            )
        else:
            table = batch.table(prices).with_columns(pl.col(pl.String).replace({"": None}))
            table.write_csv(text, include_header=False)
        file.write(text.getbuffer())


def _beside_lines(lines: pl.Series, result: pl.DataFrame, prices: pl.Series) -> pl.DataFrame:
    """What is written as it stands: the input's lines are, and of the result only names can need quotes."""
    names = result["destination"]
    assert isinstance(names.dtype, pl.Enum)  # so that each name is looked at once
    quoted = _csv_values(names.dtype.categories).gather(names.to_physical())
    return result.with_columns(quoted.alias("destination"), price_nanos=prices).select(lines, pl.all())


def _csv_values(texts: pl.Series) -> pl.Series:
    """Texts as CSV has them, in quotes where they need it."""
    text = pl.col("text")
    in_quotes = pl.concat_str(pl.lit('"'), text.str.replace_all('"', '""', literal=True), pl.lit('"'))
    value = pl.when(text.str.contains_any(['"', ",", "\n", "\r"])).then(in_quotes).otherwise(text)
    return texts.alias("text").to_frame().select(value).to_series()


def _write_parquet(batches: Iterator[RatedRows], part: Path, decimals: int) -> None:
    money = pl.Decimal(PRICE_DIGITS, decimals)
    nano = pl.lit("0.000000001").cast(pl.Decimal(PRICE_DIGITS, 9))

    def converted() -> Iterator[pl.DataFrame]:
        for batch in batches:
            exact = pl.col("price_nanos").cast(pl.Decimal(PRICE_DIGITS, 9)) * nano
            yield batch.table(batch.result.select(exact.cast(money)).to_series())

    rows = converted()
    first = next(rows)
    failures: list[BaseException] = []

    def source(*_: object) -> Iterator[pl.DataFrame]:
        try:
            yield from chain([first], rows)
        except BaseException as error:
            failures.append(error)
            raise

    try:
        register_io_source(source, schema=first.schema).sink_parquet(part)
    except pl.exceptions.PolarsError:
        # Polars wraps what the source raised; whoever called knows only the original.
        if failures:
            raise failures[0] from None
        raise


def price_text(nanos: pl.Series, decimals: int) -> pl.Series:
    """Prices as people write them, always with `decimals` decimals: 24,000,000 nano-units are `0.0240`."""
    steps = nanos // 10 ** (9 - decimals)  # exact: the price was rounded to its decimals
    if steps.len() < WORTH_A_TABLE or steps.min() is None:
        return _written(steps, decimals)
    # Most prices are small and repeat: looking their text up is ten times faster than making it.
    table = _small_prices(decimals)
    is_large = ~steps.is_between(0, SMALL_PRICES - 1)
    large = _written(steps.filter(is_large), decimals)
    place = pl.when(is_large).then(SMALL_PRICES + is_large.cum_sum().cast(pl.Int64) - 1).otherwise(steps)
    return pl.concat([table, large]).gather(pl.select(place).to_series())


@cache
def _small_prices(decimals: int) -> pl.Series:
    return _written(pl.select(pl.int_range(SMALL_PRICES)).to_series(), decimals)


def _written(steps: pl.Series, decimals: int) -> pl.Series:
    """Whole numbers of the smallest step as text."""
    value = pl.col("steps")
    size = value.abs()
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (size // 10**decimals).cast(pl.String)
    fraction = (size % 10**decimals).cast(pl.String).str.zfill(decimals)
    text = pl.concat_str(sign, whole, pl.lit("."), fraction) if decimals else pl.concat_str(sign, whole)
    return steps.alias("steps").to_frame().select(text.alias("price")).to_series()
