"""Reading alarms."""

from django.db.models import QuerySet

from tollbook.alarms.models import Alarm


def alarms(*, with_cleared: bool = False) -> QuerySet[Alarm]:
    """Alarms, the newest first; those that are cleared too when asked for."""
    found = Alarm.objects.select_related("connection").order_by("-raised_at", "-pk")
    return found if with_cleared else found.filter(cleared_at=None)
