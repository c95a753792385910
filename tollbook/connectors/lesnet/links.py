"""The files behind the links of accounts, as one source. Each is named by its link."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from urllib.parse import urlsplit

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.errors import ConnectorError, TryAgainLater
from tollbook.connectors.files.sources.source import Source, Terms
from tollbook.connectors.files.sources.web import WebFile
from tollbook.connectors.lesnet.options import Access

# After so many links in a row that gave no answer the portal is taken to be away, and the rest not asked.
MOST_LOST_IN_A_ROW = 3


class LinkedFiles(Source):
    """A link that fails is listed by its name alone, after the others, and fails again when it is fetched."""

    def __init__(self, access: Access, *, is_growing: bool, is_dated: bool) -> None:
        """Nothing is sent yet.

        `is_growing`: a last line without its end is half a line. `is_dated`: Last-Modified is when a file was written.
        """
        super().__init__(Terms(platform=access.platform, max_bytes=access.max_bytes))
        self.place = access.portal
        self.links: Sequence[str] = ()
        self.lost: dict[str, ConnectorError] = {}  # links that failed when they were listed
        self._access = access
        self._is_growing = is_growing
        self._is_dated = is_dated

    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:
        """As `Source.files`; what is wrong is raised only when every link fails."""
        self.lost.clear()
        by_name = {file.name: file for file in known}
        lost_in_a_row = 0
        for link in self.links:
            if lost_in_a_row == MOST_LOST_IN_A_ROW:
                self.lost[link] = self.later(
                    f"{link} was not asked for, as the ones before it gave no answer; collect again later"
                )
                continue
            try:
                yield self._listed(link, by_name.get(link))
                lost_in_a_row = 0
            except ConnectorError as error:
                self.lost[link] = error
                lost_in_a_row = lost_in_a_row + 1 if isinstance(error, TryAgainLater) else 0
        if self.links and len(self.lost) == len(set(self.links)):
            raise next(iter(self.lost.values()))
        yield from (RemoteFile(name=link, is_complete=not self._is_growing) for link in self.lost)

    def fetch(self, file: RemoteFile) -> Generator[bytes, None, None]:
        """Asked for anew: dozens of answers are not kept open while the others are read."""
        if error := self.lost.get(file.name):
            raise error
        with closing(self._web_file(file.name)) as web:
            blocks = web.fetch(file)
            yield from chain([next(blocks, b"")], blocks)

    def close(self) -> None:
        """Nothing is kept open between two questions."""

    def _listed(self, link: str, known: RemoteFile | None) -> RemoteFile:
        with closing(self._web_file(link)) as web:
            (file,) = web.files([known] if known else [])
        if file is known:
            return file
        return replace(
            file,
            is_complete=file.is_complete and not self._is_growing,
            modified_at=file.modified_at if self._is_dated else None,
        )

    def _web_file(self, link: str) -> WebFile:
        access = self._access
        url = access.portal.rstrip("/") + link if link.startswith("/") else link
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}".lower() != access.portal.lower():
            raise self.attention(
                f"the link {link!r} does not lead to {access.portal}; correct the account's link, or set portal "
                "to where the files really are"
            )
        return WebFile(
            self.terms,
            url=url,
            query=access.url_secret,
            login=access.login,
            password=access.password,
            verify=access.verify,
            patience=access.patience,
            headers=access.headers,
            hidden=access.hidden,
            name=link,
        )
