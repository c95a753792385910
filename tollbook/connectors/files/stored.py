"""The file as it is stored: found, opened, unpacked, bounded. What comes out is plain bytes."""

import fnmatch
import gzip
import io
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from tollbook.connectors.files.limits import MIB, Limits
from tollbook.errors import BadInput

CHUNK_BYTES = 4 * MIB
# A bomb of Zstandard grows up to 32,768-fold: so little is unpacked at a time that memory stays bounded.
ZSTD_STEP_BYTES = 4096
ZSTD_MAX_WINDOW = 128 * MIB
_MAGIC = {
    b"\x1f\x8b": "gz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x28\xb5\x2f\xfd": "zst",
    b"PAR1": "parquet",
    b"BZh": "bz2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
}
# What the unpackers raise on damaged data; zipfile trips over its own offsets in several ways.
_DAMAGE = (
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    zstandard.ZstdError,
)
_READABLE = ("none", "gz", "zip", "zst", "parquet")


class StoredFile:
    """One opened file: where it is read from, and the plain bytes in it."""

    def __init__(self, raw: BinaryIO, name: str, kind: str, limits: Limits, member: str | None) -> None:
        self.raw = raw
        self.name = name
        self.kind = kind  # none, gz, zip, zst; or parquet, which is left as it is
        self._limits = limits
        self._member = member

    def bytes_read(self) -> int:
        """Bytes of the file as stored that were read so far."""
        return self.raw.tell()

    def chunks(self) -> Iterator[bytes]:
        """The plain bytes, in pieces.

        Raises:
            BadInput: damaged, encrypted, cut short, or larger than the limit once unpacked.
        """
        unpack = {"none": _plain, "gz": _gunzip, "zst": _unzstd}.get(self.kind)
        total = 0
        try:
            for chunk in unpack(self.raw) if unpack else self._unzip():
                total += len(chunk)
                if self.kind != "none" and total > self._limits.max_expanded_bytes:
                    raise BadInput(
                        f"{self.name}: unpacked it is larger than {self._limits.max_expanded_bytes} bytes; "
                        "split it, or raise max_expanded_bytes"
                    )
                yield chunk
        except _DAMAGE as error:
            raise BadInput(
                f"{self.name}: the {self.kind} data is damaged or cut short after {total} unpacked bytes ({error}); "
                "fetch the file again"
            ) from None

    def _unzip(self) -> Iterator[bytes]:
        with zipfile.ZipFile(self.raw) as archive:
            chosen = _member_of(archive, self._member, self.name)
            if chosen.flag_bits & 1:
                raise BadInput(f"{self.name}: {chosen.filename!r} is encrypted; unpack it with its password first")
            try:
                opened = archive.open(chosen)
            except NotImplementedError:
                raise BadInput(
                    f"{self.name}: {chosen.filename!r} is packed by a method that cannot be read here; pack it again "
                    "with deflate"
                ) from None
            with opened as plain:
                yield from _plain(cast(BinaryIO, plain))


@contextmanager
def open_stored(
    file: Path | str | BinaryIO, *, compression: str, member: str | None, name: str | None, limits: Limits
) -> Iterator[StoredFile]:
    """Open a path or stream. What it is packed with is seen from its first bytes, not from its name.

    Raises:
        BadInput: not there, a folder, not allowed to be read, or packed in another way than `compression` says.
    """
    with ExitStack() as stack:
        if isinstance(file, (str, Path)):
            name = name or str(file)
            raw = stack.enter_context(_opened(Path(file), name))
        else:
            name, raw = name or str(getattr(file, "name", "standard input")), file
        if not raw.seekable():  # a pipe
            raw = stack.enter_context(_spooled(raw, name, limits))
        kind = _kind(raw)
        if kind not in _READABLE:
            raise BadInput(
                f"{name}: packed with {kind}, which is not read; pack it with gz, zip or zst, or unpack it"
            )
        if compression not in ("auto", kind):
            raise BadInput(
                f"{name}: the layout says compression {compression!r}, the file is {kind!r}; correct one"
            )
        yield StoredFile(raw, name, kind, limits, member)


def check_whole(path: Path, *, compression: str, name: str, limits: Limits) -> None:
    """Unpack a packed file to its end and throw it away, so that damage shows before anything of it is written.

    Raises:
        BadInput: damaged, encrypted, cut short, or larger than the limit once unpacked.
    """
    with open_stored(path, compression=compression, member=None, name=name, limits=limits) as stored:
        if stored.kind in ("gz", "zip", "zst"):
            for _ in stored.chunks():
                pass


def _opened(path: Path, name: str) -> BinaryIO:
    if path.is_dir():
        raise BadInput(f"{name}: is a folder; name a file in it")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise BadInput(f"{name}: there is no such file") from None
    except OSError as error:
        raise BadInput(f"{name}: cannot be read ({error.strerror}); check its rights") from None


@contextmanager
def _spooled(stream: BinaryIO, name: str, limits: Limits) -> Iterator[BinaryIO]:
    """A copy that can be read backwards, as zip and Parquet need, and the first bytes of anything."""
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(_Bounded(stream, name, limits.max_spooled_bytes), copy, CHUNK_BYTES)
        copy.seek(0)
        yield cast(BinaryIO, copy)


class _Bounded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, name: str, limit: int) -> None:
        self._stream, self._name, self._left, self._limit = stream, name, limit, limit

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise BadInput(f"{self._name}: more than {self._limit} bytes; save it as a file and read that")
        return data


def _kind(raw: BinaryIO) -> str:
    start = raw.read(6)
    raw.seek(-len(start), io.SEEK_CUR)
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "none")


def _plain(raw: BinaryIO) -> Iterator[bytes]:
    while chunk := raw.read(CHUNK_BYTES):
        yield chunk


def _gunzip(raw: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=raw) as plain:  # reads on over the members of a joined file
        yield from _plain(cast(BinaryIO, plain))


def _unzstd(raw: BinaryIO) -> Iterator[bytes]:
    """Frame after frame. The library's own reader ends quietly where a file is cut, so the ends are watched here."""
    new_frame: Callable[[], zstandard.ZstdDecompressionObj] = zstandard.ZstdDecompressor(
        max_window_size=ZSTD_MAX_WINDOW
    ).decompressobj
    frame = new_frame()
    is_begun = False
    plain = b""
    while step := raw.read(ZSTD_STEP_BYTES):
        while step:
            plain += frame.decompress(step)
            is_begun = True
            step = b""
            if frame.eof:
                step, frame, is_begun = frame.unused_data, new_frame(), False
        if len(plain) >= MIB:
            yield plain
            plain = b""
    yield plain
    if is_begun:
        raise EOFError("the last frame does not end")


def _member_of(archive: zipfile.ZipFile, wanted: str | None, name: str) -> zipfile.ZipInfo:
    """The one file meant: by name or pattern, else the only one. What a Mac adds is not counted."""
    files = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    found = [i for i in files if wanted is None or fnmatch.fnmatchcase(i.filename, wanted)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(i.filename) for i in files[:10]) or "none"
    what = f"{len(found)} files match {wanted!r}" if wanted else f"holds {len(files)} files"
    raise BadInput(f"{name}: the zip {what}; name one of: {listed}")
