"""An operator whose customers are paired at the toy platform."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.jobs.office import NOON
from tests.jobs.toy_platform import Platform
from tollbook.connections.models import Connection
from tollbook.customers.models import Customer, Pairing
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectRun, UsageCursor


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Toy:
    """What the diary says: at this moment it was collected, and this is what became of it."""

    connection: Connection
    platform: Platform

    def collect(
        self, now: str, *, since: str = "", until: str = "", asked_by: str = "a test", **wish: Any
    ) -> CollectRun:
        return collect_usage(
            self.connection,
            now=at(now),
            asked_by=asked_by,
            since=at(since) if since else None,
            until=at(until) if until else None,
            **wish,
        )

    def pair(self, customer: str, foreign_id: str, since: str = "") -> Pairing:
        return Pairing.objects.create(
            customer=Customer.objects.get(code=customer),
            connection=self.connection,
            foreign_id=foreign_id,
            active_from=at(since) if since else None,
            decided_at=NOON,
            decided_by="a person",
            why="they said so",
        )

    def asked(self) -> Mapping[str, tuple[str, str]]:
        """From when until when each customer was asked for, since this was last looked at."""
        asked = {
            scope.customer_id: (f"{scope.since:%Y-%m-%d %H:%M}", f"{scope.until:%Y-%m-%d %H:%M}")
            for scope in self.platform.asked
        }
        self.platform.asked.clear()
        return asked

    def collected(self) -> Mapping[str, str]:
        """How far each customer has been collected."""
        return {
            cursor.scope: f"{cursor.collected_until:%Y-%m-%d %H:%M}" if cursor.collected_until else "nothing"
            for cursor in UsageCursor.objects.filter(connection=self.connection)
        }
