"""Reading alarms and what is told of them."""

from django.db.models import Count, Max, Q, QuerySet

from tollbook.alarms.models import Alarm, Message


def alarms(*, with_cleared: bool = False) -> QuerySet[Alarm]:
    """Alarms, the newest first; those that are cleared too when asked for."""
    found = Alarm.objects.select_related("connection").order_by("-raised_at", "-pk")
    return found if with_cleared else found.filter(cleared_at=None)


def messages_by_address() -> dict[str, dict[str, object]]:
    """How the messages to each address stand: sent, waiting, given up, and the error of one that waits."""
    waiting = Q(next_attempt_at__isnull=False)
    rows = Message.objects.values("address").annotate(
        sent=Count("pk", filter=Q(sent_at__isnull=False)),
        waiting=Count("pk", filter=waiting),
        given_up=Count("pk", filter=Q(sent_at=None, next_attempt_at=None)),
        error=Max("error", filter=waiting),
    )
    return {
        row["address"]: {
            "sent": row["sent"],
            "waiting": row["waiting"],
            "given_up": row["given_up"],
            "error": row["error"] or "",
        }
        for row in rows
    }
