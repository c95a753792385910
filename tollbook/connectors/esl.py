"""The event socket of a running FreeSWITCH: asked by whatever connector has such a switch behind it.

Frames are lines of headers with an empty line after them; a header says how long a body follows. TCP keeps no bounds
between them, so they are cut out of what has come so far. The socket is plain: it belongs on the switch's own machine
or in a tunnel.
"""

import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tollbook.connectors import settings as read
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

MAX_TIMEOUT_S = 600
MAX_HEADER_BYTES = 64 << 10
MAX_BODY_BYTES = 64 << 20  # every channel of a large switch
MAX_COMMAND_CHARACTERS = 4_000
MAX_FRAMES_SKIPPED = 1_000  # that nobody asked for, before the one that was
SHOWN_CHARACTERS = 200  # of what the switch said, in an error
_RECEIVE_BYTES = 1 << 16

ESL_SETTINGS: tuple[Setting, ...] = (
    Setting(name="esl_host", help="where the switch's event socket is; empty = it is not asked"),
    Setting(name="esl_port", help="of the event socket", default="8021"),
    Setting(name="esl_password", help="of the event socket", is_secret=True),
    Setting(
        name="esl_timeout_s", help="seconds after which an answer of the event socket is given up", default="10"
    ),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing the switch said."""

    headers: Mapping[str, str]  # names in small letters
    body: str = field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def reply(self) -> str:
        return self.headers.get("reply-text", "")


class EventSocket:
    """One session, opened with the first command and again after it broke. Not for several threads at once."""

    def __init__(self, host: str, port: int, password: Secret, *, platform: str, timeout_s: float = 10.0) -> None:
        """Nothing is opened yet. `platform` is the connection's name, for errors."""
        self.platform = platform
        self._host, self._port, self._password, self._timeout_s = host, port, password, timeout_s
        self._socket: socket.socket | None = None
        self._received = bytearray()

    @classmethod
    def of(cls, site: Site, settings: Sequence[Setting]) -> "EventSocket | None":
        """The site's, with ESL_SETTINGS among its connector's settings; None where it names none.

        Raises:
            BadInput: a setting makes no sense, or the password is missing.
        """
        host = read.text(site, settings, "esl_host")
        port = read.whole(site, settings, "esl_port", least=1, most=65_535)
        timeout_s = read.number(site, settings, "esl_timeout_s", least=0.1, most=MAX_TIMEOUT_S)
        password = site.secrets.get("esl_password", Secret(""))
        if not host:
            return None
        if not password:
            raise BadInput(f"{site.name}: setting esl_password is missing; give `--secret esl_password`")
        return cls(host, port, password, platform=site.name, timeout_s=timeout_s)

    def open(self) -> None:
        """Reach the switch and log in, unless that is done.

        Raises:
            TryAgainLater: no answer.
            NeedsAttention: wrong password, this machine is not let in, or it is no event socket.
        """
        if self._socket is None:
            try:
                self._open()
            except BaseException:
                self.close()
                raise

    def api(self, command: str) -> str:
        """What the switch answers to a command, without the line end behind it: `+OK`, `-ERR …` or free text.

        When the answer is lost it is not known whether the command was carried out: nothing is repeated here.

        Raises:
            TryAgainLater: no answer, or the connection broke.
            NeedsAttention: as for `open`; or the switch does not know the command.
            BadInput: a command that the socket would take for several.
        """
        if len(command) > MAX_COMMAND_CHARACTERS or not command.isprintable():
            raise BadInput(
                f"{self.platform}: {command[:60]!r} is no command; names with control characters are none"
            )
        self.open()
        try:
            self._send(f"api {command}")
            frame = self._frame_of("api/response", "command/reply")
        except BaseException:
            self.close()  # an answer that comes late would be taken for the next one's
            raise
        said = (frame.body or frame.reply).rstrip("\r\n")
        if said.startswith("-ERR") and "command not found" in said.lower():
            name = command.partition(" ")[0]
            raise NeedsAttention(
                f"the switch does not know the command {name}: {self._shown(said)}; is its module loaded?",
                platform=self.platform,
            )
        return said

    def channels(self) -> list[dict[str, Any]]:
        """The channels in progress, as `show channels as json` tells them; values are text.

        Raises:
            TryAgainLater, NeedsAttention: as `api`; or the answer is not what that command gives.
        """
        said = self.api("show channels as json")
        try:
            found = msgspec.json.decode(said)
            rows = found.get("rows", []) if found.get("row_count") else []
            return [{name: str(value) for name, value in row.items()} for row in rows]
        except (msgspec.DecodeError, AttributeError):
            raise NeedsAttention(
                f"show channels as json: no list of channels came: {self._shown(said)}; what version is the switch?",
                platform=self.platform,
            ) from None

    def hang_up(self, uuid: str) -> bool:
        """End a channel; false when there is none such any more."""
        if not re.fullmatch(r"[0-9A-Za-z.-]{1,100}", uuid):
            raise BadInput(f"{self.platform}: {uuid!r} is no channel's uuid")
        return self.api(f"uuid_kill {uuid}").startswith("+OK")

    def close(self) -> None:
        """Let go. Safe to repeat."""
        self._received.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> None:
        try:
            self._socket = socket.create_connection((self._host, self._port), timeout=self._timeout_s)
        except OSError as error:
            raise TryAgainLater(
                f"event socket at {self._where} cannot be reached ({error}); check esl_host and esl_port, "
                "or run again when it is back",
                platform=self.platform,
            ) from None
        greeting = self._frame()
        if greeting.content_type == "text/rude-rejection":
            raise NeedsAttention(
                f"event socket at {self._where} does not let this machine in: {self._shown(greeting.body)}; "
                "add its address to apply-inbound-acl of event_socket.conf.xml there",
                platform=self.platform,
            )
        if greeting.content_type != "auth/request":
            raise self._no_event_socket()
        self._send(f"auth {self._password.reveal()}")
        answer = self._frame_of("command/reply", "text/rude-rejection", "text/disconnect-notice")
        if not answer.reply.startswith("+OK"):
            said = self._shown(answer.reply or answer.body)
            raise NeedsAttention(
                f"event socket at {self._where} refuses the password: {said}; check esl_password",
                platform=self.platform,
            )

    def _send(self, line: str) -> None:
        with self._speaking() as connection:
            connection.settimeout(self._timeout_s)
            connection.sendall(f"{line}\n\n".encode())

    def _frame_of(self, *content_types: str) -> Frame:
        """The next frame of such a type; what comes between (events, notices) was not asked for."""
        for _ in range(MAX_FRAMES_SKIPPED):
            frame = self._frame()
            if frame.content_type in content_types:
                return frame
        raise self._no_event_socket()

    def _frame(self) -> Frame:
        ends_at = time.monotonic() + self._timeout_s
        while (end := self._received.find(b"\n\n")) < 0:
            if len(self._received) > MAX_HEADER_BYTES or self._received.startswith((b"HTTP/", b"SSH-", b"SIP/")):
                raise self._no_event_socket()
            self._receive(ends_at)
        headers = dict(_headers(bytes(self._received[:end])))
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise self._no_event_socket()
        begin, end = end + 2, end + 2 + int(length)
        while len(self._received) < end:
            self._receive(ends_at)
        body = bytes(self._received[begin:end]).decode("utf-8", "replace")
        del self._received[:end]
        return Frame(headers, body)

    def _receive(self, ends_at: float) -> None:
        with self._speaking() as connection:
            connection.settimeout(max(0.001, ends_at - time.monotonic()))
            block = connection.recv(_RECEIVE_BYTES)
            if not block:
                raise ConnectionResetError("it closed the connection")
            self._received += block

    @contextmanager
    def _speaking(self) -> Iterator[socket.socket]:
        if self._socket is None:
            raise AssertionError("nothing is sent before it is open")
        try:
            yield self._socket
        except OSError as error:
            why = f"no answer within {self._timeout_s:g} s" if isinstance(error, TimeoutError) else str(error)
            raise TryAgainLater(
                f"event socket at {self._where}: {why}; what it was told may have been done all the same: "
                "look, then run again",
                platform=self.platform,
            ) from None

    def _no_event_socket(self) -> NeedsAttention:
        shown = self._shown(bytes(self._received[:SHOWN_CHARACTERS]).decode("utf-8", "replace"))
        return NeedsAttention(
            f"what answers at {self._where} is no event socket ({shown!r}); check esl_host and esl_port",
            platform=self.platform,
        )

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    def _shown(self, text: str) -> str:
        secret = self._password.reveal()
        masked = text.replace(secret, "•••") if secret else text
        return " ".join(masked.split())[:SHOWN_CHARACTERS]


def _headers(block: bytes) -> Iterator[tuple[str, str]]:
    for line in block.decode("utf-8", "replace").strip().splitlines():
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()
