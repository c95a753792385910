"""Writes rated records to a file, or to standard output. A file appears whole or not at all."""

import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
SMALL_PRICES = 1_000_000  # of the smallest steps: up to 100 with 4 decimals
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


def write_rated(frames: Iterator[pl.DataFrame], out: Path | None, *, decimals: int) -> None:
    """Write the frames one after the other; `price_nanos` becomes `price` with exactly `decimals` decimals.

    There is at least one frame. Without `out` they go to standard output as CSV. A file is written under a
    temporary name beside `out` and renamed when it is whole.
    """
    if out is None:
        _write_csv(frames, sys.stdout.buffer, decimals)
        sys.stdout.buffer.flush()
        return
    with _whole_file(out) as part:
        if out.name.lower().endswith(PARQUET_SUFFIX):
            _write_parquet(frames, part, decimals)
        else:
            with _opened(part, out.suffix.lower()) as file:
                _write_csv(frames, file, decimals)


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


def _write_csv(frames: Iterator[pl.DataFrame], file: IO[bytes], decimals: int) -> None:
    with_header = True
    for frame in frames:
        prices = price_text(frame["price_nanos"], decimals)
        text = io.BytesIO()  # Polars would hide the number of an error of the file: a full disk, a closed pipe
        _renamed(frame, prices).write_csv(text, include_header=with_header)
        file.write(text.getbuffer())
        with_header = False


def _write_parquet(frames: Iterator[pl.DataFrame], part: Path, decimals: int) -> None:
    money = pl.Decimal(PRICE_DIGITS, decimals)
    nano = pl.lit("0.000000001").cast(pl.Decimal(PRICE_DIGITS, 9))

    def converted() -> Iterator[pl.DataFrame]:
        for frame in frames:
            exact = pl.col("price_nanos").cast(pl.Decimal(PRICE_DIGITS, 9)) * nano
            yield _renamed(frame, frame.select(exact.cast(money)).to_series())

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


def _renamed(frame: pl.DataFrame, prices: pl.Series) -> pl.DataFrame:
    return frame.with_columns(price_nanos=prices).rename({"price_nanos": "price"})


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
