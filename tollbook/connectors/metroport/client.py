"""Metroport's API: a session by cookie, and lists in two shapes."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tollbook.connectors.base import Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.http import Answer, Http, Patience, is_success
from tollbook.connectors.metroport.options import SETTINGS, Options
from tollbook.connectors.secret import Secret
from tollbook.connectors.settings import text
from tollbook.errors import BadInput

LOGIN = "/admins/Auth/login"
USERS = "/Users/users"
MOBILES = "/Mvno/Mobiles"
TRAFFIC_TYPES = "/Mvno/Billings/TrafficTypes"
BILLINGS = "/Mvno/Billings"
IMPORT_RATES = "/mvno/retailRates/importRates"

OK = 200
NO_CONTENT = 204
PAIR = 2  # [count, [...]]
SHOWN_CHARACTERS = 300  # of an answer
_COOKIE = re.compile(r"(?:^|, ?)[^=;,\s]+=([^;,]*)")


class LoginRefused(NeedsAttention):
    """Nothing can be asked of this platform: every part would fail alike."""


class Client:
    """One login. Used by one thread at a time."""

    def __init__(self, site: Site, options: Options) -> None:
        self.platform = site.name
        self._options = options
        self._login = text(site, SETTINGS, "login")
        self._password = site.secrets.get("password") or Secret("")
        if not self._login or not self._password:
            raise BadInput(f"{site.name}: login and password of Metroport's API are needed; set both")
        self._ends = 0.0  # of the session, by the monotonic clock
        self._http = Http(
            text(site, SETTINGS, "api_url"),
            platform=site.name,
            verify=text(site, SETTINGS, "verify"),
            patience=Patience.of(site),
            secrets=[self._password],
            is_answer=lambda answer: is_success(answer) or answer.status in options.session_statuses,
            keeps_cookies=True,
        )

    def log_in(self) -> None:
        """Open a session, in place of one that there may be.

        Raises:
            LoginRefused: login or password is wrong, or what answers is not Metroport.
        """
        self._http.forget_cookies()
        self._ends = 0.0
        begun = time.monotonic()
        body = {"login": self._login, "password": self._password.reveal()}
        answer = self._http.request(
            "POST",
            LOGIN,
            is_repeatable=True,
            json=body,
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        if answer.status != OK:
            raise LoginRefused(
                f"login {self._login!r} was refused (answer {answer.status}); check login and password, "
                "and whether Metroport admits this machine's address",
                platform=self.platform,
            )
        cookies = _COOKIE.findall(answer.headers.get("set-cookie", ""))
        if not cookies:
            raise LoginRefused(
                "the login was answered without a session (no Set-Cookie); check api_url", platform=self.platform
            )
        self._http.hide(self._password)  # again: only the latest secrets are remembered
        for cookie in cookies:
            if len(cookie) > 7:  # a session's id; shorter ones are words, as of a language
                self._http.hide(Secret(cookie))
        self._ends = begun + max(self._options.session_s - self._options.renewal_s, 0)

    def rows(self, path: str, params: Mapping[str, str] | None = None) -> list[msgspec.Raw]:
        """The members of a list, each as its bytes came; whether it came plain or as `[count, list]`.

        Raises:
            TryAgainLater: no answer, or half of one.
            NeedsAttention: refused, or the answer is no such list.
        """
        answer = self._asked("GET", path, params=params)
        if answer.status == NO_CONTENT or not answer.body.strip():
            return []
        if answer.content_type == "text/html":
            raise TryAgainLater(
                f"GET {path}: a web page came instead of data; Metroport may be at work on it: run again later, "
                "and if it stays so check api_url",
                platform=self.platform,
            )
        return self._members(path, answer.body)

    def upload(self, path: str, file: Path) -> str:
        """Send a file as the part `file` of a form. What was answered comes back, as text for people.

        It is not repeated by itself: only a person can tell whether a lost answer was a yes.
        """
        content = file.read_bytes()
        answer = self._asked("POST", path, files={"file": (file.name, content, "text/csv")})
        said = " ".join(self._http.masked(answer.body.decode("utf-8", "replace")).split())
        return f"answer {answer.status}" + (f": {said[:SHOWN_CHARACTERS]}" if said else "")

    def close(self) -> None:
        self._http.close()

    def _asked(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Answer:
        """One request in a session. A session that has ended is renewed, and the request made again, once."""
        if time.monotonic() >= self._ends:
            self.log_in()
        answer = self._http.request(method, path, is_repeatable=method == "GET", params=params, files=files)
        if answer.status in self._options.session_statuses:
            self.log_in()
            answer = self._http.request(method, path, is_repeatable=method == "GET", params=params, files=files)
        if answer.status in self._options.session_statuses:
            raise NeedsAttention(
                f"{method} {path}: answer {answer.status}, also with a new session; have Metroport allow "
                f"{self._login!r} to use {path}",
                platform=self.platform,
            )
        return answer

    def _members(self, path: str, body: bytes) -> list[msgspec.Raw]:
        try:
            members = msgspec.json.decode(body, type=list[msgspec.Raw] | None) or []
            if len(members) != PAIR or not bytes(members[0]).strip(b' "').isdigit():
                return members
            count = int(bytes(members[0]).strip(b' "'))
            rows = msgspec.json.decode(members[1], type=list[msgspec.Raw] | None) or []
        except msgspec.ValidationError:
            said = self._http.masked(body[:SHOWN_CHARACTERS].decode("utf-8", "replace"))
            raise NeedsAttention(
                f"GET {path}: neither a list nor [count, list] was answered ({said}); the API may have changed",
                platform=self.platform,
            ) from None
        except msgspec.DecodeError as error:
            raise TryAgainLater(
                f"GET {path}: the answer of {len(body)} bytes is no whole JSON ({error}); run again later",
                platform=self.platform,
            ) from None
        if count != len(rows):
            raise NeedsAttention(
                f"GET {path}: {count} were announced and {len(rows)} came; ask for less at once (chunk_days), "
                "and if it stays so ask Metroport how longer lists are read",
                platform=self.platform,
            )
        return rows
