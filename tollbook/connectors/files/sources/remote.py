"""A folder on another machine: a session that is kept, made anew when it has died, and tried again when it fails."""

import socket
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, closing
from typing import Generic, TypeVar

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.files.sources.names import as_stored, steps
from tollbook.connectors.files.sources.source import Entry, FolderSource, Terms
from tollbook.connectors.files.sources.tries import patiently
from tollbook.connectors.http import Passing, Patience
from tollbook.connectors.pace import at_pace

S = TypeVar("S")
T = TypeVar("T")


class RemoteFolder(FolderSource, Generic[S]):
    """A folder reached by logging in. One thread at a time."""

    def __init__(self, terms: Terms, *, host: str, port: int, folder: str, patience: Patience) -> None:
        super().__init__(terms)
        self.host = host
        self.port = port
        self.folder = folder
        self.patience = patience
        self._session: S | None = None

    @abstractmethod
    def log_in(self) -> S:
        """A new session. Raises Passing for what may go by, NeedsAttention for what will not."""

    @abstractmethod
    def log_out(self, session: S) -> None:
        """End it, dead or alive."""

    @abstractmethod
    def listed(self, session: S, folder: bytes) -> Iterable[Entry] | None:
        """What is in the folder below the source's; None when there is no such folder."""

    @abstractmethod
    def opened(self, session: S, path: bytes, file: RemoteFile) -> Generator[bytes, None, None] | None:
        """The blocks of a file that is open already; None when it is gone. At their end it is as it was listed."""

    @abstractmethod
    def explained(self, what: str) -> AbstractContextManager[None]:
        """Turns the library's errors, met while doing `what`, into ours."""

    def entries(self, folder: str) -> Iterable[Entry]:
        found = self.asked(
            lambda session: self.listed(session, as_stored(folder)), f"listing {self._shown(folder)}"
        )
        if found is None and not folder:
            raise self.attention(
                f"there is no folder {self.folder or '/'!r} on {self.host}, or the login may not enter it; correct "
                "the setting folder, as the login sees it"
            )
        return found or ()

    def fetch(self, file: RemoteFile) -> Generator[bytes, None, None]:
        self.check_size(file.name, file.size_bytes or 0)
        if not steps(file.name):
            raise self.attention(f"{file.name!r} is not inside {self.place}; name a file in it")
        what, path = f"reading {file.name!r}", as_stored(file.name)
        opened = self.asked(lambda session: self.opened(session, path, file), what)
        if opened is None:
            raise self.gone(file)
        is_done = False
        try:
            with closing(opened) as blocks, self.explained(what):
                yield from self.whole(at_pace(blocks, self.patience.timeout_s, self._too_slow(what)), file)
            is_done = file.is_complete
        finally:
            if not is_done:  # the session may be in the middle of it
                self.close()

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self.log_out(session)

    def asked(self, ask: Callable[[S], T], what: str) -> T:
        """Ask on the kept session; a dead one is replaced, and a new one tried as often as patience allows."""
        if self._session is not None:
            try:
                return self._once(ask, what)
            except Passing:
                pass  # it has been idle for too long
        return patiently(self.patience, lambda: self._once(ask, what))

    def unreachable(self, error: OSError) -> ConnectorError:
        """What it means that no connection was made."""
        if isinstance(error, socket.gaierror):
            wrong = f"the host {self.host!r} is not known ({error.strerror})"
            if error.errno == socket.EAI_AGAIN:
                return self.passing(f"{wrong}; check the name, or run again when names can be asked for")
            return self.attention(f"{wrong}; correct the setting host")
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or error
        return self.passing(
            f"{self.host}:{self.port} cannot be reached ({reason}); check host and port, or run again when it is back"
        )

    def passing(self, what: str) -> Passing:
        return Passing(what, platform=self.terms.platform)

    def denied(self, what: str) -> NeedsAttention:
        return self.attention(f"{what}: {self.host} does not allow it; give the login the right to read there")

    def _too_slow(self, what: str) -> Callable[[str], ConnectorError]:
        return lambda how: self.later(f"{what}: {how}, which is too slow; run again later")

    def _once(self, ask: Callable[[S], T], what: str) -> T:
        try:
            if self._session is None:
                with self.explained("logging in"):
                    self._session = self.log_in()
            with self.explained(what):
                return ask(self._session)
        except ConnectorError:
            self.close()
            raise

    def _shown(self, folder: str) -> str:
        return repr("/".join(part for part in (self.folder, folder) if part) or "/")
