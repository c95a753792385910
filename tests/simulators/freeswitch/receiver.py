"""Who takes the CDRs: one that keeps what came, and one that says what it is told to on a bare socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from simulators.web import Answer, Request, Server


class Receiver:
    def __init__(self, *statuses: int) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self._statuses = list(statuses)  # of the first answers; then 200
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            return Answer(self._statuses.pop(0) if self._statuses else 200)


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    receiver = Receiver(*statuses)
    with Server(receiver.handle) as server:
        receiver.url = f"{server.url}/cdr"
        yield receiver


@contextmanager
def bare(first_words: bytes, last_words: bytes = b"") -> Iterator[tuple[str, bytearray]]:
    """Answers one head with the first words, then reads on; a body of any length gets the last ones."""
    listener = socket.create_server(("127.0.0.1", 0))
    came = bytearray()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            while b"\r\n\r\n" not in came:
                came.extend(connection.recv(4096))
            connection.sendall(first_words)
            while last_words and not came.endswith(b"%0A"):
                came.extend(connection.recv(65536))
            connection.sendall(last_words)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/cdr", came
    finally:
        server.join(timeout=5)
        listener.close()
