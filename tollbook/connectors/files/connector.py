"""Files of calls as a platform: where they lie, and how they are written."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from tollbook.connectors.base import Check, Connector, Feature, RemoteFile, Site, UsageBatch
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.layout_data import layout_from_mapping, load_layout
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.reader import read_usage
from tollbook.connectors.files.sources.configured import SETTINGS, source_of, wanted_of
from tollbook.connectors.files.sources.source import Source
from tollbook.connectors.files.sources.wanted import oldest_first
from tollbook.connectors.files.stored import check_whole
from tollbook.connectors.files.trial import try_out

Clock = Callable[[], datetime]


class FilesConnector(Connector):
    """Files in any layout, from any source."""

    kind = "files"
    title = "Files of calls"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.FILES})
    ways: ClassVar[tuple[str, ...]] = ("account", "number")

    def __init__(self, site: Site, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        """`clock`: against which the age of files is held."""
        super().__init__(site)
        self.layout = site_layout(site)
        self.key_is_platform_id = self.layout.key_is_platform_id
        self._clock = clock
        self._source: Source | None = None

    @property
    def source(self) -> Source:
        """Where the files are.

        Raises:
            BadInput: the settings name no source, or one that makes no sense.
        """
        if self._source is None:
            self._source = source_of(self.site)
        return self._source

    def test(self) -> Iterator[Check]:
        """Reach the source, list it, and read the beginning of one file."""
        yield from try_out(self, now=self._clock())

    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:
        """The files that are wanted, oldest first; those without a time before all others.

        Raises:
            BadInput: a setting makes no sense, or there is no source.
            TryAgainLater, NeedsAttention: the source is away, or refuses.
        """
        wanted, now = wanted_of(self.site), self._clock()
        found = self.source.files(known)
        chosen = [wanted.marked(file) for file in found if wanted.takes(file.name)]
        yield from oldest_first(file for file in chosen if wanted.is_ripe(file, now))

    def fetch(self, file: RemoteFile) -> Iterator[bytes]:
        """The bytes of a file, in blocks. It is whole only when they end without an error."""
        return self.source.fetch(file)

    def read_usage(
        self, file: Path, *, name: str, batch_rows: int, is_complete: bool = True
    ) -> Iterator[UsageBatch]:
        """The file's records by its layout.

        Raises:
            BadInput: the file cannot be read as this layout at all.
        """
        check_whole(file, compression=self.layout.file.compression, name=name, limits=Limits())
        return read_usage(file, self.layout, batch_rows=batch_rows, complete=is_complete, name=name)

    def close(self) -> None:
        if self._source is not None:
            self._source.close()


def site_layout(site: Site) -> Layout:
    """The site's layout: a built-in one by name, or its own mapping; with the site's zone for times."""
    if "\n" in site.layout:
        layout = layout_from_mapping(tomllib.loads(site.layout), name=site.name)
    else:
        layout = load_layout(site.layout)
    return layout.in_zone(site.timezone) if site.timezone else layout
