"""Who is told of changes, and what becomes of what they are told."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tollbook.changes.events import EVENTS, event_type, is_of_any_event, subjects_of
from tollbook.changes.models import Auth, Change, Delivery, DeliveryState, Listener, Subject, Webhook
from tollbook.connections.secrets import encrypted
from tollbook.connectors.post import checked_url
from tollbook.connectors.secret import Secret
from tollbook.connectors.trust import trust
from tollbook.errors import BadInput

WEBHOOKS = "webhooks"  # as a listener
LEAST_SECRET_CHARACTERS = 16  # of what signs
MAX_URL, MAX_WORD = 500, 100
# After each attempt that failed; after the last of them an event is given up, two days after it happened.
WAITS = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
KEPT = timedelta(days=30)  # changes and deliveries that are settled
ROWS_AT_A_TIME = 10_000


@transaction.atomic
def add_webhook(
    *,
    url: str,
    patterns: Sequence[str] = (),
    auth: str = Auth.NONE,
    auth_header: str = "Authorization",
    auth_word: str = "",
    secret: Secret | None = None,
    verify: str = "",
) -> Webhook:
    """Tell a URL of events from now on. Safe to repeat: the last word counts, and what waits is sent by it.

    Raises:
        BadInput: the URL is none, a pattern has no event, or a receiver could not know by this that it is us.
    """
    url = checked_url(url)
    if len(url) > MAX_URL:
        raise BadInput(f"the URL has {len(url)} characters; at most {MAX_URL} can be kept")
    for pattern in patterns:
        if not is_of_any_event(pattern):
            raise BadInput(
                f"no event is called {pattern!r}; there are {', '.join(EVENTS)}, and * stands for any text"
            )
    _check_auth(auth, auth_header, auth_word, secret.reveal() if secret else "")
    trust(verify, platform=url)
    webhook, _ = Webhook.objects.update_or_create(
        url=url,
        defaults={
            "patterns": list(patterns),
            "auth": auth,
            "auth_header": auth_header,
            "auth_word": auth_word,
            "secret": encrypted({"webhook": secret}) if secret else "",
            "verify": verify,
            "is_active": True,
        },
    )
    _listen()
    return webhook


@transaction.atomic
def remove_webhook(*, url: str) -> bool:
    """Tell a URL no more; what waits for it is not sent. Whether there was one. Safe to repeat."""
    removed = bool(Webhook.objects.filter(url=url).delete()[0])
    _listen()
    return removed


@transaction.atomic
def set_listener(name: str, subjects: Iterable[Subject]) -> None:
    """Have changes of these subjects noted for somebody, and no others. Safe to repeat."""
    wanted = set(subjects)
    Listener.objects.filter(name=name).exclude(subject__in=wanted).delete()
    for subject in sorted(wanted):
        Listener.objects.get_or_create(name=name, subject=subject)


@transaction.atomic
def done(delivery: Delivery, *, answer: str, now: datetime) -> None:
    """The receiver has it."""
    _settle(delivery, DeliveryState.DONE, answer, now)


@transaction.atomic
def refused(delivery: Delivery, *, answer: str, now: datetime) -> None:
    """The receiver does not want it: it is not sent again."""
    _settle(delivery, DeliveryState.REFUSED, answer, now)


@transaction.atomic
def failed(delivery: Delivery, *, answer: str, now: datetime) -> bool:
    """It did not arrive, or nobody can know; whether it is tried again."""
    if delivery.attempts >= len(WAITS):
        _settle(delivery, DeliveryState.GIVEN_UP, answer, now)
        return False
    delivery.next_attempt_at = now + WAITS[delivery.attempts]
    delivery.attempts += 1
    delivery.answer = answer
    _save(delivery)
    return True


def forget_settled(*, now: datetime) -> int:
    """Delete changes of which everybody who wanted knows, some time ago; how many."""
    forgotten = 0
    before = now - KEPT
    while True:
        with transaction.atomic():
            old = Change.objects.filter(spread_at__lt=before).exclude(deliveries__state=DeliveryState.WAITING)
            ids = list(old.order_by("pk").values_list("pk", flat=True).distinct()[:ROWS_AT_A_TIME])
            Delivery.objects.filter(change__in=ids).delete()
            Change.objects.filter(pk__in=ids).delete()
        forgotten += len(ids)
        if len(ids) < ROWS_AT_A_TIME:
            return forgotten


def delivery_of(webhook: Webhook, change: Change, *, body: str, now: datetime) -> Delivery:
    """What is to be sent, not saved yet."""
    return Delivery(
        webhook=webhook,
        change=change,
        subject=change.subject,
        subject_id=change.subject_id,
        event_type=event_type(change),
        body=body,
        next_attempt_at=now,
    )


def _settle(delivery: Delivery, state: DeliveryState, answer: str, now: datetime) -> None:
    delivery.attempts += 1
    delivery.state, delivery.answer, delivery.settled_at = state, answer, now
    delivery.next_attempt_at = None
    _save(delivery)


def _save(delivery: Delivery) -> None:
    """Unless its webhook was removed meanwhile, and the delivery with it."""
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=delivery.attempts,
        state=delivery.state,
        answer=delivery.answer,
        settled_at=delivery.settled_at,
        next_attempt_at=delivery.next_attempt_at,
    )


def _listen() -> None:
    subjects: set[Subject] = set()
    for webhook in Webhook.objects.filter(is_active=True):
        subjects |= subjects_of(webhook.patterns)
    set_listener(WEBHOOKS, subjects)


def _check_auth(auth: str, header: str, word: str, secret: str) -> None:
    if auth not in Auth.values:
        raise BadInput(f"{auth!r} is no way to authenticate; there are {', '.join(Auth.values)}")
    if not header.isascii() or not header.replace("-", "").isalnum() or len(header) > MAX_WORD:
        raise BadInput(f"{header!r} cannot be the name of a header; write it like Authorization")
    if any(ord(char) < 32 for char in word + secret) or not (word + secret).isascii() or len(word) > MAX_WORD:
        raise BadInput("what goes into a header is printable ASCII; give another login, type or secret")
    if auth != Auth.NONE and not secret:
        raise BadInput(f"authentication by {auth} needs a secret: the password, the value, or what signs")
    if auth == Auth.BASIC and (not word or ":" in word):
        raise BadInput("basic authentication needs a login, without a colon")
    if auth == Auth.SIGNATURE and len(secret) < LEAST_SECRET_CHARACTERS:
        raise BadInput(f"what signs has at least {LEAST_SECRET_CHARACTERS} characters")
