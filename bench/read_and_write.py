"""Read a file of calls and write it with the result columns, with Polars alone: read_and_write.py CALLS RESULT OUT."""

import sys

import polars as pl

calls, result, out = sys.argv[1:]
pl.concat([pl.scan_csv(calls), pl.scan_ipc(result)], how="horizontal").sink_csv(out)
