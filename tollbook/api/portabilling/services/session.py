"""Session: logging in and out, renewing, and changing one's own password."""

import msgspec
from django.db import transaction

from tollbook.access.audit import entry
from tollbook.access.errors import BadToken, LoginRefused, SessionOver, WeakPassword
from tollbook.access.login import WRONG, log_in, verified
from tollbook.access.models import RealmName, User
from tollbook.access.operations import set_password
from tollbook.access.queries import users
from tollbook.access.sessions import Opened, end_session, live_session, open_session, refresh_session
from tollbook.access.tokens import session_id_of
from tollbook.api.portabilling.authenticate import is_stopped, see_that_none_stops
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import AUTH_FAILED, BAD_LOGOUT_TOKEN, Fault, denied, missing, refused
from tollbook.api.portabilling.fields import Id, TimeText, time_text
from tollbook.api.portabilling.method import EVERYBODY, STAFF, Request, Success, method


class Login(Request):
    login: str
    password: str | None = None
    token: str | None = None


class Tokens(msgspec.Struct, kw_only=True):
    """What a login gives; a refresh gives it without the session's id."""

    session_id: str | msgspec.UnsetType = msgspec.UNSET
    access_token: str
    refresh_token: str
    expires_at: TimeText
    expires_in: int


@method("Session/login", realms=EVERYBODY, needs_login=False)
def login(caller: Caller, asked: Login) -> Tokens:
    """Open a session with login and password, or login and API token."""
    if not asked.password and not asked.token:
        raise missing(caller.method, "password")
    user = log_in(
        realm=RealmName(caller.port_realm) if caller.port_realm else None,
        login=asked.login,
        password="" if asked.token else asked.password or "",
        token=asked.token or "",
        address=caller.address,
        now=caller.now,
    )
    see_that_none_stops(user)
    return _tokens(open_session(user, address=caller.address, now=caller.now, by_token=bool(asked.token)))


class LoginToRealm(Request):
    realm: str
    login: str | None = None
    i_customer: Id | None = None
    i_account: Id | None = None


@method("Session/login_to_realm", realms=(STAFF,), writes=True)
def login_to_realm(caller: Caller, asked: LoginToRealm) -> Tokens:
    """Open a session for a customer or an account, named by login or id; the audit says who did."""
    realm = {"customer": RealmName.CUSTOMER, "account": RealmName.ACCOUNT}.get(asked.realm)
    if realm is None:
        raise denied(caller.method, f"realm is {asked.realm!r}; customer and account can be logged in to")
    named = {"login": asked.login, "customer": asked.i_customer, "account": asked.i_account}
    user = users(realm).filter(**{name: value for name, value in named.items() if value}).first()
    if user is None or not any(named.values()):
        raise Fault(AUTH_FAILED, f"nobody of the realm {realm} is named so; give login, i_customer or i_account")
    if is_stopped(user):
        text = "the customer is blocked, and so are all who log in for them; unblock the customer first"
        raise refused(caller.method, "customer_blocked", text)
    opened = open_session(user, address=caller.address, now=caller.now, by=caller.actor.name)
    live_session(opened.session_id, now=caller.now)  # or they may not come in
    caller.made(f"user {user.pk}", {"session opened by": caller.actor.name})
    return _tokens(opened)


class Refresh(Request):
    refresh_token: str


@method("Session/refresh_access_token", realms=EVERYBODY, needs_login=False)
def refresh_access_token(caller: Caller, asked: Refresh) -> Tokens:
    """Renew a session; the old refresh token is void."""
    renewed = _tokens(refresh_session(asked.refresh_token, now=caller.now))
    renewed.session_id = msgspec.UNSET  # what staff stopped meanwhile is refused when it calls
    return renewed


class WhichSession(Request):
    access_token: str | None = None
    session_id: str | None = None


class Alive(msgspec.Struct):
    user_id: int  # 0 = not a live session


@method("Session/ping", realms=EVERYBODY, needs_login=False)
def ping(caller: Caller, asked: WhichSession) -> Alive:
    """Whether a session lives, and whose it is."""
    try:
        session_id = _session_id(caller, asked)
        if not session_id:
            return Alive(caller.user_id)
        user = live_session(session_id, now=caller.now).user
        return Alive(0 if is_stopped(user) else user.pk)
    except (SessionOver, BadToken):
        return Alive(0)


@method("Session/logout", realms=EVERYBODY, needs_login=False)
def logout(caller: Caller, asked: WhichSession) -> Success:
    """End a session."""
    try:
        end_session(live_session(_session_id(caller, asked), now=caller.now), now=caller.now)
    except (SessionOver, BadToken):
        raise Fault(BAD_LOGOUT_TOKEN, "there is no such session to end (any more)") from None
    return Success()


def _session_id(caller: Caller, asked: WhichSession) -> str:
    if asked.access_token:
        return session_id_of(asked.access_token, now=caller.now)
    return asked.session_id or caller.session_id


class ChangePassword(Request):
    old_password: str
    new_password: str
    login: str | None = None


class Changed(msgspec.Struct, omit_defaults=True):
    success: int  # 0: `errors` says why
    errors: dict[str, str] = {}


@method("Session/change_password", realms=EVERYBODY, needs_login=False)
def change_password(caller: Caller, asked: ChangePassword) -> Changed:
    """Change one's own password, also one that has expired; all other sessions end."""
    return change_own_password(caller, asked.login or "", asked.old_password, asked.new_password)


def change_own_password(caller: Caller, login: str, old: str, new: str) -> Changed:
    """With the old one, whoever asks: a session that somebody left open is not enough.

    Raises:
        Fault: nobody is named. TooManyFailures: too many wrong ones.
    """
    if caller.user_id and login and login != caller.login:
        raise denied(caller.method, "that is somebody else's login; log in as them, or have staff do it")
    if not (named := caller.login or login):
        raise missing(caller.method, "login")
    realm = RealmName(caller.realm) if caller.user_id else _realm_of_port(caller)
    try:
        user = verified(realm=realm, login=named, password=old, address=caller.address, now=caller.now)
    except LoginRefused:
        return Changed(0, {"old_password": WRONG})
    if old == new:
        return Changed(0, {"new_password": "it is the old one; choose another"})
    try:
        _put(caller, user, new)
    except WeakPassword as error:
        return Changed(0, {"new_password": str(error)})
    return Changed(1)


@transaction.atomic
def _put(caller: Caller, user: User, new: str) -> None:
    before = {"changed at": user.password_changed_at}
    set_password(user=user, password=new, now=caller.now, but=caller.session_id)
    entry(
        at=caller.now,
        who=user.login,
        user_id=user.pk,
        realm=RealmName(user.realm),
        address=caller.address,
        method=caller.method,
        subject=f"user {user.pk}",
        before=before,
        after={"changed at": user.password_changed_at},
    ).save()


def _realm_of_port(caller: Caller) -> RealmName | None:
    return RealmName(caller.port_realm) if caller.port_realm else None


def _tokens(opened: Opened) -> Tokens:
    return Tokens(
        session_id=opened.session_id,
        access_token=opened.access_token,
        refresh_token=opened.refresh_token,
        expires_at=time_text(opened.expires_at) or "",
        expires_in=opened.expires_in,
    )
