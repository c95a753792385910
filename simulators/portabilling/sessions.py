"""Who is logged in: sessions, their tokens and lifetimes, expired passwords, and too many wrong ones."""

import hmac
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from simulators.portabilling import tokens
from simulators.portabilling.refusals import (
    BAD_ACCESS_TOKEN,
    BAD_LOGOUT,
    BRUTE_FORCE,
    LOGIN_FAILED,
    MUST_CHANGE_PASSWORD,
    NO_AUTH,
    REFRESH_FAILED,
    SESSION_DEAD,
    Refusal,
)
from simulators.portabilling.transport import Record

AUDIENCE = ["portabilling-api", "portasip-api", "espf-api"]
SCOPES = "espf.api:write espf.handlers:write"
MAX_FAILURES = 5  # wrong passwords in a row
LOCK_SECONDS = 300.0
PASSWORD = re.compile(r"(?=.*[A-Za-z])(?=.*\d).{6,32}")

Find = Callable[[str, str], Record | None]  # realm and login → the record that holds login, password and api_token


@dataclass(slots=True)
class Session:
    session_id: str
    refresh_token: str
    realm: str
    login: str
    i_user: int
    i_customer: int | None
    i_account: int | None
    expires_at: int  # epoch
    refresh_until: int  # epoch


@dataclass(slots=True)
class Lifetimes:
    """Seconds; None is for ever."""

    session: int = 172_800
    refresh: int = 2 * 172_800
    password: int | None = None


