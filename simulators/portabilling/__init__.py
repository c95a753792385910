"""PortaBilling: its JSON/REST API, with a month of somebody's calls behind it.

    with Simulator() as platform:
        platform.url()            # the administrators' realm
        platform.url("customer")  # the realm of customers

What can go wrong is ordered with `platform.faults`, `platform.refuse`, `platform.app` and `platform.switches`.
"""

import json
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from simulators.faults import Fault, Faults
from simulators.portabilling.app import App
from simulators.portabilling.books import Books
from simulators.portabilling.bulk import BulkXdrs
from simulators.portabilling.kept import KeptXdrs
from simulators.portabilling.month import make_month
from simulators.portabilling.sessions import Lifetimes, Sessions
from simulators.web import Server, self_signed

__all__ = ["REALMS", "Simulator", "serve"]

REALMS = ("admin", "reseller", "customer", "account")


class Simulator:
    """The platform, on ports of 127.0.0.1; one for each realm."""

    def __init__(
        self,
        *,
        seed: int = 1,
        month: str = "2017-06",
        https: bool = False,
        records: int | None = None,
        clock: Callable[[], float] = time.time,
        session_seconds: int = 172_800,
        refresh_seconds: int = 345_600,
        password_seconds: int | None = None,
        ports: dict[str, int] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Make the month; `start` or `with` opens the ports.

        Args:
            seed: another one makes other calls.
            month: as 2017-06.
            https: with a certificate nobody signed.
            records: so many calls exactly instead of the seeded ones, computed when asked for.
            clock: epoch seconds; sessions and passwords age by it.
            session_seconds: life of a session and its access token.
            refresh_seconds: life of a refresh token.
            password_seconds: age at which a password must be changed; None never.
            ports: of realms; the others take free ones.
            folder: for the certificate; a temporary one if none is given.
        """
        made = make_month(seed, month, with_xdrs=records is None)
        xdrs: KeptXdrs | BulkXdrs = KeptXdrs(made)
        if records is not None:
            xdrs = BulkXdrs(records, made.customers, made.accounts, made.since, made.until)
        self.month = made
        self.login = "tollbook"
        self.token = secrets.token_hex(16)
        first = {"i_user": 17, "login": self.login, "password": "Simulated2017", "api_token": self.token}
        self.books = Books(made, xdrs, first)
        lifetimes = Lifetimes(session_seconds, refresh_seconds, password_seconds)
        self.sessions = Sessions(self.books.user, clock=clock, lifetimes=lifetimes)
        self.app = App(self.books, self.sessions, clock=clock)
        self.switches = self.books.switches
        self.faults = Faults(expire_sessions=self.sessions.expire_all, switches=self.switches.by_name())
        self._scratch = tempfile.TemporaryDirectory() if https and folder is None else None
        self.tls = self_signed(folder or Path(str(self._scratch and self._scratch.name))) if https else None
        guarded = {realm: self.faults.guard(self.app.realm(realm)) for realm in REALMS}
        ports = ports or {}
        self._servers = {
            realm: Server(handle, port=ports.get(realm, 0), tls=self.tls) for realm, handle in guarded.items()
        }

    @property
    def password(self) -> str:
        """The administrator's, as it is now: it can be changed over the API."""
        return str(self.books.administrator["password"])

    def url(self, realm: str = "admin") -> str:
        return self._servers[realm].url

    def port(self, realm: str = "admin") -> int:
        return self._servers[realm].port

    def expire_password(self, realm: str = "admin", login: str | None = None) -> None:
        """It must be changed before the next login with it."""
        self.sessions.expire_password(realm, login or self.login)

    def refuse(self, match: str, faultcode: str, *, times: int | None = 1, after: int = 0) -> None:
        """Let requests fail with a code of the platform's."""
        body = json.dumps({"faultcode": faultcode, "faultstring": f"Simulated {faultcode}"})
        self.faults.add(Fault("status", match=match, after=after, times=times, body=body))

    def start(self) -> None:
        for server in self._servers.values():
            server.start()

    def stop(self) -> None:
        for server in self._servers.values():
            server.stop()
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(port: int, *, month: str = "2017-06", https: bool = False, records: int | None = None) -> None:
    """Run until interrupted: administrators at the port, the other realms at the ones after it."""
    ports = {realm: port + nth if port else 0 for nth, realm in enumerate(REALMS)}
    with Simulator(month=month, https=https, records=records, ports=ports) as platform:
        for realm in REALMS:
            print(f"{realm:>10}  {platform.url(realm)}", flush=True)
        for name in ("login", "password", "token"):
            print(f"{name:>10}  {getattr(platform, name)}", flush=True)
        threading.Event().wait()
