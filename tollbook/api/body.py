"""The body of a request, however it is sent."""

from typing import Protocol

from django.http import HttpRequest

from tollbook.api.push.silence import BODIES

BLOCK_BYTES = 64 << 10


class _Reader(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def read_body(request: HttpRequest, *, most: int) -> bytes | None:
    """All of it; None when it has more than `most` bytes.

    Django reads no more than the announced length, and a body in chunks announces none: so it is read here. Senders
    that fall silent in the middle are watched.

    Raises:
        ValueError: less came than was announced. OSError: the sender went away.
    """
    announced = request.META.get("CONTENT_LENGTH") or ""
    length = int(announced) if announced else most + 1
    if announced and length > most:
        return None
    stream: _Reader = request.META["wsgi.input"]
    received = bytearray()
    with BODIES.reading():
        while len(received) < length and (block := stream.read(min(BLOCK_BYTES, length - len(received)))):
            received += block
    if announced and len(received) < length:
        raise ValueError("less came than was announced")
    return bytes(received) if len(received) <= most else None
