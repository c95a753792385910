"""A folder on this machine."""

import os
import stat
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.files.sources.names import as_stored, readable, steps
from tollbook.connectors.files.sources.source import Entry, FolderSource, Kind, Terms

BLOCK_BYTES = 1 << 20


class LocalFolder(FolderSource):
    """Files of a folder that this machine can reach by a path."""

    def __init__(self, folder: Path, terms: Terms, *, may_be_missing: bool = False) -> None:
        """`may_be_missing`: as long as the folder is not there, there are no files."""
        super().__init__(terms)
        self.place = str(folder)
        self._folder = os.fsencode(folder)
        self._may_be_missing = may_be_missing

    def entries(self, folder: str) -> Iterable[Entry]:
        try:
            with os.scandir(self._path(folder)) as found:
                return [entry for one in found if (entry := _entry(one))]
        except FileNotFoundError:
            if folder or self._may_be_missing:
                return ()
            raise self.attention(
                f"there is no folder {self.place}; make it, or correct the setting folder"
            ) from None
        except NotADirectoryError:
            raise self.attention(f"{self.place} is no folder; name the folder that the file is in") from None
        except PermissionError:
            raise self.attention(
                f"{self._shown(folder)} may not be listed; give the user that runs Tollbook the right to read and "
                "enter it"
            ) from None
        except OSError as error:
            raise self.later(
                f"{self._shown(folder)} cannot be listed now ({error.strerror}); run again later"
            ) from None

    def behind(self, name: str) -> Entry | None:
        path = self._inside(name)
        if path is None:
            return None
        try:
            return _described(name, os.stat(path))
        except OSError:
            return None

    def fetch(self, file: RemoteFile) -> Generator[bytes, None, None]:
        path = self._inside(file.name)
        if path is None:
            raise self.attention(f"{file.name!r} is not inside {self.place}; put the file itself there")
        try:
            # A pipe that was put in the file's place must not keep us waiting.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise self.gone(file) from None
        except PermissionError:
            raise self.attention(
                f"{file.name!r} in {self.place} may not be read; give the user that runs Tollbook the right to"
            ) from None
        except OSError as error:
            raise self.later(f"{file.name!r} cannot be opened now ({error.strerror}); run again later") from None
        with os.fdopen(descriptor, "rb", buffering=0) as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self.gone(file)
            try:
                yield from self.whole(iter(lambda: opened.read(BLOCK_BYTES), b""), file)
            except OSError as error:
                raise self.later(f"{file.name!r} cannot be read ({error.strerror}); run again later") from None
            if file.is_complete and file.modified_at not in (None, _time(os.fstat(descriptor))):
                raise self.changed(file, "its time is another")

    def close(self) -> None:
        """Nothing is held."""

    def _path(self, name: str) -> bytes:
        return os.path.join(self._folder, as_stored(name)) if name else self._folder

    def _inside(self, name: str) -> bytes | None:
        """Where the file really is; None when that is outside the folder."""
        if not steps(name):
            return None
        root, path = os.path.realpath(self._folder), os.path.realpath(self._path(name))
        return path if path.startswith(root.rstrip(b"/") + b"/") else None

    def _shown(self, folder: str) -> str:
        return f"{self.place}/{folder}" if folder else self.place


def _entry(found: os.DirEntry[bytes]) -> Entry | None:
    try:
        return _described(readable(found.name), found.stat(follow_symlinks=False))
    except FileNotFoundError:  # deleted meanwhile
        return None


def _described(name: str, facts: os.stat_result) -> Entry:
    return Entry(name, kind_of(facts.st_mode), facts.st_size, _time(facts))


def kind_of(mode: int) -> Kind:
    """What a mode of POSIX says."""
    known = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
    return known.get(stat.S_IFMT(mode), Kind.OTHER)


def _time(facts: os.stat_result) -> datetime:
    return datetime.fromtimestamp(facts.st_mtime_ns // 1000 / 1_000_000, UTC)
