"""A client of the event socket, as little as tests need."""

import socket
from typing import Self

from simulators.fusionpbx import Simulator

Frame = tuple[dict[str, str], str]


class Client:
    """A connection that is greeted; `say` sends and reads one frame."""

    def __init__(self, simulator: Simulator) -> None:
        address = (simulator.event_socket.host, simulator.event_socket.port)
        self.connection = socket.create_connection(address, timeout=5)
        self._received = b""
        self.greeting = self.read()

    def say(self, text: str) -> Frame:
        self.connection.sendall(f"{text}\n\n".encode())
        return self.read()

    def api(self, command: str) -> str:
        headers, body = self.say(f"api {command}")
        assert headers["Content-Type"] == "api/response"
        return body

    def log_in(self, simulator: Simulator) -> Self:
        headers, _ = self.say(f"auth {simulator.event_socket.password}")
        assert headers["Reply-Text"] == "+OK accepted"
        return self

    def read(self) -> Frame:
        while b"\n\n" not in self._received:
            self._receive()
        head, _, self._received = self._received.partition(b"\n\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        length = int(headers.get("Content-Length", 0))
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return headers, body.decode()

    def _receive(self) -> None:
        more = self.connection.recv(65_536)
        if not more:
            raise ConnectionError(f"closed after {self._received!r}")
        self._received += more

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def logged_in(simulator: Simulator) -> Client:
    return Client(simulator).log_in(simulator)
