"""Reading webhooks and what is sent to them."""

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from tollbook.changes.models import Change, Delivery, DeliveryState, Webhook
from tollbook.errors import BadInput


def unspread(limit: int) -> list[Change]:
    """Changes that listeners have not had yet, the oldest first."""
    return list(Change.objects.filter(spread_at=None).order_by("pk")[:limit])


def due_deliveries(webhook: Webhook, *, now: datetime, limit: int) -> list[Delivery]:
    """What may be sent to a webhook now: of each subject the first that waits, if its time has come."""
    earlier = Delivery.objects.filter(
        webhook=OuterRef("webhook"),
        subject=OuterRef("subject"),
        subject_id=OuterRef("subject_id"),
        state=DeliveryState.WAITING,
        change__lt=OuterRef("change"),
    )
    due = Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING, next_attempt_at__lte=now)
    return list(due.filter(~Exists(earlier)).order_by("next_attempt_at", "change")[:limit])


def webhook_at(url: str) -> Webhook:
    """The webhook of that URL.

    Raises:
        BadInput: there is none.
    """
    found = Webhook.objects.filter(url=url).first()
    if found is None:
        raise BadInput(f"no webhook has the URL {url}; see `tollbook webhooks list`")
    return found


def webhooks_with_counts() -> list[dict[str, object]]:
    """Every webhook, and how many of its events are in each state."""
    counts = {state.value: Count("deliveries", filter=Q(deliveries__state=state)) for state in DeliveryState}
    rows = Webhook.objects.order_by("url").annotate(**counts)
    return [dict(row) for row in rows.values("url", "patterns", "auth", *counts)]
