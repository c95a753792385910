"""Alarms: raised once however often they are seen, told to who asked for it, cleared when the cause is gone."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from tollbook.alarms.delivery.mail import checked_address
from tollbook.alarms.models import Alarm, AlarmKind, AlarmSubscription, Channel, Message
from tollbook.connections.models import Connection
from tollbook.connections.secrets import encrypted
from tollbook.connectors.post import checked_url
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

MAX_SUBJECT = 200
LEAST_SECRET_CHARACTERS = 16


@transaction.atomic
def raise_alarm(
    *, kind: str, connection: Connection | None, subject: str, text: str, now: datetime, not_to: str = ""
) -> Alarm:
    """Say that something is wrong. Safe to repeat: seen again it is the same alarm, with the newer text.

    A new alarm is told to its subscribers: messages are written with it, or neither is. `not_to` is an address
    that is not told, because it is what does not work.
    """
    subject = shortened(subject)
    alarm, is_new = Alarm.objects.get_or_create(
        kind=kind,
        connection=connection,
        subject=subject,
        cleared_at=None,
        defaults={"text": text, "raised_at": now, "seen_at": now},
    )
    if is_new:
        _tell(alarm, now, not_to)
    else:
        alarm.text, alarm.seen_at = text, now
        alarm.save(update_fields=["text", "seen_at"])
    return alarm


def clear_alarm(*, kind: str, connection: Connection | None, subject: str, now: datetime) -> bool:
    """Say that it is well again; whether there was an alarm. Safe to repeat."""
    open_ones = Alarm.objects.filter(kind=kind, connection=connection, cleared_at=None)
    return bool(open_ones.filter(subject=shortened(subject)).update(cleared_at=now))


@transaction.atomic
def settle_alarms(*, kind: str, connection: Connection | None, found: Mapping[str, str], now: datetime) -> None:
    """Say all that is wrong of a kind with a connection now (subject → text); what is not in it is well again."""
    for subject, text in found.items():
        raise_alarm(kind=kind, connection=connection, subject=subject, text=text, now=now)
    gone = Alarm.objects.filter(kind=kind, connection=connection, cleared_at=None)
    gone.exclude(subject__in=[shortened(subject) for subject in found]).update(cleared_at=now)


def acknowledge_alarm(*, alarm_id: int, by: str, now: datetime) -> Alarm:
    """Note that somebody has seen it. Safe to repeat: the first to do so stays on record.

    Raises:
        BadInput: there is no such alarm.
    """
    Alarm.objects.filter(pk=alarm_id, acknowledged_at=None).update(acknowledged_at=now, acknowledged_by=by)
    found = Alarm.objects.filter(pk=alarm_id).first()
    if found is None:
        raise BadInput(f"there is no alarm {alarm_id}; see `tollbook alarms list`")
    return found


@transaction.atomic
def subscribe(
    *, channel: str, address: str, kinds: Sequence[str] = (), secret: Secret | None = None
) -> AlarmSubscription:
    """Tell an address of alarms from now on; of those of some kinds, or all. Safe to repeat; the last word counts.

    `secret` signs what goes to a webhook.

    Raises:
        BadInput: the address is none, a kind is unknown, or a webhook has no secret that deserves the name.
    """
    address = checked_address(address) if channel == Channel.MAIL else checked_url(address)
    unknown = [kind for kind in kinds if kind not in AlarmKind.values]
    if unknown:
        raise BadInput(f"there is no kind of alarm {unknown[0]!r}; there are {', '.join(AlarmKind.values)}")
    if channel == Channel.WEBHOOK and len(secret.reveal() if secret else "") < LEAST_SECRET_CHARACTERS:
        raise BadInput(f"a webhook needs a secret of at least {LEAST_SECRET_CHARACTERS} characters to sign with")
    subscription, _ = AlarmSubscription.objects.update_or_create(
        channel=channel,
        address=address,
        defaults={"kinds": list(kinds), "secret": encrypted({"webhook": secret}) if secret else ""},
    )
    return subscription


def unsubscribe(*, address: str) -> int:
    """Tell an address no more; how many subscriptions it had. What is already written to a webhook is not sent."""
    return AlarmSubscription.objects.filter(address=address).delete()[1].get("alarms.AlarmSubscription", 0)


def shortened(subject: str) -> str:
    """As an alarm keeps it."""
    return subject if len(subject) <= MAX_SUBJECT else subject[: MAX_SUBJECT - 1] + "…"


def _tell(alarm: Alarm, now: datetime, not_to: str) -> None:
    for subscription in AlarmSubscription.objects.exclude(address=not_to).order_by("pk"):
        if not subscription.kinds or alarm.kind in subscription.kinds:
            write_message(subscription, alarm, now)


def write_message(subscription: AlarmSubscription, alarm: Alarm, now: datetime) -> Message:
    """Put what tells of the alarm into the outbox."""
    where = alarm.connection.name if alarm.connection else "tollbook"
    key = uuid4()
    is_mail = subscription.channel == Channel.MAIL
    facts = {
        "id": str(key),
        "alarm": alarm.pk,
        "kind": alarm.kind,
        "connection": alarm.connection.name if alarm.connection else None,
        "subject": alarm.subject,
        "text": alarm.text,
        "raised_at": alarm.raised_at.isoformat(),
    }
    return Message.objects.create(
        key=key,
        subscription=subscription,
        channel=subscription.channel,
        address=subscription.address,
        subject=shortened(f"[{where}] {_title(alarm.kind)}" + (f": {alarm.subject}" if alarm.subject else "")),
        body=_mail_text(alarm) if is_mail else json.dumps(facts, ensure_ascii=False),
        written_at=now,
        next_attempt_at=now,
    )


def _title(kind: str) -> str:
    return AlarmKind(kind).label if kind in AlarmKind.values else kind.replace("_", " ")


def _mail_text(alarm: Alarm) -> str:
    return (
        f"{alarm.text}\n\n"
        f"Raised {alarm.raised_at:%Y-%m-%d %H:%M} UTC. It clears by itself when the cause is gone.\n"
        f"Say that you have seen it: tollbook alarms acknowledge {alarm.pk}\n"
    )
