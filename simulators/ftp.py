"""An FTP server over a folder, to read from; with a certificate it takes explicit TLS only."""

import threading
from pathlib import Path
from typing import Self

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from simulators.certificate import Tls

LOGIN, PASSWORD = "operator", "ftp-na-niby"
READ_ONLY = "elr"  # change folder, list, retrieve
TICK_SECONDS = 0.05  # between two looks whether to stop
STOP_SECONDS = 5.0
LOGIN_FAILED_SECONDS = 0  # a real server lets a wrong password wait


class FtpServer:
    """Files of a folder by FTP. With `tls` a login or a transfer in the clear is refused."""

    login = LOGIN
    password = PASSWORD

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 0, tls: Tls | None = None) -> None:
        self.folder = folder
        self.host = host
        self.port = port  # 0 until it is started, for a free one
        self._tls = tls
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is not None:
            raise RuntimeError(f"The FTP server on port {self.port} runs already.")
        self.folder.mkdir(parents=True, exist_ok=True)
        server = FTPServer((self.host, self.port), self._handler(), ioloop=IOLoop())
        self.port = server.address[1]
        self._stop.clear()
        self._thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection. May be called twice; it starts again on the same port."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            thread.join(STOP_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, server: FTPServer) -> None:
        while not self._stop.is_set():
            server.ioloop.loop(timeout=TICK_SECONDS, blocking=False)
        server.close_all()

    def _handler(self) -> type:
        """A class of this server's own: the library keeps users and certificate in the class."""
        authorizer = DummyAuthorizer()
        authorizer.add_user(self.login, self.password, str(self.folder), perm=READ_ONLY)
        settings: dict[str, object] = {"authorizer": authorizer, "auth_failed_timeout": LOGIN_FAILED_SECONDS}
        if self._tls is None:
            return type("Handler", (FTPHandler,), settings)
        settings |= {"certfile": str(self._tls.certificate), "keyfile": str(self._tls.key), "ssl_context": None}
        return type(
            "TlsHandler", (TLS_FTPHandler,), settings | {"tls_control_required": True, "tls_data_required": True}
        )
