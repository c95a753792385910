"""The simulator as tests and the demo have it: files that grow by a day, and switches for what may go wrong."""

from typing import Self

from simulators.faults import Faults
from simulators.lesnet.app import COOKIE, HEADER, LOGIN, PASSWORD, SECRET, Auth, Portal
from simulators.lesnet.days import Row
from simulators.lesnet.peers import Peer, peers
from simulators.web import Server, Tls

LINES_A_DAY = 10


class Simulator:
    """A carrier's portal in an assumed layout; files begin with the month's first day.

    The switches work over the network too: `POST /_control/` and their name, arguments in JSON.
    """

    login = LOGIN
    password = PASSWORD
    cookie = f"{COOKIE}={SECRET}"
    header = (HEADER, SECRET)

    def __init__(
        self,
        seed: int = 1,
        month: str = "2017-06",
        auth: Auth = "none",
        *,
        lines_a_day: int = LINES_A_DAY,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
    ) -> None:
        self.portal = Portal(peers(), seed, month, auth, lines_a_day)
        self.faults = Faults(
            switches={
                "next_day": self.next_day,
                "refreshes": self.refreshes,
                "cut": self.set_cut,
                "layout": self.set_layout,
                "ignores_orders": self.ignores_orders,
                "peer": self.set_peer,
            },
        )
        self._server = Server(self.faults.guard(self.portal.handle), host=host, port=port, tls=tls)
        self._is_refreshing = True

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self._server.url

    @property
    def peers(self) -> list[Peer]:
        return self.portal.peers

    def link(self, peer: str) -> str:
        """The address of a peer's file."""
        return self.url + self._peer(peer).path

    def rows(self, peer: str) -> list[Row]:
        """What its file has now, twins twice."""
        return self.portal.rows(self._peer(peer))

    def next_day(self, days: int = 1) -> int:
        """Every file grows by so many days, if files are refreshed at all; the day of the month that it is then."""
        with self.portal.lock:
            self.portal.day += days
            self._refresh()
            return self.portal.day

    def refreshes(self, is_so: bool = True) -> None:
        """While it is not so, files stay as they are, to the letter; then they have all the days at once."""
        with self.portal.lock:
            self._is_refreshing = is_so
            self._refresh()

    def set_cut(self, after: int | None) -> None:
        """Files end after so many bytes, as if that were all; None gives them whole."""
        self.portal.cut = after

    def set_layout(self, *, delimiter: str = ",", has_header: bool = False) -> None:
        """Another way to write the same."""
        self.portal.delimiter, self.portal.has_header = delimiter, has_header

    def ignores_orders(self, is_so: bool = True) -> None:
        """From now on every order is answered as usual and changes nothing."""
        self.portal.is_ignoring_orders = is_so

    def set_peer(self, peer: str, is_suspended: bool) -> None:
        """Somebody changes it by hand."""
        self._peer(peer).is_suspended = is_suspended

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _refresh(self) -> None:
        if self._is_refreshing:
            self.portal.shown_day = self.portal.day

    def _peer(self, id: str) -> Peer:
        found = next((one for one in self.peers if one.id == id), None)
        if found is None:
            raise ValueError(f"no peer {id}; there are {', '.join(one.id for one in self.peers)}")
        return found