class Sessions:
    def __init__(self, find: Find, *, clock: Callable[[], float], lifetimes: Lifetimes) -> None:
        self.lifetimes = lifetimes
        self.refuses_refresh = False
        self._find = find
        self._clock = clock
        self._started = clock()
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._password_since: dict[tuple[str, str], float] = {}
        self._failures: dict[tuple[str, str], list[float]] = {}

    def login(self, realm: str, credentials: Record) -> Record:
        user = self._user(realm, credentials)
        now = int(self._clock())
        session = self._new(realm, user, now)
        with self._lock:
            self._sessions[session.session_id] = session
        return {"session_id": session.session_id, **self._tokens(session, now)}

    def refresh(self, refresh_token: str | None) -> Record:
        """New tokens; the old refresh token is spent."""
        now = int(self._clock())
        with self._lock:
            found = (one for one in self._sessions.values() if one.refresh_token == refresh_token)
            session = next(found, None)
            if session is None or self.refuses_refresh or now >= session.refresh_until:
                raise Refusal(REFRESH_FAILED)
            session.refresh_token = secrets.token_hex(16)
            session.expires_at = now + self.lifetimes.session
            session.refresh_until = now + self.lifetimes.refresh
            return self._tokens(session, now)

    def check(self, realm: str, auth: Record, bearer: str | None) -> Session:
        """The session a call belongs to; a login without one is as good for a single call."""
        if auth.get("login"):
            return self._new(realm, self._user(realm, auth), int(self._clock()))
        token = auth.get("access_token") or bearer
        if auth.get("session_id"):
            session = self._live(str(auth["session_id"]))
        elif token:
            session = self._of_token(str(token))
        else:
            raise Refusal(NO_AUTH)
        if session is None or session.realm != realm:
            raise Refusal(SESSION_DEAD)
        return session

    def ping(self, auth: Record, bearer: str | None) -> int:
        """The user of a live session, else 0."""
        try:
            token = auth.get("access_token") or bearer
            session = self._live(str(auth["session_id"])) if auth.get("session_id") else self._of_token(str(token))
        except Refusal:
            return 0
        return session.i_user if session else 0

    def logout(self, auth: Record, bearer: str | None) -> None:
        if not auth.get("session_id"):
            try:
                claims = tokens.verify(str(auth.get("access_token") or bearer))
            except tokens.BadToken:
                raise Refusal(BAD_LOGOUT) from None
            auth = {"session_id": claims["jti"]}
        with self._lock:
            self._sessions.pop(str(auth["session_id"]), None)

    def expire_all(self) -> None:
        """Sessions die now; what was given out for them stays behind, useless."""
        with self._lock:
            self._sessions.clear()

    def expire_password(self, realm: str, login: str) -> None:
        with self._lock:
            self._password_since[realm, login] = float("-inf")

    def change_password(self, realm: str, user: Record, old: str | None, new: str | None) -> Record:
        errors = {}
        if not _same(str(user["password"]), old):
            errors["old_password"] = "The old password is wrong"
        if not PASSWORD.fullmatch(new or ""):
            errors["new_password"] = "A password has 6 to 32 characters, with letters and digits among them"
        elif new == old:
            errors["new_password"] = "The new password must differ from the old one"
        if errors:
            return {"success": 0, "errors": errors}
        with self._lock:
            user["password"] = new
            self._password_since[realm, str(user["login"])] = self._clock()
        return {"success": 1}

    def find(self, realm: str, login: str) -> Record:
        user = self._find(realm, login)
        if user is None:
            raise Refusal(LOGIN_FAILED)
        return user

    def _user(self, realm: str, credentials: Record) -> Record:
        login = str(credentials.get("login") or "")
        password, token = credentials.get("password"), credentials.get("token")
        with self._lock:
            failures = [at for at in self._failures.get((realm, login), []) if at > self._clock() - LOCK_SECONDS]
            if len(failures) >= MAX_FAILURES:
                raise Refusal(BRUTE_FORCE)
            user = self._find(realm, login)
            by_token = bool(token) and user is not None and _same(user.get("api_token"), str(token))
            by_password = user is not None and _same(user.get("password"), password)
            if user is None or not (by_token or by_password):
                self._failures[realm, login] = [*failures, self._clock()]
                raise Refusal(LOGIN_FAILED)
            self._failures.pop((realm, login), None)
            if not by_token and self._is_expired(realm, login):
                raise Refusal(MUST_CHANGE_PASSWORD)
        return user

    def _is_expired(self, realm: str, login: str) -> bool:
        since = self._password_since.get((realm, login), self._started)
        if since == float("-inf"):
            return True
        return self.lifetimes.password is not None and self._clock() >= since + self.lifetimes.password

    def _new(self, realm: str, user: Record, now: int) -> Session:
        i_customer, i_account = user.get("i_customer"), user.get("i_account")
        return Session(
            session_id=secrets.token_hex(16),
            refresh_token=secrets.token_hex(16),
            realm=realm,
            login=str(user["login"]),
            i_user=int(user.get("i_user") or i_account or i_customer or 0),
            i_customer=None if i_customer is None else int(i_customer),
            i_account=None if i_account is None else int(i_account),
            expires_at=now + self.lifetimes.session,
            refresh_until=now + self.lifetimes.refresh,
        )

    def _tokens(self, session: Session, now: int) -> Record:
        claims = {
            "exp": session.expires_at,
            "iat": now,
            "i_user": session.i_user,
            "i_env": 1,
            "login": session.login,
            "realm": session.realm,
            "jti": session.session_id,
            "aud": AUDIENCE,
            "scopes": SCOPES,
            "is_super_user": 0,
        }
        own = {"i_customer": session.i_customer, "i_account": session.i_account}
        claims |= {name: value for name, value in own.items() if value is not None}
        return {
            "access_token": tokens.sign(claims),
            "refresh_token": session.refresh_token,
            "expires_at": datetime.fromtimestamp(session.expires_at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "expires_in": session.expires_at - now,
        }

    def _of_token(self, token: str) -> Session | None:
        try:
            claims = tokens.verify(token)
        except tokens.BadToken:
            raise Refusal(BAD_ACCESS_TOKEN) from None
        return self._live(str(claims["jti"])) if self._clock() < claims["exp"] else None

    def _live(self, session_id: str) -> Session | None:
        with self._lock:
            session = self._sessions.get(session_id)
        return session if session is not None and self._clock() < session.expires_at else None


def _same(right: object, given: object) -> bool:
    if not isinstance(right, str) or not isinstance(given, str) or not right:
        return False
    return hmac.compare_digest(right.encode(), given.encode())
