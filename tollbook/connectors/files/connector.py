"""Files of calls as a platform: where they lie, and how they are written."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from tollbook.connectors.base import Connector, Feature, Site, UsageBatch
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.layout_data import layout_from_mapping, load_layout
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.reader import read_usage
from tollbook.connectors.files.stored import check_whole


class FilesConnector(Connector):
    """Files in any layout."""

    kind = "files"
    title = "Files of calls"
    offers: ClassVar[frozenset[Feature]] = frozenset()

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.layout = site_layout(site)
        self.key_is_platform_id = self.layout.key_is_platform_id

    def read_usage(
        self, file: Path, *, name: str, batch_rows: int, is_complete: bool = True
    ) -> Iterator[UsageBatch]:
        """The file's records by its layout.

        Raises:
            BadInput: the file cannot be read as this layout at all.
        """
        check_whole(file, compression=self.layout.file.compression, name=name, limits=Limits())
        return read_usage(file, self.layout, batch_rows=batch_rows, complete=is_complete, name=name)


def site_layout(site: Site) -> Layout:
    """The site's layout: a built-in one by name, or its own mapping; with the site's zone for times."""
    if "\n" in site.layout:
        layout = layout_from_mapping(tomllib.loads(site.layout), name=site.name)
    else:
        layout = load_layout(site.layout)
    return layout.in_zone(site.timezone) if site.timezone else layout
