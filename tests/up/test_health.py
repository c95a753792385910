"""/health says whether all is well, to machines: 200 or 503."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

HEARTBEAT = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second')"


def ask() -> tuple[int, dict[str, object]]:
    answer = Client().get("/health")
    return answer.status_code, answer.json()


def hear(*silent_s: int) -> None:
    """Processes that did jobs were heard so many seconds ago."""
    with connection.cursor() as cursor:
        cursor.executemany(HEARTBEAT, [[silent] for silent in silent_s])


@pytest.mark.django_db
@pytest.mark.parametrize(("silent_s", "status"), [(0, 200), (50, 200), (70, 503)])
def test_worker_and_scheduler_must_have_been_heard(silent_s: int, status: int) -> None:
    hear(0, silent_s)

    found, facts = ask()
    assert (found, facts["is_well"], facts["heartbeat_age_s"]) == (status, status == 200, silent_s)


@pytest.mark.django_db
def test_what_a_dead_one_left_does_no_harm() -> None:
    hear(0, 1000, 2)
    assert ask()[0] == 200


@pytest.mark.django_db
@pytest.mark.parametrize("silent_s", [[], [0]])
def test_with_none_or_only_one_of_them_nothing_is_well(silent_s: list[int]) -> None:
    hear(*silent_s)
    status, facts = ask()
    assert (status, facts["is_well"], facts["heartbeat_age_s"]) == (503, False, None)


@pytest.mark.django_db
def test_jobs_are_counted_by_how_they_stand() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at) VALUES"
            " ('q', 't', 'todo', NULL), ('q', 't', 'todo', now() - interval '1 s'),"
            " ('q', 't', 'todo', now() + interval '1 h'),"
            " ('q', 't', 'doing', NULL), ('q', 't', 'failed', NULL), ('q', 't', 'succeeded', NULL)"
        )

    facts = ask()[1]
    counts = [facts[f"jobs_{name}"] for name in ("waiting", "planned", "running", "failed")]
    assert counts == [2, 1, 1, 1]


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_without_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection to 10.0.0.1 failed")

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(connection, "close", lambda: None)

    status, facts = ask()
    assert (status, facts["is_well"]) == (503, False)
    assert "10.0.0.1" not in str(facts)
