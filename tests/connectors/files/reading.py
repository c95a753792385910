"""What the tests of files share: read a whole file, or a text as if it were one."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.layout_data import load_layout
from tollbook.connectors.files.reader import FileBatch, read_usage
from tollbook.records import USAGE

SAMPLES = Path(__file__).parent / "samples"
ASTERISK_MASTER = Path(__file__).parents[3] / "demo" / "asterisk-master.csv"


@dataclass(frozen=True)
class Read:
    """All of a file."""

    usage: pl.DataFrame
    source: pl.DataFrame | None
    batches: list[FileBatch]

    @property
    def unfinished(self) -> bytes | None:
        return self.batches[-1].unfinished

    @property
    def defects(self) -> dict[int, str]:
        """Line -> defect."""
        return dict(self.usage.filter(pl.col("defect").is_not_null()).select("line", "defect").rows())


def read_all(file: Path | bytes | BinaryIO, layout: Layout | str, **options: Any) -> Read:
    layout = load_layout(layout) if isinstance(layout, str) else layout
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    batches = list(read_usage(opened, layout, **options))
    assert [batch.is_last for batch in batches] == [False] * (len(batches) - 1) + [True]
    for batch in batches:
        assert batch.usage.schema == USAGE
    sources = [batch.source for batch in batches if batch.source is not None]
    return Read(pl.concat([b.usage for b in batches]), pl.concat(sources) if sources else None, batches)


def facts(usage: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return usage.select(columns).rows()


def own(lines: str) -> bytes:
    """A file in our own layout, with the header that most tests need."""
    return ("record_id,start,duration_s,cld\n" + lines).encode()
