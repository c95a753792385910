"""Vodia's REST interface: three ways to log in, lists, and writes whose answer proves nothing."""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Literal, cast
from urllib.parse import quote

import msgspec

from tollbook.connectors.base import Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.http import Answer, Http, Patience, is_success
from tollbook.connectors.secret import Secret
from tollbook.connectors.settings import text
from tollbook.connectors.vodia.options import SETTINGS
from tollbook.errors import BadInput

SESSION = "/rest/system/session"
DOMAINS = "/rest/system/domains"
TOKEN_TRIES = 3  # a token of the two steps lives ten seconds: on a slow line another one is asked for
SHOWN_CHARACTERS = 200  # of an answer
_SAID_SO = frozenset({400, 401, 403, 404})  # the PBX itself speaks
_COOKIE = re.compile(r"(?:^|[,;\s])session=([^;,\s]+)")

Style = Literal["basic", "session", "old"]
STYLES: tuple[Style, ...] = ("basic", "session", "old")


class LoginRefused(NeedsAttention):
    """Nothing can be asked of this PBX: every part would fail alike."""


class Forbidden(NeedsAttention):
    """The login is right and may not do this."""


class NotThere(NeedsAttention):
    """There is no such thing: a tenant, an account; or this release has no such endpoint."""


class Refused(NeedsAttention):
    """The PBX does not understand the question."""


def domain_path(tenant: str, rest: str) -> str:
    return f"/rest/domain/{quote(tenant, safe='')}/{rest}"


