"""Who calls: by login and password, API token, session or access token, in a structure, a header or a cookie."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from tollbook.access.errors import LoginRefused, SessionOver
from tollbook.access.login import WRONG, log_in
from tollbook.access.models import RealmName, User
from tollbook.access.options import options
from tollbook.access.queries import may_come_from, permissions_of
from tollbook.access.sessions import live_session
from tollbook.access.tokens import session_id_of
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import NO_AUTH, Fault
from tollbook.credit.permits import staff_stop
from tollbook.customers.actors import Realm

REALM_VARIABLE = "TOLLBOOK_API_REALM"  # set by `tollbook up` for the process of a realm's own port; unset = any
REALMS = {"admin": Realm.STAFF, "customer": Realm.CUSTOMER, "account": Realm.ACCOUNT}
CROSS_SITE = frozenset(
    {"cross-site", "same-site"}
)  # of Sec-Fetch-Site: another site's page makes the browser call


def realm_of_this_port() -> Realm | None:
    """Which realm is served by this process; None = all, told apart by the credential."""
    named = os.environ.get(REALM_VARIABLE, "")
    return REALMS[named] if named else None


def credentials(request: HttpRequest, auth: Mapping[str, Any]) -> dict[str, str]:
    """What says who calls: auth_info, else the Bearer header, else cookies; {} = nothing.

    Cookies count for POST alone and never when another site's page sends them.
    """
    names = ("access_token", "session_id", "login", "password", "token")
    given = {name: str(auth[name]) for name in names if auth.get(name)}
    if given:
        return given
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return {"access_token": token.strip()}
    if request.method != "POST" or request.headers.get("Sec-Fetch-Site", "") in CROSS_SITE:
        return {}
    for name, cookie in (("access_token", options().token_cookie), ("session_id", options().session_cookie)):
        if request.COOKIES.get(cookie):
            return {name: request.COOKIES[cookie]}
    return {}


def caller_of(given: Mapping[str, str], *, address: str, now: datetime) -> Caller:
    """The caller whose credentials these are.

    Raises:
        Fault: there are none. TollbookError (access.errors): they are not right.
    """
    realm = realm_of_this_port()
    if "access_token" in given:
        return _of_session(session_id_of(given["access_token"], now=now), address, now)
    if "session_id" in given:
        return _of_session(given["session_id"], address, now)
    if "login" in given:
        user = log_in(
            realm=RealmName(realm) if realm else None,
            login=given["login"],
            password=given.get("password", ""),
            token=given.get("token", ""),
            address=address,
            now=now,
        )
        see_that_none_stops(user)
        return _caller(user, address, now)
    raise Fault(NO_AUTH, "send auth_info with login and password, login and token, session_id or access_token")


def nobody(given: Mapping[str, str], *, address: str, now: datetime) -> Caller:
    """Somebody who has not logged in; only methods that need no login answer."""
    realm = realm_of_this_port()
    return Caller(
        realm=realm or Realm.ACCOUNT,
        port_realm=realm,
        user_id=0,
        login=given.get("login", ""),
        permissions=(),
        address=address,
        now=now,
    )


def is_stopped(user: User) -> bool:
    """Whether staff stopped the customer whose user it is, or whose account's."""
    return user.customer_id is not None and staff_stop(user.customer_id)


def see_that_none_stops(user: User) -> None:
    """Before somebody who gave the right password is let in.

    Raises:
        LoginRefused: staff stopped the customer; it says no more than a wrong password does.
    """
    if is_stopped(user):
        raise LoginRefused(WRONG)


def _of_session(session_id: str, address: str, now: datetime) -> Caller:
    user = live_session(session_id, now=now).user
    realm = realm_of_this_port()
    if (realm is not None and user.realm != realm) or not may_come_from(user, address):
        raise SessionOver("the session is not of this port, or not of this address; log in here")
    if is_stopped(user):
        raise SessionOver("the session is over; log in again")
    caller = _caller(user, address, now)
    caller.session_id = session_id
    return caller


def _caller(user: User, address: str, now: datetime) -> Caller:
    return Caller(
        realm=Realm(user.realm),
        port_realm=realm_of_this_port(),
        user_id=user.pk,
        login=user.login,
        customer_id=user.customer_id,
        account_id=user.account_id,
        permissions=permissions_of(user),
        address=address,
        now=now,
    )
