"""Bytes to text to lines: encodings, line ends, and blocks of whole lines."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from tollbook.connectors.files.limits import MIB

BLOCK_BYTES = 16 * MIB
# A byte that is not in the declared encoding becomes NUL, and a line with NUL is set aside: nothing is guessed.
_TO_NUL = "tollbook-nul"
codecs.register_error(_TO_NUL, lambda error: ("\0", error.end))  # type: ignore[attr-defined]

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines as UTF-8 (or what claims to be), each ended by a line feed."""

    data: bytes
    is_last: bool
    unended: bool  # the last line of the file had no line end; it has been given one


def utf8_chunks(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The text as UTF-8. A byte order mark wins over `encoding` and is taken off.

    Text declared as UTF-8 passes as it is: a line that is not UTF-8 is dealt with where it is known as a line.
    """
    first = next(chunks, b"")
    while len(first) < 3 and (more := next(chunks, b"")):
        first += more
    for bom, of in _BOMS:
        if first.startswith(bom):
            first, encoding = first[len(bom) :], of
            break
    if codecs.lookup(encoding).name == "utf-8":
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(_TO_NUL)
    yield decoder.decode(first).encode()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def blocks(chunks: Iterator[bytes], *, max_line_bytes: int) -> Iterator[Block]:
    """Cut at line ends. LF and CRLF end lines; CR does in a file whose first block has no LF.

    A line longer than `max_line_bytes` keeps one byte more than that, so that it can be told and named; the rest of
    it is passed over without being held.
    """
    cutter = _Cutter(max_line_bytes)
    for chunk in chunks:
        cutter.add(chunk)
        if cutter.size >= BLOCK_BYTES and (data := cutter.whole_lines()):
            yield Block(data, is_last=False, unended=False)
    rest = cutter.rest()
    unended = bool(rest) and not rest.endswith(b"\n")
    yield Block(rest + b"\n" if unended else rest, is_last=True, unended=unended)


class _Cutter:
    """Collects text and gives it back cut after a line end."""

    def __init__(self, max_line_bytes: int) -> None:
        self._kept: list[bytes] = []
        self.size = 0
        self._open_line = 0  # bytes of the line that has not ended yet
        self._limit = max_line_bytes + 1
        self._end_of_line: bytes | None = None  # b"\n" or b"\r", known from the first text that has either

    def add(self, text: bytes) -> None:
        if self._end_of_line is None and (b"\n" in text or b"\r" in text[:-1]):
            self._end_of_line = b"\n" if b"\n" in text else b"\r"
        if self._end_of_line == b"\r":
            text = text.replace(b"\r", b"\n")
        first_end = text.find(b"\n")
        head_end = first_end if first_end >= 0 else len(text)
        room = max(0, self._limit - self._open_line)
        if head_end > room:  # the line begun before runs on beyond the limit
            self._keep(text[:room])
            text = text[head_end:]
            self._open_line = self._limit
        if text:
            last_end = text.rfind(b"\n")
            self._open_line = len(text) - last_end - 1 if last_end >= 0 else self._open_line + len(text)
            self._keep(text)

    def _keep(self, text: bytes) -> None:
        if text:
            self._kept.append(text)
            self.size += len(text)

    def whole_lines(self) -> bytes:
        """All lines that have ended; what follows the last end stays."""
        text = b"".join(self._kept)
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        self._kept, self.size = [rest] if rest else [], len(rest)
        return _with_line_feeds(text[:cut])

    def rest(self) -> bytes:
        text = _with_line_feeds(b"".join(self._kept))
        return text.replace(b"\r", b"\n") if self._end_of_line is None else text


def _with_line_feeds(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text