class Client:
    """One login. Used by one thread at a time."""

    def __init__(self, site: Site) -> None:
        self.platform = site.name
        self.login = text(site, SETTINGS, "login")
        self.style = cast(Style, text(site, SETTINGS, "login_style"))
        self._password = site.secrets.get("password") or Secret("")
        if not self.login or not self._password:
            raise BadInput(f"{site.name}: login and password of an administrator of the PBX are needed; set both")
        self._basic = Secret(base64.b64encode(f"{self.login}:{self._password.reveal()}".encode()).decode())
        # Not for safety: the PBX asks for it in this form.
        hashed = hashlib.md5(self._password.reveal().encode(), usedforsecurity=False).hexdigest()
        self._hashed = Secret(hashed)
        self._session = ""
        self._http = Http(
            text(site, SETTINGS, "url"),
            platform=site.name,
            verify=text(site, SETTINGS, "verify"),
            patience=Patience.of(site),
            secrets=[self._password, self._basic, self._hashed],
            is_answer=lambda answer: is_success(answer) or answer.status in _SAID_SO,
        )

    @property
    def tenant(self) -> str:
        """The one tenant that the login is for; "" = all."""
        return self.login.partition("@")[2]

    def probe(self) -> None:
        """See that a Vodia PBX answers. Needs no login.

        Raises:
            NeedsAttention: something else answers.
        """
        answer = self._http.request("GET", SESSION, is_repeatable=True)
        if not is_success(answer):
            raise NeedsAttention(
                f"GET {SESSION}: answer {answer.status}; check url: this is no Vodia PBX",
                platform=self.platform,
            )
        self._decoded("GET", SESSION, answer)

    def log_in(self) -> None:
        """Open a session, in place of one that there may be. Basic has none.

        Raises:
            LoginRefused: login or password is wrong, or another style is wanted.
        """
        self._session = ""
        if self.style == "session":
            self._session = self._session_in_two_steps()
        elif self.style == "old":
            self._session = self._session_of_old()
        for secret in (self._password, self._basic, self._hashed):  # again: only the latest are remembered
            self._http.hide(secret)
        if self._session:
            self._http.hide(Secret(self._session))

    def get(self, path: str, params: Mapping[str, str] | None = None) -> object:
        """What is answered, decoded; numbers with a point stay as precise as they came.

        Raises:
            TryAgainLater: no answer, or half of one.
            NeedsAttention: refused, not there, or no JSON.
        """
        return self._decoded("GET", path, self._asked("GET", path, params=params))

    def rows(self, path: str, params: Mapping[str, str] | None = None) -> list[msgspec.Raw]:
        """The members of a list, each as its bytes came. `false` and nothing are an empty list."""
        answer = self._asked("GET", path, params=params)
        if not answer.body.strip():
            return []
        body = self._checked("GET", path, answer)
        try:
            found = msgspec.json.decode(body, type=list[msgspec.Raw] | dict[str, msgspec.Raw] | bool | None)
            if isinstance(found, dict):  # a list under a name
                lists = [one for one in found.values() if bytes(one).lstrip()[:1] == b"["]
                return msgspec.json.decode(lists[0], type=list[msgspec.Raw]) if len(lists) == 1 else []
        except msgspec.MsgspecError:
            said = self._http.masked(body[:SHOWN_CHARACTERS].decode("utf-8", "replace"))
            raise NeedsAttention(
                f"GET {path}: no list was answered ({said}); the API may have changed", platform=self.platform
            ) from None
        return found if isinstance(found, list) else []

    def write(self, path: str, body: Mapping[str, str], params: Mapping[str, str] | None = None) -> None:
        """Tell it something. That it answers well does not mean that it was done.

        Whatever is written sets something to a value, so writing it twice does no more than once.
        """
        self._decoded("POST", path, self._asked("POST", path, params=params, json=dict(body)))

    def close(self) -> None:
        self._http.close()

    def _asked(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: object = None
    ) -> Answer:
        """One request. A session that has ended is opened again, and the request made again, once."""
        if self.style != "basic" and not self._session:
            self.log_in()
        answer = self._once(method, path, params, json)
        if answer.status in {401, 403} and self.style != "basic":
            self.log_in()
            answer = self._once(method, path, params, json)
        if answer.status == 401:
            raise LoginRefused(
                f"login {self.login!r} was refused (answer 401); check login and password, and login_style",
                platform=self.platform,
            )
        if answer.status == 403:
            raise Forbidden(
                f"{method} {path}: answer 403; {self.login!r} may not do this: on the PBX, tick API access for this "
                "administrator, and see that it is one of the system where the system is asked",
                platform=self.platform,
            )
        if answer.status == 404:
            raise NotThere(
                f"{method} {path}: answer 404; there is no such thing on the PBX: check tenant and account, and url",
                platform=self.platform,
            )
        if answer.status == 400:
            said = " ".join(self._http.masked(answer.body.decode("utf-8", "replace")).split())[:SHOWN_CHARACTERS]
            raise Refused(
                f"{method} {path}: answer 400 ({said}); the API may have changed", platform=self.platform
            )
        return answer

    def _once(self, method: str, path: str, params: Mapping[str, str] | None, json: object) -> Answer:
        # The cookie is marked as one for TLS alone, so no library would send it to a PBX that has none.
        secret = (
            {"Cookie": f"session={self._session}"}
            if self._session
            else {"Authorization": f"Basic {self._basic.reveal()}"}
        )
        return self._http.request(method, path, is_repeatable=True, params=params, json=json, headers=secret)

    def _session_in_two_steps(self) -> str:
        user, _, domain = self.login.partition("@")
        asked = {"name": "3rd", "domain": domain, "username": user, "admin": True}
        basic = {"Authorization": f"Basic {self._basic.reveal()}"}
        for _ in range(TOKEN_TRIES):
            answer = self._http.request("POST", SESSION, is_repeatable=True, json=asked, headers=basic)
            token = self._said("POST", answer)
            if not isinstance(token, str):
                raise self._login_refused(answer)
            self._http.hide(Secret(token))
            opened = self._http.request(
                "POST", SESSION, is_repeatable=True, json={"name": "session", "value": token}
            )
            if self._said("POST", opened) is True:
                cookie = _COOKIE.search(opened.headers.get("set-cookie", ""))
                if cookie is None:
                    raise self._login_refused(opened, "no cookie came with the session")
                return cookie[1]
        raise TryAgainLater(
            f"POST {SESSION}: {TOKEN_TRIES} tokens ran out before they were used, each lives ten seconds; run again "
            "when the PBX answers faster",
            platform=self.platform,
        )

    def _session_of_old(self) -> str:
        value = f"{self.login} {self._hashed.reveal()}"
        answer = self._http.request("PUT", SESSION, is_repeatable=True, json={"name": "auth", "value": value})
        key = self._said("PUT", answer)
        if not isinstance(key, str) or not key:
            raise self._login_refused(answer)
        return key

    def _said(self, method: str, answer: Answer) -> object:
        return self._decoded(method, SESSION, answer) if is_success(answer) else None

    def _login_refused(self, answer: Answer, why: str = "") -> LoginRefused:
        return LoginRefused(
            f"login {self.login!r} was refused ({why or f'answer {answer.status}'}); check login and password, whether "
            "API access is ticked for this administrator, and login_style",
            platform=self.platform,
        )

    def _decoded(self, method: str, path: str, answer: Answer) -> object:
        if not answer.body.strip():
            return None
        return msgspec.json.decode(self._checked(method, path, answer))

    def _checked(self, method: str, path: str, answer: Answer) -> bytes:
        """The body, after a look whether it is JSON at all."""
        if answer.content_type == "text/html":
            raise TryAgainLater(
                f"{method} {path}: a web page came instead of data; run again later, and if it stays so check url and "
                "login_style",
                platform=self.platform,
            )
        try:
            msgspec.json.decode(answer.body, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise TryAgainLater(
                f"{method} {path}: the answer of {len(answer.body)} bytes is no whole JSON ({error}); run again later",
                platform=self.platform,
            ) from None
        return answer.body
