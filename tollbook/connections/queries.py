"""Reading connections."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from tollbook.connections.models import Connection


def zone_of(connection: Connection) -> ZoneInfo:
    """The zone of a connection's days, and of its schedule."""
    return ZoneInfo(connection.timezone or "UTC")


def beginning_of(day: date, connection: Connection) -> datetime:
    """Midnight at the beginning of a day of the connection's, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone_of(connection)).astimezone(UTC)
