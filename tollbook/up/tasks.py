"""Jobs as the queue knows them: when, again if they fail, and one at a time for each connection.

What they do is in `jobs`. This is where the clock is read for them.
"""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import structlog
from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import QuerySet
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.tasks import Task

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.alarms.outbox import send_due
from tollbook.changes.operations import forget_settled
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, schedule_of
from tollbook.connections.schedule import is_due
from tollbook.connectors.base import Feature
from tollbook.connectors.errors import TryAgainLater
from tollbook.connectors.registry import CONNECTORS, connector_class
from tollbook.credit.models import SuspensionOrder
from tollbook.credit.queries import current_orders, due_orders
from tollbook.errors import TollbookError
from tollbook.jobs.carry_out_orders import carry_out_due
from tollbook.jobs.charge_fees import FIRST_ZONE, charge_fees
from tollbook.jobs.check_orders import check_orders, keep_holds
from tollbook.jobs.check_sources import check_sources
from tollbook.jobs.collect_usage import SCHEDULE, collect_usage
from tollbook.jobs.provision_accounts import provision_due
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.sync import sync as sync_with_platform
from tollbook.jobs.watch_funds import watch_everybody, watch_raised
from tollbook.provisioning.queries import due_orders as accounts_due
from tollbook.up.queues import HOUSE, ORDER_LANES, PLATFORMS
from tollbook.up.visits import alarmed, see_that_all_was_collected, see_that_all_was_synced
from tollbook.usage.pushing import forget_taken

LOG = structlog.get_logger()

WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)
MOST_INTERRUPTIONS = 10  # of one job, by dying workers, before it is taken for what kills them
SILENT_AFTER_S = 45  # a worker says every ten seconds that it lives
KEPT_H = 30 * 24  # jobs that failed, for people to look at
SYNCED = {Feature.CUSTOMERS, Feature.ACCOUNTS, Feature.NUMBERS}
EVERY_MINUTE = "* * * * *"
EVERY_TEN_SECONDS = "* * * * * */10"  # the sixth field is seconds
EVERY_FIVE_MINUTES = "*/5 * * * *"
EVERY_QUARTER = "*/15 * * * *"
HOURLY = "7 * * * *"
NIGHTLY = "40 3 * * *"  # UTC


class BackOff(BaseRetryStrategy):
    """Again after a while, but only what may succeed then."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When; None is not again."""
        if not isinstance(exception, TryAgainLater) or is_last_attempt(job):
            return None
        return RetryDecision(retry_at=_now() + WAITS[job.attempts])


def is_last_attempt(job: Job) -> bool:
    """Whether it is not tried again when it fails now."""
    return job.attempts >= len(WAITS)


@app.task(name="collect", queue=PLATFORMS, pass_context=True, retry=BackOff())
def collect(context: JobContext, connection_id: int) -> None:
    """Collect what is new of a connection."""
    if connection := Connection.objects.filter(pk=connection_id).first():
        with alarmed(AlarmKind.COLLECT_FAILED, connection, is_last=is_last_attempt(context.job)):
            run = collect_usage(connection, now=_now(), asked_by=SCHEDULE)
            LOG.info("collected", connection=connection.name, run=run.pk, state=run.state, **run.outcomes)
            see_that_all_was_collected(run)


@app.task(name="sync", queue=PLATFORMS, pass_context=True, retry=BackOff())
def sync(context: JobContext, connection_id: int) -> None:
    """Bring customers, accounts and numbers up to date with the platform."""
    if connection := Connection.objects.filter(pk=connection_id).first():
        with (
            alarmed(AlarmKind.SYNC_FAILED, connection, is_last=is_last_attempt(context.job)),
            closing(open_connector(connection)) as connector,
        ):
            reports = sync_with_platform(connection, connector, now=_now())
            for report in reports:
                LOG.info("synced", connection=connection.name, part=report.part, listed=report.listed)
            see_that_all_was_synced(connection, reports)


@app.task(name="retry", queue=PLATFORMS)
def retry(connection_id: int) -> None:
    """Rate again what is set aside: its cause may have been mended."""
    if connection := Connection.objects.filter(pk=connection_id).first():
        with alarmed(AlarmKind.JOB_FAILED, connection, is_last=True):
            retried = retry_set_aside(connection, now=_now())
        if retried.tried:
            LOG.info("retried", connection=connection.name, tried=retried.tried, charged=retried.charged)


