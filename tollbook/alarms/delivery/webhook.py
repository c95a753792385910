"""Webhooks: JSON posted to a URL, signed, with an id by which a repeat is known.

A receiver that has the secret computes HMAC-SHA256 over the timestamp, a dot and the body, and compares.
"""

import hashlib
import hmac
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import httpx

from tollbook.alarms.delivery.errors import Delayed, Refused
from tollbook.connectors.post import NoAnswer, post_json, shown_url
from tollbook.connectors.secret import Secret

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
        ID: str(key),
        TIMESTAMP: moment,
        SIGNATURE: "sha256=" + signature(secret, moment, body),
    }
    where = shown_url(url)
    try:
        status = post_json(url, body=body, headers=headers, timeout_s=TIMEOUT_S)
    except NoAnswer as error:
        raise Delayed(str(error)) from None
    if httpx.codes.is_success(status):
        return
    if status in LATER or httpx.codes.is_server_error(status):
        raise Delayed(f"{where}: answered {status}")
    raise Refused(f"{where}: answered {status}, which means it will not take it; see that the URL is right")


def signature(secret: Secret, timestamp: str, body: str) -> str:
    """What the receiver compares with: HMAC-SHA256 over timestamp, dot and body, in hexadecimal digits."""
    return hmac.new(secret.reveal().encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
