"""A small web server for all simulators: HTTP/1.1 with keep-alive, TLS when wanted, and answers that can go wrong.

An application is one function from `Request` to `Answer`. Several `Server`s may share one application: that is how a
platform has several ports.
"""

import json
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

from simulators.certificate import Tls, self_signed

__all__ = ["JSON", "Answer", "Handle", "Request", "Server", "Tls", "self_signed"]

MAX_BODY = 64 * 1024 * 1024  # bytes of one request
MAX_CHUNK_LINE = 1024  # bytes of the line that gives a chunk's size
IDLE_SECONDS = 75.0  # a kept connection without a request is closed
WAITING_CONNECTIONS = 256
NO_CONTENT = 204
JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What the client sent. The path is as sent, still percent-encoded; names of headers match in any case."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: Message = field(default_factory=Message)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send. A body in pieces goes out chunked."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Iterable[bytes] = b""
    cut_after: int | None = None  # send this many bytes of the body, then close; the header promises all of them
    hang_up: bool = False  # send nothing at all, close

    @classmethod
    def json(cls, value: object, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> "Answer":
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(status, (("Content-Type", JSON), *headers), body)

    @classmethod
    def text(cls, text: str, *, status: int = 200, content_type: str = "text/plain; charset=UTF-8") -> "Answer":
        return cls(status, (("Content-Type", content_type),), text.encode())

    @classmethod
    def file(cls, body: bytes | Iterable[bytes], *, name: str, content_type: str) -> "Answer":
        disposition = f'attachment; filename="{name}"'
        return cls(200, (("Content-Type", content_type), ("Content-Disposition", disposition)), body)


Handle = Callable[[Request], Answer]


class Server:
    """Serves an application on a port, in threads of its own. Port 0 takes a free one."""

    def __init__(self, handle: Handle, *, host: str = "127.0.0.1", port: int = 0, tls: Tls | None = None) -> None:
        self._handle = handle
        self._host = host
        self._port = port
        self._tls = tls
        self._listener: _Listener | None = None

    @property
    def port(self) -> int:
        return self._port if self._listener is None else int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}"

    def start(self) -> None:
        if self._listener is not None:
            raise RuntimeError(f"The server at {self.url} runs already.")
        listener = _Listener((self._host, self._port), self._handle)
        if self._tls is not None:
            listener.socket = _tls_context(self._tls).wrap_socket(
                listener.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._listener = listener

    def stop(self) -> None:
        """Close the port and every kept connection. May be called twice."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._port = int(listener.server_address[1])  # so that it starts again where clients look for it
            listener.shutdown()
            listener.server_close()
            listener.hang_up_on_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = WAITING_CONNECTIONS

    def __init__(self, address: tuple[str, int], handle: Handle) -> None:
        super().__init__(address, _Conversation)
        self.handle_one = handle
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up_on_all(self) -> None:
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or does not trust the certificate, is no news."""


class _Conversation(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        try:
            body = self._read_body()
        except ValueError as error:  # what is left in the pipe cannot be told from a next request
            self.close_connection = True
            return self._send(Answer.text(f"{error}\n", status=413))
        path, _, query = self.path.partition("?")
        request = Request(self.command, path, parse_qs(query, keep_blank_values=True), self.headers, body)
        try:
            answer = self.server.handle_one(request)
        except Exception:  # a fault of the simulator itself; the test that meets it must be able to read it
            answer = Answer.text(traceback.format_exc(), status=500)
        return self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        _check_length(length)
        return self.rfile.read(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while length := int(self.rfile.readline(MAX_CHUNK_LINE).split(b";")[0], 16):
            _check_length(len(body) + length)
            body += self.rfile.read(length)
            self.rfile.readline(MAX_CHUNK_LINE)
        while self.rfile.readline(MAX_CHUNK_LINE).strip():
            pass  # trailers
        return bytes(body)

    def _send(self, answer: Answer) -> None:
        if answer.hang_up:
            self.close_connection = True
            return
        if answer.cut_after is not None:
            self.close_connection = True
        if isinstance(answer.body, bytes):
            self._send_whole(answer, answer.body)
        else:
            self._send_chunks(answer, answer.body)

    def _send_whole(self, answer: Answer, body: bytes) -> None:
        """Headers and body in one piece: two would cost a client the delay of an acknowledgement."""
        promised = [] if answer.status == NO_CONTENT else [("Content-Length", str(len(body)))]
        has_body = self.command != "HEAD" and answer.status != NO_CONTENT
        self.wfile.write(self._head(answer, *promised) + (body[: answer.cut_after] if has_body else b""))

    def _send_chunks(self, answer: Answer, pieces: Iterable[bytes]) -> None:
        self.wfile.write(self._head(answer, ("Transfer-Encoding", "chunked")))
        sent = 0
        for piece in pieces:
            if answer.cut_after is not None and sent + len(piece) > answer.cut_after:
                return  # without the last, empty chunk
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            sent += len(piece)
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, answer: Answer, *more: tuple[str, str]) -> bytes:
        closing = [("Connection", "close")] if self.close_connection else []
        status = HTTPStatus(answer.status)
        headers = [("Date", self.date_time_string()), *answer.headers, *more, *closing]
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests and the demo read the log of `/_control/requests`."""


def _check_length(length: int) -> None:
    if not 0 <= length <= MAX_BODY:
        raise ValueError(f"The body has {length} bytes; at most {MAX_BODY} are taken.")


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    return context