def ask_for(tasks: Iterable[Task[..., None, ...]], connection: Connection, *, lock: str = "") -> None:
    """Put jobs of a connection into the queue, to be done in this order; one that waits there already is enough.

    Jobs that have a lock in common are done one after the other; as usual those of a connection.
    """
    for task in tasks:
        job = task.configure(
            lock=lock or f"connection {connection.pk}", queueing_lock=f"{task.name} {connection.pk}"
        )
        try:
            with transaction.atomic():
                job.defer(connection_id=connection.pk)
        except AlreadyEnqueued:
            LOG.info("already asked for", task=task.name, connection=connection.name)


@app.periodic(cron=EVERY_MINUTE)
@app.task(name="ask for what is due", queue=HOUSE, queueing_lock="ask for what is due")
def ask_for_due(timestamp: int) -> None:
    """Ask for a sync and a collect of every connection whose time has come."""
    now = datetime.fromtimestamp(timestamp, UTC)
    for connection in Connection.objects.filter(is_scheduled=True).order_by("pk"):
        with transaction.atomic():
            locked = Connection.objects.select_for_update().get(pk=connection.pk)
            if is_due(schedule_of(locked), locked.scheduled_at, now):
                # Before it is noted: who is interrupted in between asks again, and once in the queue is enough.
                ask_for(tasks_of(locked), locked)
            elif locked.scheduled_at is not None:
                continue
            locked.scheduled_at = now
            locked.save(update_fields=["scheduled_at"])


def tasks_of(connection: Connection) -> list[Task[..., None, ...]]:
    """What is done for a connection when it is due. Accounts come first, so that their usage finds them."""
    offers = connector_class(connection.kind).offers if connection.kind in CONNECTORS else frozenset[Feature]()
    return [sync, collect] if SYNCED & offers else [collect]


@app.periodic(cron=EVERY_MINUTE)
@app.task(name="send messages", queue=HOUSE, queueing_lock="send messages")
def send_messages(timestamp: int) -> None:  # noqa: ARG001  procrastinate says when it was meant to be
    """Send what is in the outbox."""
    outcome = send_due(now=_now())
    if outcome.sent or outcome.delayed or outcome.given_up:
        LOG.info("messages", sent=outcome.sent, delayed=outcome.delayed, given_up=outcome.given_up)


@app.periodic(cron=EVERY_FIVE_MINUTES)
@app.task(name="check sources", queue=HOUSE, queueing_lock="check sources")
def look_at_sources(timestamp: int) -> None:  # noqa: ARG001
    """Raise alarms, and clear those whose cause is gone."""
    check_sources(now=_now())


@app.task(name="carry out orders", queue=HOUSE)
def carry_out_orders(connection_id: int) -> None:
    """Tell a platform what is due, whatever else is done there meanwhile: a long collect must not hold it up."""
    if connection := Connection.objects.filter(pk=connection_id).first():
        tried = carry_out_due(connection, now=_now())
        LOG.info("orders", connection=connection.name, tried=tried)


@app.task(name="read orders back", queue=HOUSE)
def read_orders_back(connection_id: int) -> None:
    """See whether a platform stands as it was brought to."""
    if connection := Connection.objects.filter(pk=connection_id).first():
        # Not `alarmed`: what was read, perhaps nothing, does not clear alarms that other visits have raised.
        kind, subject = AlarmKind.ORDER_FAILED, "reading back"
        try:
            differing = check_orders(connection, now=_now())
        except TollbookError as error:
            text = f"what was done there cannot be read back: {error}"
            raise_alarm(kind=kind, connection=connection, subject=subject, text=text, now=_now())
            raise
        clear_alarm(kind=kind, connection=connection, subject=subject, now=_now())
        LOG.info("orders read back", connection=connection.name, differing=len(differing))


@app.periodic(cron=EVERY_MINUTE)
@app.task(name="ask for orders", queue=HOUSE, queueing_lock="ask for orders")
def ask_for_orders(timestamp: int) -> None:  # noqa: ARG001
    """Ask for every connection that shall be told something by now."""
    for connection in _connections_of(due_orders(now=_now())):
        ask_for([carry_out_orders], connection, lock=_lane(connection))


@app.task(name="provision", queue=HOUSE)
def provision(connection_id: int) -> None:
    """Make and change accounts at a platform as they are here."""
    if connection := Connection.objects.filter(pk=connection_id).first():
        tried = provision_due(connection, now=_now())
        LOG.info("provisioned", connection=connection.name, tried=tried)


@app.periodic(cron=EVERY_TEN_SECONDS)
@app.task(name="ask for provisioning", queue=HOUSE, queueing_lock="ask for provisioning")
def ask_for_provisioning(timestamp: int) -> None:  # noqa: ARG001
    """Ask for every connection where accounts are to be made or changed by now."""
    for connection in Connection.objects.filter(pk__in=accounts_due(now=_now()).values("connection")).order_by(
        "pk"
    ):
        ask_for([provision], connection, lock=_lane(connection))


