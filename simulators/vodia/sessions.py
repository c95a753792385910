"""Who may ask for what: Basic, the session in two steps of today's releases, the session of 2015's.

A name says its scope: `admin` all, `admin@tenant` one tenant, `200@tenant` one extension.
"""

import base64
import binascii
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from simulators.web import Answer, Request

Login = Literal["basic", "session", "old", "any"]
COOKIE = "session"
TOKEN_BYTES = 15  # twenty characters
TOKEN_SECONDS = 10.0
NO = Answer.json(False)


@dataclass(frozen=True, slots=True)
class Scope:
    tenant: str = ""  # "" = all of the system
    extension: str = ""  # "" = all of the tenant

    @property
    def is_system(self) -> bool:
        return not self.tenant

    def covers(self, tenant: str, account: str = "") -> bool:
        return self.is_system or (self.tenant == tenant and self.extension in {"", account})


class Sessions:
    """Answers `/rest/system/session` and tells the scope of every other request."""

    def __init__(self, accounts: Mapping[str, str], login: Login, session_s: float, token_s: float) -> None:
        self._accounts = accounts  # name → password
        self._login = login
        self._session_s = session_s
        self._token_s = token_s
        self._tokens: dict[str, tuple[str, float]] = {}  # token → name, when it ends by the monotonic clock
        self._open: dict[str, tuple[str, float]] = {}

    def scope(self, headers: Message) -> Scope | None:
        """Of the account that asks; None without a valid login."""
        name = self._basic(headers) if self._login in {"basic", "any"} else None
        name = name or _living(self._open, _cookie(headers))
        return None if name is None else _scope(name)

    def end_all(self) -> None:
        self._open.clear()

    def answer(self, request: Request) -> Answer:
        body = _object(request.body)
        match request.method, body.get("name"):
            case "GET", _:
                return Answer.json({"version": "70.3", "api": "true", "sso": "false", "twofactor": "false"})
            case "DELETE", _:
                self._open.pop(_cookie(request.headers), None)
                return Answer.json(True)
            case "POST", "3rd" if self._login in {"session", "any"}:
                return self._token(request, body)
            case "POST", "session" if self._login in {"session", "any"}:
                return self._cookie_for(str(body.get("value")))
            case "PUT", "auth" if self._login in {"old", "any"}:
                return self._old_key(str(body.get("value")))
        return Answer.text("Bad request", status=400)

    def _token(self, request: Request, body: Mapping[str, object]) -> Answer:
        """For the account that is named; the one that asks must be it, or stand above it."""
        asking = self._basic(request.headers)
        if asking is None:
            return unauthorized()
        domain, user = str(body.get("domain") or ""), str(body.get("username") or "admin")
        name = f"{user}@{domain}" if domain else user
        wanted = _scope(name)
        if name not in self._accounts or not _scope(asking).covers(wanted.tenant, wanted.extension):
            return Answer.text("Forbidden", status=403)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tokens[token] = (name, time.monotonic() + self._token_s)
        return Answer.json(token)

    def _cookie_for(self, token: str) -> Answer:
        name = _living(self._tokens, token)
        self._tokens.pop(token, None)
        if name is None:
            return NO
        key = self._opened(name)
        cookie = f"{COOKIE}={key}; Path=/; HttpOnly; Secure; SameSite=Strict"
        return Answer.json(True, headers=[("Set-Cookie", cookie)])

    def _old_key(self, value: str) -> Answer:
        name, _, hashed = value.partition(" ")
        password = self._accounts.get(name)
        if password is None or hashlib.md5(password.encode()).hexdigest() != hashed.lower():
            return NO
        return Answer.json(self._opened(name))

    def _opened(self, name: str) -> str:
        key = secrets.token_hex(12)
        self._open[key] = (name, time.monotonic() + self._session_s)
        return key

    def _basic(self, headers: Message) -> str | None:
        kind, _, text = headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        is_right = kind.lower() == "basic" and self._accounts.get(name) == password
        return name if is_right else None


def unauthorized() -> Answer:
    return Answer(401, (("WWW-Authenticate", 'Basic realm="Vodia PBX"'),), b"Unauthorized\n")


def _scope(name: str) -> Scope:
    user, _, tenant = name.partition("@")
    return Scope(tenant, "" if user == "admin" else user)


def _living(kept: Mapping[str, tuple[str, float]], key: str) -> str | None:
    name, ends = kept.get(key, (None, 0.0))
    return name if ends > time.monotonic() else None


def _cookie(headers: Message) -> str:
    try:
        found = SimpleCookie("; ".join(headers.get_all("Cookie", []))).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
