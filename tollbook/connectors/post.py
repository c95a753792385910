"""Posting JSON to a URL that somebody named, for alarms and for events."""

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from tollbook.connectors.trust import usual_trust
from tollbook.errors import BadInput, TollbookError


class NoAnswer(TollbookError):
    """Nobody can know whether it arrived."""


def post_json(
    url: str, *, body: str, headers: Mapping[str, str], timeout_s: float, trust: ssl.SSLContext | None = None
) -> int:
    """The status that the receiver answered. Redirects are not followed: they could lead anywhere.

    Raises:
        NoAnswer: there was none within the time, or it speaks no TLS that is trusted.
    """
    try:
        # Proxies of the environment are for people's own tools.
        with httpx.Client(
            timeout=timeout_s, trust_env=False, follow_redirects=False, verify=trust or usual_trust()
        ) as client:
            sent = {"Content-Type": "application/json", **headers}
            # Only the status counts: a body without an end shall keep nobody.
            with client.stream("POST", url, content=body.encode(), headers=sent) as answer:
                return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last of names that cannot be
        raise NoAnswer(
            f"{shown_url(url)}: {error or type(error).__name__}; see that it runs and can be reached"
        ) from None


def checked_url(url: str) -> str:
    """The URL, if something can be posted there.

    Raises:
        BadInput: it cannot.
    """
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        is_url = False
    if not is_url or any(char.isspace() for char in url):
        raise BadInput(
            f"{shown_url(url)!r} is not a URL to post to; write it like https://example.com/hooks/tollbook"
        )
    return url


def shown_url(url: str) -> str:
    """Without what may be secret: user, password, query."""
    return url.partition("?")[0].rpartition("@")[2].removeprefix("https://").removeprefix("http://")
