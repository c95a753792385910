"""The event socket: frames of text over TCP, on a free port of this machine.

What may go wrong is set on the socket: a refusal by the access list, answers in small pieces or several in one, and a
connection that is dropped before, during or after a command.
"""

import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from simulators.fusionpbx.commands import answer
from simulators.fusionpbx.controls import EVENT_SOCKET_PASSWORD
from simulators.fusionpbx.frames import Event, body_frame, event_frame, frame
from simulators.fusionpbx.switch import Switch

BETWEEN_PIECES_S = 0.001
MAX_COMMAND = 64 * 1024  # bytes
IDLE_SECONDS = 75.0
REFUSED = body_frame("text/rude-rejection", "Access Denied, go away.\n")
GOODBYE = body_frame(
    "text/disconnect-notice", "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)
FORMATS = ("plain", "json")

When = Literal["before", "during", "after"]


@dataclass(frozen=True, slots=True)
class Drop:
    """Hang up on the next command with this text: not done; done and half answered; done and not answered."""

    match: str
    when: When

    def __post_init__(self) -> None:
        if self.when not in get_args(When):
            raise ValueError(f"A connection drops {', '.join(get_args(When))} a command, not {self.when!r}.")


class EventSocket:
    def __init__(self, switch: Switch, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.password = EVENT_SOCKET_PASSWORD
        self.refuses = False  # the access list lets nobody in
        self.piece_bytes: int | None = None  # answers go out in pieces of so many bytes
        self.merges = False  # answers to commands that came together go out together
        self.commands: list[str] = []  # as received, after the login
        self.switch = switch
        self.drops: deque[Drop] = deque()
        self._port = port
        self._listener: socket.socket | None = None
        self._open: set[Conversation] = set()
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        return self._port if self._listener is None else int(self._listener.getsockname()[1])

    def drop(self, match: str, when: When = "during") -> None:
        self.drops.append(Drop(match, when))

    def start(self) -> None:
        self._listener = socket.create_server((self.host, self._port))
        self.switch.heard = self.tell
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection. May be called twice."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        self._port = int(listener.getsockname()[1])  # so that it starts again where clients look for it
        with suppress(OSError):  # not every system shuts down what only listens
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        self.hang_up_on_all()

    def hang_up_on_all(self) -> None:
        for conversation in self._conversations():
            conversation.hang_up()

    def tell(self, name: str, headers: dict[str, str]) -> None:
        """An event, to everybody who asked for it."""
        for conversation in self._conversations():
            conversation.tell(Event(name, headers))

    def due(self, command: str) -> Drop | None:
        """The ordered drop that this command meets; it is used up."""
        with self._lock:
            met = next((drop for drop in self.drops if drop.match in command), None)
            if met is not None:
                self.drops.remove(met)
            return met

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _conversations(self) -> list["Conversation"]:
        with self._lock:
            return list(self._open)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # stopped
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        conversation = Conversation(self, connection)
        with self._lock:
            self._open.add(conversation)
        with suppress(OSError):  # the other side went away
            conversation.run()
        conversation.hang_up()
        with self._lock:
            self._open.discard(conversation)


class Conversation:
    """One connection, from the greeting on."""

    def __init__(self, event_socket: EventSocket, connection: socket.socket) -> None:
        self._socket = event_socket
        self._connection = connection
        self._sending = threading.Lock()
        self._is_let_in = False
        self._is_over = False
        self._format = ""  # of events; empty while none are wanted
        self._wanted: set[str] = set()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(IDLE_SECONDS)

    def run(self) -> None:
        if self._socket.refuses:
            self._send([REFUSED])
            return
        self._send([frame({"Content-Type": "auth/request"})])
        received = b""
        while not self._is_over and len(received) <= MAX_COMMAND and (more := self._connection.recv(4096)):
            *blocks, received = (received + more).replace(b"\r\n", b"\n").split(b"\n\n")
            self._answer([block.decode(errors="replace").strip() for block in blocks])

    def tell(self, event: Event) -> None:
        if self._wanted & {event.name, "ALL"}:
            try:
                self._send([event_frame(event, self._format)])
            except OSError:
                self.hang_up()

    def hang_up(self) -> None:
        self._is_over = True
        with suppress(OSError):  # it is closed already
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _answer(self, commands: Iterable[str]) -> None:
        together: list[bytes] = []
        for command in filter(None, commands):
            if self._is_over:
                break
            frames = self._frames_met_by_drop(command)
            if self._socket.merges:
                together += frames
            else:
                self._send(frames)
        if together:
            self._send([b"".join(together)])

    def _frames_met_by_drop(self, command: str) -> list[bytes]:
        if not self._is_let_in:
            return self._log_in(command)
        self._socket.commands.append(command)
        drop = self._socket.due(command)
        if drop is not None:
            self._is_over = True
        if drop is not None and drop.when == "before":
            return []
        frames = self._obey(command)
        if drop is None:
            return frames
        return [frames[0][: len(frames[0]) // 2]] if drop.when == "during" else []

    def _log_in(self, command: str) -> list[bytes]:
        word, _, password = command.partition(" ")
        if word != "auth":
            return [_reply("-ERR command not found")]
        if password != self._socket.password:
            self._is_over = True
            return [_reply("-ERR invalid"), GOODBYE]
        self._is_let_in = True
        return [_reply("+OK accepted")]

    def _obey(self, command: str) -> list[bytes]:
        word, _, rest = command.partition("\n")[0].partition(" ")
        match word:
            case "api":
                return [body_frame("api/response", answer(self._socket.switch, rest))]
            case "bgapi":
                return self._in_background(rest)
            case "event" | "noevents":
                return [_reply(self._subscribe(word, rest.split()))]
            case "exit":
                self._is_over = True
                return [_reply("+OK bye"), GOODBYE]
        return [_reply("-ERR command not found")]

    def _in_background(self, command: str) -> list[bytes]:
        job = str(uuid.uuid4())
        frames = [_reply(f"+OK Job-UUID: {job}", {"Job-UUID": job})]
        body = answer(self._socket.switch, command)
        if self._wanted & {"BACKGROUND_JOB", "ALL"}:
            headers = {"Job-UUID": job, "Job-Command": command.partition(" ")[0]}
            frames.append(event_frame(Event("BACKGROUND_JOB", headers, body), self._format))
        return frames

    def _subscribe(self, word: str, words: list[str]) -> str:
        if word == "noevents":
            self._wanted = set()
            return "+OK no longer listening for events"
        if not words or words[0] not in FORMATS or len(words) == 1:
            return "-ERR no keywords supplied"
        self._format = words[0]
        self._wanted |= {name.upper() for name in words[1:]}
        return f"+OK event listener enabled {self._format}"

    def _send(self, frames: Iterable[bytes]) -> None:
        size = self._socket.piece_bytes
        with self._sending:
            for whole in frames:
                for first in range(0, len(whole), size or len(whole)):
                    self._connection.sendall(whole[first : first + (size or len(whole))])
                    if size:
                        time.sleep(BETWEEN_PIECES_S)


def _reply(text: str, more: dict[str, Any] | None = None) -> bytes:
    return frame({"Content-Type": "command/reply", "Reply-Text": text} | (more or {}))
