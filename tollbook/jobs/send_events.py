"""Send events to webhooks: at least once each, those of one subject in their order, about ten a second to a webhook.

One courier is at work at a time (a lock in the database that goes with its process). What it posts is noted when the
answer comes, so whoever is killed in between has noted nothing, and it is sent again.
"""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from django.db import connection as database

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.changes.models import Delivery, Webhook
from tollbook.changes.operations import done, failed, refused
from tollbook.changes.queries import due_deliveries
from tollbook.changes.sending import TIMEOUT_S, Answer, Verdict, post_event
from tollbook.connectors.post import shown_url
from tollbook.jobs.spread_changes import spread_changes

LOG = structlog.get_logger()

PER_SECOND = 10.0  # postings to one webhook, on average
MOST_AT_ONCE = 10  # postings to one webhook whose answers are awaited
MOST_POSTINGS = 40  # of all webhooks
LOOK_S = 0.1  # between two looks at what came

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Courier:
    """Posts what is due. Work it from one thread; the postings have threads of their own, without a database."""

    timeout_s: float = TIMEOUT_S
    clock: Clock = utc_now
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_POSTINGS, "posting"))
    _under_way: dict[Future[Answer], Delivery] = field(default_factory=dict)
    _not_before: dict[int, float] = field(default_factory=dict)

    def work(self) -> int:
        """Spread what changed, post what is due as far as the pace allows, note what was answered; how many postings
        are under way then. Comes back at once or after LOOK_S.
        """
        if not is_the_courier():
            return 0
        spread_changes(now=self.clock())
        webhooks = list(Webhook.objects.filter(is_active=True).order_by("pk"))
        for webhook in webhooks:
            # Those that do not answer shall not take the places of those that do.
            self._post_due(webhook, at_once=min(MOST_AT_ONCE, max(MOST_POSTINGS // len(webhooks), 1)))
        self.note(within_s=LOOK_S)
        return len(self._under_way)

    def note(self, *, within_s: float) -> None:
        """Note the answers that are there, or come within a time."""
        if not self._under_way:
            return
        answered, _ = wait(self._under_way, timeout=within_s, return_when=FIRST_COMPLETED)
        for one in answered:
            _note(self._under_way.pop(one), _answer(one), self.clock())

    def close(self, *, within_s: float) -> None:
        """Wait a while for answers. What is not answered then is posted again by the next courier."""
        until = time.monotonic() + within_s
        while self._under_way and time.monotonic() < until:
            self.note(within_s=LOOK_S)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _post_due(self, webhook: Webhook, *, at_once: int) -> None:
        mine = [one for one in self._under_way.values() if one.webhook_id == webhook.pk]
        room = min(at_once - len(mine), MOST_POSTINGS - len(self._under_way), self._allowed(webhook))
        if room <= 0:
            return
        busy = {one.pk for one in mine}
        due = due_deliveries(webhook, now=self.clock(), limit=room + len(busy))
        posted = [one for one in due if one.pk not in busy][:room]
        for delivery in posted:
            sent = self._pool.submit(
                post_event, webhook, body=delivery.body, now=self.clock(), timeout_s=self.timeout_s
            )
            self._under_way[sent] = delivery
        since = max(self._not_before.get(webhook.pk, 0.0), time.monotonic() - MOST_AT_ONCE / PER_SECOND)
        self._not_before[webhook.pk] = since + len(posted) / PER_SECOND

    def _allowed(self, webhook: Webhook) -> int:
        """What may be posted now: what was saved up by waiting, at most a second's."""
        saved_s = time.monotonic() - self._not_before.get(webhook.pk, 0.0)
        return int(min(saved_s * PER_SECOND, MOST_AT_ONCE))


def is_the_courier() -> bool:
    """Whether this process is the one that posts; it is until it ends, or loses the database."""
    with database.cursor() as cursor:
        # A session may take it again and again; only one session has it.
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
            " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended('tollbook courier', 0))"
            " OR pg_try_advisory_lock(hashtextextended('tollbook courier', 0))"
        )
        return bool(cursor.fetchone()[0])


def _answer(posting: Future[Answer]) -> Answer:
    """Its answer. What nobody thought of at one posting does not keep the others from being made."""
    try:
        return posting.result()
    except Exception as error:
        LOG.exception("posting")
        return Answer(Verdict.AGAIN, f"a defect in Tollbook: {error!r}; the log has more")


def _note(delivery: Delivery, answer: Answer, now: datetime) -> None:
    where = delivery.webhook.url
    match answer.verdict:
        case Verdict.DONE:
            done(delivery, answer=answer.says, now=now)
            clear_alarm(kind=AlarmKind.MESSAGE_FAILED, connection=None, subject=where, now=now)
            return
        case Verdict.REFUSED:
            refused(delivery, answer=answer.says, now=now)
        case Verdict.AGAIN if not failed(delivery, answer=answer.says, now=now):
            _give_up(delivery, answer, now)
    LOG.warning("event not taken", webhook=shown_url(where), change=delivery.change_id, answer=answer.says)


def _give_up(delivery: Delivery, answer: Answer, now: datetime) -> None:
    raise_alarm(
        kind=AlarmKind.MESSAGE_FAILED,
        connection=None,
        subject=delivery.webhook.url,
        text=f"{delivery.event_type} (event {delivery.change_id}) could not be delivered to "
        f"{shown_url(delivery.webhook.url)} ({delivery.attempts} attempts): {answer.says}. See that the receiver runs; "
        "`tollbook webhooks deliveries` shows what it did not get",
        now=now,
        not_to=delivery.webhook.url,
    )
