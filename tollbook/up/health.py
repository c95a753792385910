"""`/health`: whether the database answers, worker and scheduler live, and how many jobs wait."""

from dataclasses import asdict, dataclass, field
from http import HTTPStatus

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from tollbook.api.portabilling.metrics import COUNTS
from tollbook.errors import TollbookError

# Worker and scheduler say every ten seconds that they live; one alone is not enough, so the second heard last counts.
LONGEST_SILENCE_S = 60

JOBS = """
SELECT extract(epoch FROM now() -
               (SELECT last_heartbeat FROM procrastinate_workers ORDER BY 1 DESC OFFSET 1 LIMIT 1))::float,
       count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()),
       count(*) FILTER (WHERE status = 'todo' AND scheduled_at > now()),
       count(*) FILTER (WHERE status = 'doing'),
       count(*) FILTER (WHERE status = 'failed')
  FROM procrastinate_jobs"""


@dataclass(frozen=True, slots=True)
class Health:
    """How it stands. Nothing here is secret: whoever reaches the port may read it."""

    is_well: bool
    database: str  # "ok", or what is wrong
    heartbeat_age_s: float | None = None  # of the two processes that work; None: not both are there
    jobs_waiting: int = 0
    jobs_planned: int = 0  # for later: tried again after a while
    jobs_running: int = 0
    jobs_failed: int = 0
    api_calls: int = 0  # that this process answered since it began
    api_unknown_methods: dict[str, int] = field(default_factory=dict)  # asked for, and not served


def health(_request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; how it stands as JSON either way."""
    found = look()
    status = HTTPStatus.OK if found.is_well else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(asdict(found), status=status, headers={"Cache-Control": "no-store"})


def look() -> Health:
    """Ask the database how it and the jobs stand."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(JOBS)
            age, waiting, planned, running, failed = cursor.fetchone()
    except (Error, TollbookError):
        connection.close()  # the next question tries anew
        return Health(is_well=False, database="does not answer; see the log of `tollbook up`")
    return Health(
        is_well=age is not None and age <= LONGEST_SILENCE_S,
        database="ok",
        heartbeat_age_s=None if age is None else round(age, 1),
        jobs_waiting=waiting,
        jobs_planned=planned,
        jobs_running=running,
        jobs_failed=failed,
        api_calls=COUNTS.calls,
        api_unknown_methods=dict(COUNTS.unknown),
    )
