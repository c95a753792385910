"""The web process: granian in front of Django."""

import multiprocessing
import os
import threading
from pathlib import Path

from granian.constants import Interfaces, SSLProtocols
from granian.server import Server

APPLICATION = "tollbook.config.wsgi:application"
THREADS = 8  # requests that are worked on at once
WAITING_CONNECTIONS = 256
MOST_TO_FINISH_S = 10  # for requests that are being answered, when told to end


def serve(host: str, port: int, tls: tuple[Path, Path] | None = None) -> None:
    """Serve until told to end; by HTTPS with a certificate and its key."""
    certificate, key = tls or (None, None)
    Server(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backlog=WAITING_CONNECTIONS,
        websockets=False,
        log_enabled=False,
        ssl_cert=certificate,
        ssl_key=key,
        ssl_protocol_min=SSLProtocols.tls12,  # what switches of some years ago speak
        workers_kill_timeout=MOST_TO_FINISH_S,
    ).serve()


def end_with_server() -> None:
    """End when granian's own process does: it starts the one that answers, which nobody would stop otherwise."""
    server = multiprocessing.parent_process()
    if server is None:
        return

    def wait() -> None:
        server.join()
        os._exit(1)

    threading.Thread(target=wait, name="end with server", daemon=True).start()
