"""One posting of one event, and what its answer means."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import Enum
from http import HTTPStatus

from tollbook.changes.models import Auth, Webhook
from tollbook.connections.secrets import decrypted
from tollbook.connectors.post import NoAnswer, post_json
from tollbook.connectors.secret import Secret
from tollbook.connectors.trust import trust
from tollbook.errors import BadInput

TIMEOUT_S = 300.0  # so long receivers may take


class Verdict(Enum):
    DONE = "the receiver has it"
    REFUSED = "the receiver does not want it"
    AGAIN = "it is to be sent again"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a posting."""

    verdict: Verdict
    says: str


def post_event(webhook: Webhook, *, body: str, now: datetime, timeout_s: float = TIMEOUT_S) -> Answer:
    """Post an event: 200 means done, 4xx that it is not wanted, and everything else that it is to be sent again."""
    try:
        status = post_json(
            webhook.url,
            body=body,
            headers=headers(webhook, body=body, now=now),
            timeout_s=timeout_s,
            trust=trust(webhook.verify, platform=webhook.url),
        )
    except (NoAnswer, BadInput) as error:
        return Answer(Verdict.AGAIN, str(error))
    if status == HTTPStatus.OK:
        return Answer(Verdict.DONE, "answered 200")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(Verdict.REFUSED, f"answered {status}")
    return Answer(Verdict.AGAIN, f"answered {status}, and only 200 says that it was taken")


def headers(webhook: Webhook, *, body: str, now: datetime) -> dict[str, str]:
    """The date, and what says that it is us.

    Raises:
        OtherKey: the secret cannot be decrypted.
    """
    date = format_datetime(now, usegmt=True)
    if webhook.auth == Auth.NONE:
        return {"Date": date}
    secret = decrypted(webhook.secret, connection=webhook.url)["webhook"]
    return {"Date": date, webhook.auth_header: _credentials(webhook, secret, date, body)}


def signature(secret: Secret, *, date: str, body: str) -> str:
    """What the receiver compares with: HMAC-SHA256 over the Date header, a dot and the body, in hexadecimal digits."""
    return hmac.new(secret.reveal().encode(), f"{date}.{body}".encode(), hashlib.sha256).hexdigest()


def _credentials(webhook: Webhook, secret: Secret, date: str, body: str) -> str:
    match webhook.auth:
        case Auth.BASIC:
            return "Basic " + base64.b64encode(f"{webhook.auth_word}:{secret.reveal()}".encode()).decode()
        case Auth.SIGNATURE:
            return f"{webhook.auth_word or 'HMAC-SHA256'} {signature(secret, date=date, body=body)}"
        case _:
            return f"{webhook.auth_word} {secret.reveal()}".strip()
