"""A door in front of a PostgreSQL server: bytes go through untouched, unless something is ordered to go wrong.

What a client asks is a request for `Faults` when it is a statement that reads or writes; logging in and minding
transactions are not. A fault that would be an error of a web server's is a connection that breaks off.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from simulators.faults import Faults
from simulators.web import Answer, Request

BLOCK = 65_536
TICK_S = 0.05
WAITING_CONNECTIONS = 64
_STATEMENT = re.compile(rb"\b(?:SELECT|COPY|INSERT|UPDATE|DELETE)\b")
_NOT_POSTGRES = b"HTTP/1.1 400 Bad Request\r\n\r\n<html></html>"


class Door:
    """Listens on a port of this machine. Closed, it is a server that is gone; open again, it is at the same port."""

    def __init__(self, host: str, port: str, faults: Faults, *, listen_on: int = 0) -> None:
        """`host` and `port` of the server, the host being a folder where it has a socket in one."""
        self._server = (host, port)
        self._faults = faults
        self._port = listen_on
        self._listener: socket.socket | None = None
        self._porter: threading.Thread | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        return self._port

    def open(self) -> None:
        if self._listener is not None:
            raise RuntimeError(f"The door at port {self._port} is open already.")
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(WAITING_CONNECTIONS)
        listener.settimeout(TICK_S)
        self._port, self._listener = listener.getsockname()[1], listener
        self._porter = threading.Thread(target=self._let_in, args=(listener,), daemon=True)
        self._porter.start()

    def close(self) -> None:
        """Everybody inside loses the connection. May be called twice."""
        listener, self._listener = self._listener, None
        if listener is not None and self._porter is not None:
            self._porter.join()  # while it still listens, nobody else can at this port
            listener.close()
        with self._lock:
            inside, self._open = self._open, set()
        for one in inside:
            _break_off(one)

    def _let_in(self, listener: socket.socket) -> None:
        while self._listener is listener:
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            client.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            passage = _Passage(client, server, self._faults, self._forget)
            threading.Thread(target=passage.to_server, daemon=True, name="process_request_thread").start()
            threading.Thread(target=passage.to_client, daemon=True, name="process_request_thread").start()

    def _connect(self) -> socket.socket:
        host, port = self._server
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(Path(host, f".s.PGSQL.{port}")))
        return server

    def _forget(self, *ends: socket.socket) -> None:
        with self._lock:
            self._open.difference_update(ends)


class _Passage:
    """One client's way to the server and back."""

    def __init__(
        self, client: socket.socket, server: socket.socket, faults: Faults, forget: Callable[..., None]
    ) -> None:
        self._client, self._server = client, server
        self._ask = faults.guard(lambda _: Answer())
        self._forget = forget
        self._is_cut = False  # the next answer breaks off in its middle

    def to_server(self) -> None:
        try:
            while block := self._client.recv(BLOCK):
                if _STATEMENT.search(block) and not self._let_through(block):
                    break
                self._server.sendall(block)
        except OSError:
            pass
        self._end()

    def to_client(self) -> None:
        try:
            while block := self._server.recv(BLOCK):
                if self._is_cut:
                    self._client.sendall(block[: len(block) // 2])
                    break
                self._client.sendall(block)
        except OSError:
            pass
        self._end()

    def _let_through(self, block: bytes) -> bool:
        """Whether the statement reaches the server, and its answer may come back."""
        answer = self._ask(Request("QUERY", "/", body=block.replace(b"\0", b" ")))
        if answer.cut_after is not None:
            self._is_cut = True
            return True
        if answer.hang_up or answer.status != 200:
            return False
        if answer.body:  # the page of a login
            self._client.sendall(_NOT_POSTGRES)
            return False
        return True

    def _end(self) -> None:
        for one in (self._client, self._server):
            _break_off(one)
        self._forget(self._client, self._server)


def _break_off(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
