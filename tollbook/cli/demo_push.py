"""Tollbook's web process beside the demo, for switches that send their records by themselves."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack

from tollbook.errors import TollbookError
from tollbook.up.child import WEB, command

MOST_TO_START_S = 30.0
MOST_TO_STOP_S = 10.0
LOOK_S = 0.1


def push_address(running: ExitStack, name: str, secret: str) -> Callable[[], str]:
    """Start it on a free port; it ends with the stack. What comes back waits for it and tells where to send to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(command(WEB, host="127.0.0.1", port=port, stop_s=5), stdin=subprocess.PIPE)
    running.callback(_stop, process)

    def address() -> str:
        until = time.monotonic() + MOST_TO_START_S
        while not _listens(port):
            if time.monotonic() > until or process.poll() is not None:
                raise TollbookError(f"the web process does not listen at 127.0.0.1:{port}; run the demo again")
            time.sleep(LOOK_S)
        return f"http://127.0.0.1:{port}/push/{name}/{secret}"

    return address


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(MOST_TO_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
