"""Sessions: opened by a login, renewed by a refresh token, found again by their id or an access token."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tollbook.access.errors import RefreshRefused, SessionOver
from tollbook.access.models import ApiSession, User
from tollbook.access.options import options
from tollbook.access.passwords import token_hash
from tollbook.access.queries import may_come_in, password_has_expired
from tollbook.access.tokens import make_token

ID = re.compile(r"[0-9a-f]{32}")  # of sessions, and refresh tokens
KEPT_ONCE_OVER = 1_000  # sessions that ended long ago are forgotten so many at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a client is given. Nothing of it can be read from the database."""

    session_id: str
    access_token: str
    refresh_token: str
    expires_at: datetime
    expires_in: int  # seconds


@transaction.atomic
def open_session(user: User, *, address: str, now: datetime, by: str = "", by_token: bool = False) -> Opened:
    """A new session. `by`: of the staff, who opens it for somebody."""
    _forget_old(now)
    session_id, refresh_token = secrets.token_hex(16), secrets.token_hex(16)
    session = ApiSession(
        user=user,
        id_hash=token_hash(session_id),
        address=address,
        opened_at=now,
        opened_by=by,
        by_token=by_token,
    )
    return _given(session, session_id, refresh_token, now)


@transaction.atomic
def refresh_session(refresh_token: str, *, now: datetime) -> Opened:
    """The session goes on with a new access token and a new refresh token; the old refresh token is void.

    Raises:
        RefreshRefused: unknown, used before, expired, or the user may not come in any more.
    """
    session = (
        ApiSession.objects.select_for_update(of=("self",))
        .select_related("user", "user__customer", "user__account", "user__role")
        .filter(refresh_hash=token_hash(refresh_token), ended_at=None, refresh_until__gt=now)
        .first()
    )
    if (
        session is None
        or not may_come_in(session.user, now)
        or (not (session.by_token or session.opened_by) and password_has_expired(session.user, now))
    ):
        raise RefreshRefused("the refresh token is not valid (any more); log in again")
    return _given(session, _unsealed(session.sealed_id, refresh_token), secrets.token_hex(16), now)


def live_session(session_id: str, *, now: datetime) -> ApiSession:
    """The session of that id, with its user.

    Raises:
        SessionOver: there is none, it is over, or its user may not come in any more.
    """
    found = None
    if ID.fullmatch(session_id):
        found = (
            ApiSession.objects.select_related("user", "user__customer", "user__account", "user__role")
            .filter(id_hash=token_hash(session_id), ended_at=None, expires_at__gt=now)
            .first()
        )
    if found is None or not may_come_in(found.user, now):
        raise SessionOver("the session is over; log in again")
    return found


def end_session(session: ApiSession, *, now: datetime) -> None:
    """Nothing of it is of any use from now on."""
    ApiSession.objects.filter(pk=session.pk).update(ended_at=now)


def end_sessions_of(user: User, *, now: datetime, but: str = "") -> int:
    """All of a user's sessions but the one of that id; how many there were."""
    open_ones = ApiSession.objects.filter(user=user, ended_at=None)
    return (open_ones.exclude(id_hash=token_hash(but)) if but else open_ones).update(ended_at=now)


def _given(session: ApiSession, session_id: str, refresh_token: str, now: datetime) -> Opened:
    whole = now.replace(microsecond=0)
    session.expires_at = whole + options().token_lifetime
    session.refresh_until = session.expires_at + options().refresh_lifetime
    session.refresh_hash = token_hash(refresh_token)
    session.sealed_id = _sealed(session_id, refresh_token)
    session.save()
    return Opened(
        session_id=session_id,
        access_token=make_token(session.user, session_id=session_id, now=whole, expires_at=session.expires_at),
        refresh_token=refresh_token,
        expires_at=session.expires_at,
        expires_in=int(options().token_lifetime.total_seconds()),
    )


def _sealed(session_id: str, refresh_token: str) -> str:
    """The id under a key that only the refresh token gives, and that is used once: the new token must name it."""
    key = hashlib.sha256(f"session {refresh_token}".encode()).digest()[:16]
    return bytes(one ^ other for one, other in zip(bytes.fromhex(session_id), key, strict=True)).hex()


_unsealed = _sealed


def _forget_old(now: datetime) -> None:
    """Sessions that nobody can use any more, a bounded number at a time."""
    old = ApiSession.objects.filter(refresh_until__lte=now).order_by("refresh_until")[:KEPT_ONCE_OVER]
    ApiSession.objects.filter(pk__in=old.values("pk")).delete()
