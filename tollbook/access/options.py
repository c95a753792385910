"""What an operator may set about logins, by environment variables; each has a default."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ipaddress import ip_network

from tollbook.connectors.push_gate import Network
from tollbook.errors import BadInput

PREFIX = "TOLLBOOK_API_"
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How logins are dealt with."""

    token_lifetime: timedelta  # of an access token and its session
    refresh_lifetime: timedelta  # how long after that a refresh token still opens the session again
    password_days: int  # until a password must be changed; 0 = never
    calls_per_minute: int  # of one address, and of one user
    i_env: int  # the number of this site in tokens
    scopes: str  # in tokens; nothing here depends on them
    session_cookie: str  # names of the cookies that a login sets
    token_cookie: str
    proxies: tuple[Network, ...]  # whose X-Forwarded-For is believed


@cache
def options() -> Options:
    """As the environment says.

    Raises:
        BadInput: a variable makes no sense.
    """
    return read_options(os.environ)


def read_options(environment: Mapping[str, str]) -> Options:
    """Likewise, of any environment."""
    lifetime = _number(environment, "TOKEN_LIFETIME_S", 2 * DAY_S, least=30, most=30 * DAY_S)
    return Options(
        token_lifetime=timedelta(seconds=lifetime),
        refresh_lifetime=timedelta(
            seconds=_number(environment, "REFRESH_LIFETIME_S", 7 * DAY_S, least=0, most=365 * DAY_S)
        ),
        password_days=_number(environment, "PASSWORD_DAYS", 30, least=0, most=3_650),
        calls_per_minute=_number(environment, "CALLS_PER_MINUTE", 30_000, least=1, most=10_000_000),
        i_env=_number(environment, "I_ENV", 1, least=1, most=1_000_000_000),
        scopes=environment.get(f"{PREFIX}SCOPES", ""),
        session_cookie=_cookie(environment, "SESSION_COOKIE", "session_id"),
        token_cookie=_cookie(environment, "TOKEN_COOKIE", "access_token"),
        proxies=_networks(environment, "PROXIES"),
    )


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = environment.get(PREFIX + name, "").strip()
    if not text:
        return default
    if not (text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
        raise BadInput(f"{PREFIX}{name} is {text!r}; give a whole number from {least} to {most}, or leave it out")
    return int(text)


def _cookie(environment: Mapping[str, str], name: str, default: str) -> str:
    text = environment.get(PREFIX + name, "").strip() or default
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise BadInput(f"{PREFIX}{name} is {text!r}; give a name of letters, digits, - and _")
    return text


def _networks(environment: Mapping[str, str], name: str) -> tuple[Network, ...]:
    found = []
    for word in environment.get(PREFIX + name, "").replace(",", " ").split():
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise BadInput(
                f"{PREFIX}{name}: {word!r} is no address or network ({error}); write them as 192.0.2.7,10.0.0.0/8"
            ) from None
    return tuple(found)
