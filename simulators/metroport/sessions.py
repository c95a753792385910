"""Sessions by cookie. A session lives for a fixed time after its login, whatever is asked meanwhile."""

import secrets
import time
from email.message import Message
from http.cookies import CookieError, SimpleCookie

COOKIE = "sess_ci"


class Sessions:
    def __init__(self, login: str, password: str, lifetime_s: float) -> None:
        self._login = login
        self._password = password
        self._lifetime_s = lifetime_s
        self._open: dict[str, float] = {}  # session → when it ends, by the monotonic clock

    def open(self, login: object, password: object) -> str | None:
        """A new session; None for a wrong name or password."""
        if (login, password) != (self._login, self._password):
            return None
        session = secrets.token_hex(16)
        self._open[session] = time.monotonic() + self._lifetime_s
        return session

    def has(self, headers: Message) -> bool:
        try:
            cookie = SimpleCookie("; ".join(headers.get_all("Cookie", []))).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and self._open.get(cookie.value, 0.0) > time.monotonic()

    def end_all(self) -> None:
        self._open.clear()
