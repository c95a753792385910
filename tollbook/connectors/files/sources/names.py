"""Names of files as text that can be kept, shown and turned back into the bytes that the source knows."""

import re
from collections.abc import Sequence

_LOOKS_ESCAPED = re.compile(rb"%(?=[0-9A-Fa-f]{2})")
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_FIRST_SURROGATE = 0xDC00


def readable(stored: bytes) -> str:
    """The name as text. What is no UTF-8, and control characters, are written %XX; `as_stored` undoes it."""
    text = _LOOKS_ESCAPED.sub(b"%25", stored).decode("utf-8", "surrogateescape")
    return text if text.isprintable() else "".join(map(_shown, text))


def as_stored(name: str) -> bytes:
    """The bytes of a name that `readable` gave."""
    return _ESCAPED.sub(lambda hit: bytes.fromhex(hit[1].decode()), name.encode())


def steps(name: str) -> Sequence[str]:
    """The folders of a name and the file in the last; nothing when it would lead out of where it begins."""
    parts = name.split("/")
    return () if any(as_stored(part) in (b"", b".", b"..") or b"/" in as_stored(part) for part in parts) else parts


def _shown(character: str) -> str:
    code = ord(character)
    if _FIRST_SURROGATE <= code <= _FIRST_SURROGATE + 0xFF:
        return f"%{code - _FIRST_SURROGATE:02X}"
    if code < 0x20 or code == 0x7F:
        return f"%{code:02X}"
    return character
