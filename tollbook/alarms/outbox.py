"""Sending what is in the outbox: at least once each, and never again once it is known to have arrived."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tollbook.alarms.delivery.errors import Delayed, Refused
from tollbook.alarms.delivery.mail import mail_server, send_mail
from tollbook.alarms.delivery.webhook import post_webhook
from tollbook.alarms.models import AlarmKind, Channel, Message
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.connections.secrets import decrypted
from tollbook.errors import BadInput

LOG = logging.getLogger(__name__)

# After each attempt that failed; after the last of them a message is given up, two days after it was written.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
MAX_AT_ONCE = 100  # messages of one run; what is left is sent by the next

Carrier = Callable[[Message, datetime], None]


@dataclass(slots=True)
class Outcome:
    """What became of the messages that were due."""

    sent: int = 0
    delayed: int = 0
    given_up: int = 0


def send_due(*, now: datetime, carriers: Mapping[str, Carrier] | None = None) -> Outcome:
    """Send the messages that are due. Several may do so at once: each takes messages that no other has.

    A message is held by a lock on its row while it is sent, so whoever is killed then lets go of it, unsent as far
    as anybody knows: it is sent again, with the same id.
    """
    outcome = Outcome()
    for _ in range(MAX_AT_ONCE):
        if not _send_next(now, carriers or CARRIERS, outcome):
            break
    return outcome


@transaction.atomic
def _send_next(now: datetime, carriers: Mapping[str, Carrier], outcome: Outcome) -> bool:
    due = Message.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    message = due.select_for_update(skip_locked=True).first()
    if message is None:
        return False
    message.attempts += 1
    try:
        carriers[message.channel](message, now)
    except (Delayed, BadInput) as error:
        message.error = str(error)
        message.next_attempt_at = now + WAITS[message.attempts - 1] if message.attempts <= len(WAITS) else None
        outcome.delayed += message.next_attempt_at is not None
    except Refused as error:
        message.error, message.next_attempt_at = str(error), None
    else:
        message.error, message.next_attempt_at, message.sent_at = "", None, now
        outcome.sent += 1
        clear_alarm(kind=AlarmKind.MESSAGE_FAILED, connection=None, subject=message.address, now=now)
    message.save(update_fields=["attempts", "error", "next_attempt_at", "sent_at"])
    if message.error:
        LOG.warning("message %s not delivered, attempt %s: %s", message.key, message.attempts, message.error)
    if message.sent_at is None and message.next_attempt_at is None:
        outcome.given_up += 1
        _give_up(message, now)
    return True


def _give_up(message: Message, now: datetime) -> None:
    raise_alarm(
        kind=AlarmKind.MESSAGE_FAILED,
        connection=None,
        subject=message.address,
        text=f"“{message.subject}” could not be delivered to {message.address} ({message.attempts} attempts): "
        f"{message.error}. See that the address is right; `tollbook alarms unsubscribe` takes it off the list",
        now=now,
        not_to=message.address,
    )


def _by_mail(message: Message, _now: datetime) -> None:
    send_mail(
        mail_server(),
        to=message.address,
        subject=message.subject,
        body=message.body,
        key=message.key,
        written_at=message.written_at,
    )


def _to_webhook(message: Message, now: datetime) -> None:
    if message.subscription is None:
        raise Refused("it is not subscribed any more")
    secret = decrypted(message.subscription.secret, connection=message.address)["webhook"]
    post_webhook(message.address, body=message.body, key=message.key, secret=secret, now=now)


CARRIERS: Mapping[str, Carrier] = {Channel.MAIL: _by_mail, Channel.WEBHOOK: _to_webhook}
