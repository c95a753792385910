"""A connection of files tried out: what is there, what of it is wanted, and whether it is written as expected."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from tollbook.connectors.base import Check, RemoteFile, Site, UsageBatch, failed_check
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.limits import MIB, Limits
from tollbook.connectors.files.sources.configured import wanted_of
from tollbook.connectors.files.sources.source import Source
from tollbook.connectors.files.sources.wanted import Wanted, oldest_first
from tollbook.connectors.files.stored import open_stored
from tollbook.errors import TollbookError

SHOWN_FILES = 5
SAMPLE_ROWS = 100
SAMPLE_BYTES = MIB
MAX_PACKED_BYTES = 64 * MIB  # a packed file is looked into only as a whole


class Files(Protocol):
    """What is tried out."""

    site: Site
    layout: Layout

    @property
    def source(self) -> Source: ...

    def read_usage(
        self, file: Path, *, name: str, batch_rows: int, is_complete: bool = True
    ) -> Iterator[UsageBatch]: ...


def try_out(files: Files, *, now: datetime) -> Iterator[Check]:
    """Step by step; a step that fails is the last."""
    try:
        wanted = wanted_of(files.site)
        there = oldest_first(wanted.marked(file) for file in files.source.files())
    except TollbookError as error:
        yield failed_check("reach", error, platform=files.site.name)
        return
    left_out = "".join(f"; {count} {what} left out" for what, count in files.source.left_out.items())
    yield Check("reach", True, f"{files.source.place}: {len(there):,} files{left_out}")
    chosen = [file for file in there if wanted.takes(file.name)]
    yield _choice(there, chosen, wanted, now)
    if chosen:
        ripe = [file for file in chosen if wanted.is_ripe(file, now)]
        yield _looked_into(files, (ripe or chosen)[0])


def _choice(there: Sequence[RemoteFile], chosen: Sequence[RemoteFile], wanted: Wanted, now: datetime) -> Check:
    """How many are wanted, and the first of them; when none is, what there is instead."""
    if not there:
        return Check("files", True, "no file is there yet")
    partial = sum(wanted.is_partial(file.name) for file in there)
    if not chosen:
        return Check(
            "files",
            False,
            f"none of {len(there):,} files is wanted by name_filter {wanted.name_filter!r}"
            f"{f', {partial:,} are still being written' if partial else ''}: {_shown(there)}",
            "correct name_filter or partial_names, or the folder",
        )
    young = sum(not wanted.is_ripe(file, now) for file in chosen)
    waiting = (
        f", {young:,} of them left alone for less than {wanted.minimum_age.total_seconds():g} s" if young else ""
    )
    return Check("files", True, f"{len(chosen):,} of {len(there):,} match{waiting}: {_shown(chosen)}")


def _shown(files: Sequence[RemoteFile]) -> str:
    more = ["…"] if len(files) > SHOWN_FILES else []
    return ", ".join([*(_facts(file) for file in files[:SHOWN_FILES]), *more])


def _facts(file: RemoteFile) -> str:
    size = "size unknown" if file.size_bytes is None else f"{file.size_bytes:,} bytes"
    time = "time unknown" if file.modified_at is None else f"{file.modified_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{file.name} ({size}, {time})"


def _looked_into(files: Files, file: RemoteFile) -> Check:
    """Whether the beginning of a file reads as the layout."""
    with tempfile.TemporaryDirectory(prefix="tollbook-trial-") as folder:
        sample = Path(folder) / "sample"
        try:
            is_whole = _sampled(files.source, file, sample)
            if is_whole is None:
                return Check("layout", True, f"{file.name}: packed and too large to be looked into by a test")
            batches = files.read_usage(sample, name=file.name, batch_rows=SAMPLE_ROWS, is_complete=is_whole)
            usage = next(iter(batches)).usage
        except TollbookError as error:
            return failed_check("layout", error, platform=files.site.name)
    broken = usage.filter(pl.col("defect") == "unreadable")
    read = f"{len(usage) - len(broken):,} read as layout {files.layout.name}"
    said = f"{file.name}: of {len(usage):,} records looked at {read}"
    if len(broken):
        said += f"; {len(broken):,} do not: {broken['defect_detail'][0]}"
    if len(broken) == len(usage) > 0:
        return Check("layout", False, said, "choose another layout, or write one for these files")
    return Check("layout", True, said)


def _sampled(source: Source, file: RemoteFile, to: Path) -> bool | None:
    """Save the beginning of a file; true when that is all of it, none when a part of it would be of no use."""
    size = 0
    with closing(source.fetch(file)) as blocks, to.open("wb") as sample:
        for block in blocks:
            sample.write(block)
            size += len(block)
            if size >= SAMPLE_BYTES:
                sample.flush()
                if not _is_packed(to, file.name):
                    return False
                if size > MAX_PACKED_BYTES:
                    return None
    return file.is_complete


def _is_packed(sample: Path, name: str) -> bool:
    with open_stored(sample, compression="auto", member=None, name=name, limits=Limits()) as stored:
        return stored.kind != "none"
