"""The portal: a text file per link, and orders over HTTP that anybody's carrier might take.

Who asks for a file without the right cookie or header gets the page of a login with status 200.
"""

import base64
import hashlib
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from simulators.faults import LOGIN_PAGE
from simulators.lesnet.days import Row, header, rows_of_day
from simulators.lesnet.peers import Peer
from simulators.web import Answer, Request

Auth = Literal["none", "basic", "cookie", "header"]
LOGIN, PASSWORD = "operator", "lesnet-pretended"
SECRET = "pretended-5e1f"  # the value of the cookie and of the header
COOKIE, HEADER = "PHPSESSID", "X-Api-Key"
REFRESHED_AT = timedelta(days=1, hours=6)  # a day's calls are in the file from six in the morning of the next day
PLAIN = "text/plain; charset=UTF-8"


class Portal:
    """The application. `day` is the last one whose calls the carrier knows, counted from one."""

    def __init__(self, peers: list[Peer], seed: int, month: str, auth: Auth, lines_a_day: int) -> None:
        self.peers = peers
        self.day = 1
        self.shown_day = 1  # the last one that the files have
        self.delimiter = ","
        self.has_header = False
        self.cut: int | None = None  # files end after so many bytes, in the middle of a line
        self.is_ignoring_orders = False
        self.lock = threading.Lock()
        self._seed = seed
        self._first_day = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        self._auth = auth
        self._lines_a_day = lines_a_day

    def rows(self, peer: Peer) -> list[Row]:
        """What the file has now."""
        days = range(1, self.shown_day + 1)
        return [row for day in days for row in self.rows_of(peer, day)]

    def rows_of(self, peer: Peer, day: int) -> list[Row]:
        return rows_of_day(self._seed, peer, self._first_day, day, self._lines_a_day)

    def handle(self, request: Request) -> Answer:
        with self.lock:
            if request.path.startswith("/api/peers/"):
                return self._order(request)
            peer = next((one for one in self.peers if one.path == request.path), None)
            if peer is None or request.method not in {"GET", "HEAD"}:
                return Answer.text("Not found\n", status=404)
            refusal = self._refusal(request)
            return self._file(request, peer) if refusal is None else refusal

    def _file(self, request: Request, peer: Peer) -> Answer:
        lines = [row.line(self.delimiter) for row in self.rows(peer)]
        if self.has_header:
            lines.insert(0, header(self.delimiter))
        body = "".join(f"{line}\r\n" for line in lines).encode()[: self.cut]
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        refreshed = format_datetime(
            self._first_day + timedelta(days=self.shown_day - 1) + REFRESHED_AT, usegmt=True
        )
        headers = (("Content-Type", PLAIN), ("Last-Modified", refreshed), ("ETag", tag))
        is_known = request.headers.get("If-None-Match") == tag or (
            "If-None-Match" not in request.headers and request.headers.get("If-Modified-Since") == refreshed
        )
        return Answer(304, headers) if is_known else Answer(200, headers, body)

    def _refusal(self, request: Request) -> Answer | None:
        page = Answer.text(LOGIN_PAGE, content_type="text/html; charset=UTF-8")
        match self._auth:
            case "none":
                return None
            case "basic":
                wanted = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
                is_right = request.headers.get("Authorization") == f"Basic {wanted}"
                return None if is_right else Answer(401, (("WWW-Authenticate", 'Basic realm="portal"'),))
            case "cookie":
                return None if _cookie(request) == SECRET else page
            case "header":
                return None if request.headers.get(HEADER) == SECRET else page

    def _order(self, request: Request) -> Answer:
        """`GET /api/peers/ID` reads back, `POST …/suspend` and `…/resume` order. The header is always wanted."""
        if request.headers.get(HEADER) != SECRET:
            return Answer.json({"error": "wrong key"}, status=403)
        id, _, verb = request.path.removeprefix("/api/peers/").partition("/")
        peer = next((one for one in self.peers if one.id == id), None)
        if peer is None:
            return Answer.json({"error": "no such peer"}, status=404)
        orders = {"suspend": True, "resume": False}
        match request.method, verb:
            case "GET", "":
                status = "suspended" if peer.is_suspended else "active"
                return Answer.json({"peer": peer.id, "status": status, "dids": list(peer.dids)})
            case "POST", _ if verb in orders:
                if not self.is_ignoring_orders:
                    peer.is_suspended = orders[verb]
                return Answer.json({"result": "ok"})
        return Answer.json({"error": "no such order"}, status=404)


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie("; ".join(request.headers.get_all("Cookie", []))).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
