"""Webhooks: JSON posted to a URL, signed, with an id by which a repeat is known.

A receiver that has the secret computes HMAC-SHA256 over the timestamp, a dot and the body, and compares.
"""

import hashlib
import hmac
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from tollbook.alarms.delivery.errors import Delayed, Refused
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

ID, TIMESTAMP, SIGNATURE = "Tollbook-Message-Id", "Tollbook-Timestamp", "Tollbook-Signature"
TIMEOUT_S = 20
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


def post_webhook(url: str, *, body: str, key: UUID, secret: Secret, now: datetime) -> None:
    """Post a message. The receiver has it when this returns: it answered 2xx.

    Raises:
        Delayed: try again; nobody can know whether it arrived, so its id goes with it.
        Refused: the receiver answered that it will not take it.
    """
    moment = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        ID: str(key),
        TIMESTAMP: moment,
        SIGNATURE: "sha256=" + signature(secret, moment, body),
    }
    where = _shown(url)
    try:
        # Proxies of the environment are for people's own tools; redirects could lead anywhere.
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
            status = client.post(url, content=body.encode(), headers=headers).status_code
    except httpx.TransportError as error:
        raise Delayed(f"{where}: {error or type(error).__name__}; see that it runs and can be reached") from None
    if httpx.codes.is_success(status):
        return
    if status in LATER or httpx.codes.is_server_error(status):
        raise Delayed(f"{where}: answered {status}")
    raise Refused(f"{where}: answered {status}, which means it will not take it; see that the URL is right")


def signature(secret: Secret, timestamp: str, body: str) -> str:
    """What the receiver compares with: HMAC-SHA256 over timestamp, dot and body, in hexadecimal digits."""
    return hmac.new(secret.reveal().encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


def checked_url(url: str) -> str:
    """The URL, if a webhook can be there.

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
            f"{_shown(url)!r} is not a URL to post to; write it like https://example.com/hooks/tollbook"
        )
    return url


def _shown(url: str) -> str:
    """Without what may be secret: user, password, query."""
    return url.partition("?")[0].rpartition("@")[2].removeprefix("https://").removeprefix("http://")
