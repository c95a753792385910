"""What every source of files has in common. A source is only read: nothing is written, moved or deleted there."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.errors import NeedsAttention, TryAgainLater

MAX_ENTRIES = 200_000  # files and folders looked at in one listing
MAX_DEPTH = 20  # folders in folders
LINKS_OUT = "links that lead out of the folder, or nowhere"
OTHER_THINGS = "pipes, devices and other things that are no files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a source is read."""

    platform: str  # the connection's name, for errors
    max_bytes: int  # of one file
    with_subfolders: bool = False
    takes: Callable[[str], bool] = lambda _name: True  # names for which it is worth asking further questions


class Kind(Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a folder."""

    name: str  # its own, as `names.readable` writes it
    kind: Kind
    size_bytes: int | None = None
    modified_at: datetime | None = None


class Source(ABC):
    """A place where files lie."""

    place: str  # as people know it: sftp://cdr@host:22/out

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.left_out: Counter[str] = Counter()  # by the last listing: what was not given, and how often

    @abstractmethod
    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:
        """Every file there is now, wanted or not, in no order. `known`: as `Connector.files` has it.

        Raises:
            TryAgainLater: the source is away.
            NeedsAttention: it refuses us, or there is no such folder.
        """

    @abstractmethod
    def fetch(self, file: RemoteFile) -> Generator[bytes, None, None]:
        """The bytes of a file that `files` gave. Who takes them has the whole file only when they end without error.

        Raises:
            TryAgainLater: it is gone, has changed since it was listed, or the connection was lost on the way.
            NeedsAttention: it may not be read, or is larger than allowed.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of connections. Safe to repeat."""

    def later(self, what: str) -> TryAgainLater:
        return TryAgainLater(what, platform=self.terms.platform)

    def attention(self, what: str) -> NeedsAttention:
        return NeedsAttention(what, platform=self.terms.platform)

    def whole(self, blocks: Iterable[bytes], file: RemoteFile) -> Iterator[bytes]:
        """The blocks of a file, and an error when they are not as many bytes as were listed.

        A growing file ends where it ended when it was listed: the rest is read when it is listed again.
        """
        done, listed = 0, file.size_bytes
        self.check_size(file.name, listed or 0)
        for block in blocks:
            done += len(block)
            self.check_size(file.name, done)
            if listed is not None and done > listed:
                if file.is_complete:
                    raise self.changed(file, f"more than {listed} bytes came")
                block = block[: listed - done]  # noqa: PLW2901  # the part that was listed
                done = listed
            if block:
                yield block
            if done == listed and not file.is_complete:
                return
        if listed is not None and done < listed:
            raise self.changed(file, f"only {done} of {listed} bytes came")

    def check_size(self, name: str, size_bytes: int) -> None:
        """Refuse what is larger than allowed."""
        if size_bytes > self.terms.max_bytes:
            raise self.attention(
                f"{name!r} has more than {self.terms.max_bytes} bytes; look whether it is a file of calls, and raise "
                "max_size_mib if it is"
            )

    def changed(self, file: RemoteFile, how: str) -> TryAgainLater:
        return self.later(
            f"{file.name!r} was changed while it was read ({how}); run again when it is finished; if that happens "
            "often, raise minimum_age_s, or name it in the setting growing"
        )

    def gone(self, file: RemoteFile) -> TryAgainLater:
        return self.later(
            f"{file.name!r} is no longer there, it was moved or deleted after it was listed; run again to see what is "
            "there now"
        )


class FolderSource(Source):
    """A folder of files, with or without the folders in it."""

    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:  # noqa: ARG002  # a listing tells all
        self.left_out.clear()
        waiting, seen = [""], 0
        while waiting:
            folder = waiting.pop()
            for entry in self.entries(folder):
                seen += 1
                if seen > MAX_ENTRIES:
                    raise self.attention(
                        f"{self.place} holds more than {MAX_ENTRIES} files and folders; move away what was read long "
                        "ago, or name a folder with less in it"
                    )
                name = f"{folder}/{entry.name}" if folder else entry.name
                found = self._followed(name) if entry.kind is Kind.LINK else entry
                if found is None:
                    self.left_out[LINKS_OUT] += 1
                elif found.kind is Kind.FILE:
                    yield RemoteFile(name=name, size_bytes=found.size_bytes, modified_at=found.modified_at)
                elif found.kind is Kind.OTHER:
                    self.left_out[OTHER_THINGS] += 1
                elif entry.kind is Kind.FOLDER and self.terms.with_subfolders and name.count("/") < MAX_DEPTH:
                    waiting.append(name)

    @abstractmethod
    def entries(self, folder: str) -> Iterable[Entry]:
        """What is in a folder below the source's, "" being that itself. None when one below it is gone meanwhile."""

    def behind(self, name: str) -> Entry | None:
        """What a link leads to, when that is inside the folder; None when it is not, or cannot be known."""
        raise NotImplementedError

    def _followed(self, name: str) -> Entry | None:
        """Of what is not wanted the link need not be followed. A linked folder would be listed twice: it is not."""
        if not self.terms.takes(name):
            return Entry(name, Kind.FOLDER)
        found = self.behind(name)
        return replace(found, name=name) if found else None