@app.periodic(cron=EVERY_QUARTER)
@app.task(name="look at orders", queue=HOUSE, queueing_lock="look at orders")
def look_at_orders(timestamp: int) -> None:  # noqa: ARG001
    """See that all who are held are asked for, and ask for what was done to be read back."""
    keep_holds(now=_now())
    for connection in _connections_of(current_orders()):
        ask_for([read_orders_back], connection, lock=_lane(connection))


def _lane(connection: Connection) -> str:
    """Orders do not wait for collects, which may take hours, nor fill the house, which has other things to do."""
    return f"orders, lane {connection.pk % ORDER_LANES}"


def _connections_of(orders: QuerySet[SuspensionOrder]) -> list[Connection]:
    ids = set(orders.values_list("connection_id", flat=True))
    return list(Connection.objects.filter(pk__in=ids).order_by("pk"))


@app.periodic(cron=EVERY_FIVE_MINUTES)
@app.task(name="watch funds", queue=HOUSE, queueing_lock="watch funds")
def watch_funds(timestamp: int) -> None:  # noqa: ARG001
    """See whether those without funds have some again."""
    watch_raised(now=_now())


@app.periodic(cron=NIGHTLY)
@app.task(name="watch all funds", queue=HOUSE, queueing_lock="watch all funds")
def watch_all_funds(timestamp: int) -> None:  # noqa: ARG001
    """See whether everybody has funds, however their usage came."""
    watch_everybody(now=_now())


@app.periodic(cron=HOURLY)
@app.task(name="charge fees", queue=HOUSE, queueing_lock="charge fees")
def charge_due_fees(timestamp: int) -> None:  # noqa: ARG001
    """Charge the fees that are due, of each customer when their day has begun."""
    now = _now()
    charged = charge_fees(upto=(now + FIRST_ZONE).date(), now=now)
    if charged.subscriptions:
        LOG.info("fees charged", subscriptions=charged.subscriptions)
    for problem in charged.problems:
        LOG.warning("fee not charged", why=problem)


@app.periodic(cron=NIGHTLY)
@app.task(name="forget pushed", queue=HOUSE, queueing_lock="forget pushed")
def forget_pushed(timestamp: int) -> None:  # noqa: ARG001
    """Delete pushed messages that were taken long ago: they are in evidence."""
    if forgotten := forget_taken(now=_now()):
        LOG.info("forgotten", messages=forgotten)


@app.periodic(cron=NIGHTLY)
@app.task(name="forget events", queue=HOUSE, queueing_lock="forget events")
def forget_events(timestamp: int) -> None:  # noqa: ARG001
    """Delete what changed long ago, when everybody who wanted knows."""
    if forgotten := forget_settled(now=_now()):
        LOG.info("forgotten", changes=forgotten)


@app.periodic(cron=NIGHTLY)
@app.task(name="retry all", queue=HOUSE, queueing_lock="retry all")
def retry_all(timestamp: int) -> None:  # noqa: ARG001
    """Ask for a retry of what is set aside, of every connection."""
    for connection in Connection.objects.order_by("pk"):
        ask_for([retry], connection)


@app.periodic(cron=NIGHTLY)
@app.task(name="forget old jobs", queue=HOUSE, queueing_lock="forget old jobs", pass_context=True)
async def forget_old(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Delete what is left of jobs that ended long ago."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEPT_H, include_failed=True, include_aborted=True)


# Without a lock: one that was interrupted itself would hold it, and nobody would be left to put it back.
@app.periodic(cron=EVERY_MINUTE)
@app.task(name="put back", queue=HOUSE, queueing_lock="put back", pass_context=True)
async def put_back(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Put jobs whose worker has died back into the queue. They may be done twice, and all of them can bear it."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=SILENT_AFTER_S):
        if job.attempts >= MOST_INTERRUPTIONS:
            await jobs.finish_job(job, Status.FAILED, delete_job=False)
            await sync_to_async(_tell_of_interruptions)(job)
            continue
        try:
            await jobs.retry_job(job, retry_at=_now())
            LOG.warning("put back", job=job.id, task=job.task_name)
        except UniqueViolation:  # another of its kind waits already
            await jobs.finish_job(job, Status.ABORTED, delete_job=True)


def _tell_of_interruptions(job: Job) -> None:
    connection = Connection.objects.filter(pk=str(job.task_kwargs.get("connection_id", 0))).first()
    raise_alarm(
        kind=AlarmKind.JOB_FAILED,
        connection=connection,
        subject=job.task_name,
        text=f"the job “{job.task_name}” was interrupted {job.attempts} times, and is not tried any more: the worker "
        "died while doing it. See the log of `tollbook up`, and whether the machine has enough memory",
        now=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)
