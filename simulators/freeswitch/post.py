"""One POST as the switch's HTTP library makes it: a connection of its own, and with `Expect` the body only after 100.

The library waits a second for the 100 and then sends the body all the same; it does not look at certificates.
"""

import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS_FOR_100 = 1.0
SECONDS_TO_ANSWER = 15.0
MAX_HEAD = 64 * 1024  # bytes of an answer's head
CONTINUE = 100


@dataclass(frozen=True, slots=True)
class Posted:
    """`status` is None when there was no answer. `was_asked_to_continue`: a 100 came before the body was sent."""

    status: int | None
    was_asked_to_continue: bool = False
    has_sent_body: bool = True

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, headers: dict[str, str], body: bytes, *, expect: bool) -> Posted:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    wanted = {"Host": parts.netloc.rpartition("@")[2], **headers, "Content-Length": str(len(body))}
    if expect:
        wanted["Expect"] = "100-continue"
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in wanted.items())]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    try:
        with _connected(parts.hostname or "", parts.port, is_secure=parts.scheme == "https") as connection:
            return _talk(connection, head, body, expect=expect)
    except OSError:
        return Posted(None)


def _talk(connection: socket.socket, head: bytes, body: bytes, *, expect: bool) -> Posted:
    if not expect:
        connection.sendall(head + body)
        return Posted(_final_status(connection))
    connection.sendall(head)
    early = _status_within(connection, SECONDS_FOR_100)
    if early not in {None, CONTINUE}:
        return Posted(early, has_sent_body=False)
    connection.sendall(body)
    return Posted(_final_status(connection), was_asked_to_continue=early == CONTINUE)


def _connected(host: str, port: int | None, *, is_secure: bool) -> socket.socket:
    plain = socket.create_connection((host, port or (443 if is_secure else 80)), timeout=SECONDS_TO_ANSWER)
    if not is_secure:
        return plain
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def _status_within(connection: socket.socket, seconds: float) -> int | None:
    """The status of an answer that begins in time; None if none does."""
    connection.settimeout(seconds)
    try:
        first = connection.recv(1)
    except TimeoutError:
        return None
    finally:
        connection.settimeout(SECONDS_TO_ANSWER)
    return _status(connection, first)


def _final_status(connection: socket.socket) -> int:
    """Of the answer itself, after any that only say to go on."""
    while (status := _status(connection, b"")) == CONTINUE:
        pass
    return status


def _status(connection: socket.socket, begun: bytes) -> int:
    """Byte by byte, so that nothing of a next answer is taken."""
    head = bytearray(begun)
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte or len(head) > MAX_HEAD:
            raise ConnectionError("no answer")
        head += byte
    return int(head.split(b" ", 2)[1])
