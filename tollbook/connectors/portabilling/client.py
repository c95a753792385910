"""PortaBilling's API: sessions and calls. Nothing else knows how it is spoken to.

A session is opened once and renewed before it ends. When the platform says that it is over all the same, it is opened
again once and the call repeated once: the platform has refused the first, so nothing was done.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tollbook.connectors.errors import ConnectorError, NeedsAttention, PasswordExpired
from tollbook.connectors.http import Answer, Http
from tollbook.connectors.portabilling.faults import SESSION_FAULTS, LoginRefused, error_of
from tollbook.connectors.portabilling.options import Options
from tollbook.connectors.secret import Secret

READS = ("get_", "validate_", "ping", "search_", "estimate_")
UNSAID_LIFETIME_S = 900.0  # of a session that does not say how long it lives
JSON = "application/json"

Params = Mapping[str, Any]
Record = dict[str, Any]


class Client:
    """One API user at one realm. May be used by several threads at once."""

    def __init__(
        self,
        options: Options,
        *,
        platform: str,
        password: Secret,
        token: Secret,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.platform = platform
        self._options = options
        self._password = password
        self._token = token
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._session: _Session | None = None
        self._refused: ConnectorError | None = None
        self._http = Http(
            options.url,
            platform=platform,
            verify=options.verify,
            patience=options.patience,
            secrets=(password, token),
            is_answer=_is_answer,
            connections=options.parallel + 1,
        )

    def log_in(self) -> None:
        """Open a session if none is open.

        Raises:
            PasswordExpired: the password must be changed first.
            NeedsAttention: refused. TryAgainLater: not reached.
        """
        self._live_session()

    def call(self, method: str, params: Params, *, is_repeatable: bool | None = None) -> Record:
        """Call `Service/method`. Decimal fractions come as Decimal.

        `is_repeatable` None: what only reads may be repeated.

        Raises:
            PlatformFault: refused, with code and text. SiteReadOnly, PasswordExpired likewise.
            TryAgainLater: no answer.
        """
        answer = self.call_raw(method, params, is_repeatable=is_repeatable)
        return _object(answer, method, self.platform)

    def call_raw(self, method: str, params: Params, *, is_repeatable: bool | None = None) -> bytes:
        """Likewise; the answer's JSON as it came."""
        if is_repeatable is None:
            is_repeatable = method.partition("/")[2].startswith(READS)
        session = self._live_session()
        answer = self._post(method, params, session, is_repeatable=is_repeatable)
        if self._fault_code(answer) in SESSION_FAULTS:
            session = self._live_session(not_=session)
            answer = self._post(method, params, session, is_repeatable=is_repeatable)
        return self._checked(answer, method, params)

    def call_without_session(self, method: str, params: Params) -> Record:
        """For what is asked before a login. Never repeated."""
        answer = self._post(method, params, None, is_repeatable=False)
        return _object(self._checked(answer, method, params), method, self.platform)

    def take_password(self, password: Secret) -> None:
        """Log in with another password from now on."""
        with self._lock:
            self._password, self._session, self._refused = password, None, None

    def hide(self, secret: Secret) -> None:
        """Never show it in an error."""
        self._http.hide(secret)

    def masked(self, text: str) -> str:
        return self._http.masked(text)

    def close(self) -> None:
        """Let go; safe to repeat. The session is left to end by itself: others of this API user may be open."""
        self._http.close()

    # --- sessions

    def _live_session(self, *, not_: "_Session | None" = None) -> "_Session":
        """The session that is open, renewed if it ends soon; another than `not_`, which the platform refused.

        One thread opens it, the others wait for it, and what was refused once is not tried again: the platform locks
        who logs in wrongly too often.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused.with_traceback(None)
            session = self._session
            if session is not None and session is not not_:
                if self._monotonic() < session.renew_at:
                    return session
                session = self._refreshed(session)
            else:
                session = None
            try:
                self._session = session or self._opened()
            except (LoginRefused, PasswordExpired) as error:
                self._refused = error
                raise
            return self._session

    def _opened(self) -> "_Session":
        login: Record = {"login": self._options.login}
        secret = ("token", self._token) if self._token else ("password", self._password)
        if not secret[1]:
            raise NeedsAttention(
                "neither a token nor a password is set; give the API user's token", platform=self.platform
            )
        params = login | {secret[0]: secret[1].reveal()}
        # A second session does no harm, so a lost answer may be asked for again.
        answer = self._post("Session/login", params, None, is_repeatable=True)
        return self._kept(_object(self._checked(answer, "Session/login", {}), "Session/login", self.platform))

    def _refreshed(self, session: "_Session") -> "_Session | None":
        """The session renewed; none where that is refused and only a new login helps."""
        if not session.refresh_token:
            return None
        method = "Session/refresh_access_token"
        params = {"refresh_token": session.refresh_token.reveal()}
        try:
            answer = self._post(method, params, None, is_repeatable=False)
            tokens = _object(self._checked(answer, method, {}), method, self.platform)
        except ConnectorError:
            return None
        return self._kept({"session_id": session.session_id.reveal(), **tokens})

    def _kept(self, tokens: Record) -> "_Session":
        session = _Session(tokens, now=self._monotonic(), margin_s=self._options.refresh_margin_s)
        for secret in (session.access_token, session.session_id, session.refresh_token):
            if secret:
                self._http.hide(secret)
        if not session.access_token and not session.session_id:
            raise NeedsAttention("Session/login gives no session; check `url` and realm", platform=self.platform)
        return session

    # --- requests

    def _post(self, method: str, params: Params, session: "_Session | None", *, is_repeatable: bool) -> Answer:
        headers, auth = session.credentials() if session else ({}, {})
        path = f"/rest/{method}"
        if self._options.encoding == "json":
            body = {"params": params, **({"auth_info": auth} if auth else {})}
            return self._http.request("POST", path, is_repeatable=is_repeatable, json=body, headers=headers)
        form = {"params": _dumps(params), **({"auth_info": _dumps(auth)} if auth else {})}
        return self._http.request("POST", path, is_repeatable=is_repeatable, form=form, headers=headers)

    def _checked(self, answer: Answer, method: str, params: Params) -> bytes:
        """The body of a success.

        Raises:
            NeedsAttention: it is none.
        """
        if answer.content_type != JSON:
            raise NeedsAttention(
                f"{method}: the answer is {answer.content_type or 'of no type'}, not JSON; check that host and port "
                "are the API's and that nothing between asks for a login",
                platform=self.platform,
            )
        code = self._fault_code(answer)
        if code is None:
            return answer.body
        fault = _object(answer.body, method, self.platform)
        text = self.masked(str(fault.get("faultstring") or ""))
        raise error_of(method, params, self.masked(code), text, platform=self.platform)

    @staticmethod
    def _fault_code(answer: Answer) -> str | None:
        if answer.status < 300:
            return None
        try:
            return str(json.loads(answer.body).get("faultcode") or "")
        except (ValueError, AttributeError):
            return ""


class _Session:
    """What a login gave. Until when it lives is counted from then, whatever the two clocks say."""

    __slots__ = ("access_token", "refresh_token", "renew_at", "session_id")

    def __init__(self, tokens: Record, *, now: float, margin_s: float) -> None:
        self.access_token = Secret(str(tokens.get("access_token") or ""))
        self.session_id = Secret(str(tokens.get("session_id") or ""))
        self.refresh_token = Secret(str(tokens.get("refresh_token") or ""))
        lifetime = _lifetime_s(self.access_token, tokens)
        # However short it lives: half of its life it is used.
        self.renew_at = now + max(lifetime - margin_s, lifetime / 2)

    def credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and `auth_info`. Releases without access tokens know the session's id only."""
        if self.access_token:
            return {"Authorization": f"Bearer {self.access_token.reveal()}"}, {}
        return {}, {"session_id": self.session_id.reveal()}


def _lifetime_s(access_token: Secret, tokens: Record) -> float:
    """From the token itself, else from what came with it."""
    try:
        payload = access_token.reveal().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"]) - float(claims["iat"])
    except (ValueError, KeyError, IndexError, TypeError):
        try:
            return float(tokens["expires_in"])
        except (KeyError, ValueError, TypeError):
            return UNSAID_LIFETIME_S


def _is_answer(answer: Answer) -> bool:
    """A success, or a refusal of the platform's own; what only a gateway or a broken server says is none."""
    is_own = answer.status == 500 and answer.content_type == JSON and b'"faultcode"' in answer.body
    return answer.status < 300 or is_own


def _object(body: bytes, method: str, platform: str) -> Record:
    try:
        found = json.loads(body, parse_float=Decimal)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NeedsAttention(
            f"{method}: the answer is no JSON object; check that host and port are the API's", platform=platform
        )
    return found


def _dumps(value: Params) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
