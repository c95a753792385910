"""What an installation may say of Les.net. Hardly anything about it is public, so all of it can be said otherwise."""

import re
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Self
from urllib.parse import urlsplit

from tollbook.connectors import settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.files.limits import MIB
from tollbook.connectors.http import SETTINGS as HTTP_SETTINGS
from tollbook.connectors.http import Patience
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

MAX_SIZE_MIB = 1 << 20
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_NOTHING = Secret("")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

SETTINGS = (
    Setting(
        name="portal",
        help="Where the links of accounts lead; login, cookie and header are sent nowhere else",
        default="https://portal.les.net",
    ),
    Setting(
        name="auth",
        help="How the files are protected: none; basic (login, password); cookie; header",
        default="none",
        choices=("none", "basic", "cookie", "header"),
    ),
    Setting(name="login", help="With auth basic"),
    Setting(name="password", help="With auth basic", is_secret=True),
    Setting(name="cookie_secret", help="With auth cookie: name=value, as a browser sends it", is_secret=True),
    Setting(name="header_name", help="With auth header: the header's name", default="Authorization"),
    Setting(name="header_secret", help="With auth header: its value", is_secret=True),
    Setting(name="url_secret", help="More of every link after ?, where it holds a key", is_secret=True),
    Setting(
        name="delimiter",
        help="Between columns; auto = as seen in the file, where the layout leaves it open",
        default="auto",
        choices=("auto", *DELIMITERS),
    ),
    Setting(
        name="header",
        help="Whether the first line names the columns; auto = as seen in the file, where the layout has both",
        default="auto",
        choices=("auto", "yes", "no"),
    ),
    Setting(name="layout_confirmed", help="Written by `tollbook connection confirm`: what somebody looked at"),
    Setting(
        name="incoming_to",
        help="Calls to these numbers came in: DIDs as the files have them, commas between, x for a digit, * at an end. "
        "Empty: as the layout says, and without a rule there every call went out",
    ),
    Setting(
        name="cumulative",
        help="Whether a file only grows until it begins anew, so that a shorter one has been cut: yes or no",
        default="yes",
    ),
    Setting(
        name="last_line",
        help="A last line without its end: wait until it has one, or take it as it is",
        default="wait",
        choices=("wait", "take"),
    ),
    Setting(
        name="last_modified",
        help="The header of that name: trust it to say when a file was refreshed, or ignore it where it is the time of "
        "asking",
        default="trust",
        choices=("trust", "ignore"),
    ),
    Setting(name="max_size_mib", help="Size in MiB above which a file is refused", default="4096"),
    Setting(
        name="suspend_url",
        help="Asked to suspend a peer, with {peer} and {did} in it. Empty: a person is told what to do",
    ),
    Setting(name="resume_url", help="Asked to let a peer call again; likewise"),
    Setting(name="order_method", help="How they are asked", default="POST", choices=("GET", "POST", "PUT")),
    Setting(name="order_header", help="A header sent with orders and questions, where they need a key"),
    Setting(name="order_secret", help="The value of that header", is_secret=True),
    Setting(name="state_url", help="Asked how a peer stands, with {peer} and {did} in it. Empty: nobody knows"),
    Setting(
        name="state_suspended",
        help="A regular expression: found in that answer, in any case, it is suspended",
        default=r"\bsuspended\b",
    ),
    Setting(name="state_active", help="Likewise: it is active", default=r"\bactive\b"),
    *HTTP_SETTINGS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the files are reached."""

    platform: str
    portal: str  # scheme, host and port
    login: str
    password: Secret
    headers: dict[str, Secret]
    hidden: tuple[Secret, ...]  # every secret of the site
    url_secret: Secret
    verify: str
    max_bytes: int
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def of(cls, site: Site) -> Self:
        """What the site says, and the defaults for the rest.

        Raises:
            BadInput: a setting makes no sense, or one that `auth` needs is missing.
        """
        auth = text(site, "auth")
        return cls(
            platform=site.name,
            portal=origin(text(site, "portal"), setting="portal", site=site),
            login=needed(site, "login") if auth == "basic" else "",
            password=site.secrets.get("password", _NOTHING) if auth == "basic" else _NOTHING,
            headers=_headers(site, auth),
            hidden=hidden(site),
            url_secret=site.secrets.get("url_secret", _NOTHING),
            verify=text(site, "verify"),
            max_bytes=MIB * settings.whole(site, SETTINGS, "max_size_mib", least=1, most=MAX_SIZE_MIB),
            patience=Patience.of(site),
        )


def hidden(site: Site) -> tuple[Secret, ...]:
    """What no error may show: every secret, whatever it is for, and a cookie's value alone too."""
    cookie = site.secrets.get("cookie_secret", _NOTHING).reveal()
    return (*site.secrets.values(), *(Secret(part.partition("=")[2].strip()) for part in cookie.split(";")))


def text(site: Site, name: str) -> str:
    return settings.text(site, SETTINGS, name)


def flag(site: Site, name: str) -> bool:
    return settings.flag(site, SETTINGS, name)


def needed(site: Site, name: str) -> str:
    """A setting that must be given.

    Raises:
        BadInput: it is not.
    """
    if found := text(site, name):
        return found
    raise BadInput(f"{site.name}: auth is {text(site, 'auth')!r} and {name} is not set; give `--set {name}=…`")


def origin(url: str, *, setting: str, site: Site) -> str:
    """Scheme, host and port of an address.

    Raises:
        BadInput: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise BadInput(f"{site.name}: setting {setting} is {url!r}; write it as https://portal.les.net")
    return f"{parts.scheme}://{parts.netloc}"


def _headers(site: Site, auth: str) -> dict[str, Secret]:
    if auth == "cookie":
        return {"Cookie": _cookie(site)}
    if auth == "header":
        name = text(site, "header_name")
        if not _HEADER.fullmatch(name):
            raise BadInput(
                f"{site.name}: setting header_name is {name!r}, which is no name of a header; as X-Api-Key"
            )
        return {name: _secret(site, "header_secret")}
    return {}


def _cookie(site: Site) -> Secret:
    given = _secret(site, "cookie_secret")
    try:
        is_one = bool(SimpleCookie(given.reveal()))
    except CookieError:
        is_one = False
    if not is_one:
        raise BadInput(f"{site.name}: the secret cookie_secret is no cookie; write it as name=value")
    return given


def _secret(site: Site, name: str) -> Secret:
    """A secret that must be given, on one line: it goes into a header."""
    given = site.secrets.get(name, _NOTHING)
    if not given.reveal().strip() or not given.reveal().isprintable():
        raise BadInput(f"{site.name}: auth is {text(site, 'auth')!r}; it needs the secret {name}, one line")
    return given
