"""The process that takes what switches send: what it does when a connection fails."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import DataError, OperationalError

from tests.jobs.conftest import open_office
from tests.jobs.pushing import call, send, switch
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.connections.models import Connection
from tollbook.connectors.freeswitch.connector import FreeSwitchConnector
from tollbook.connectors.pushed import Pushed
from tollbook.up import pushes
from tollbook.up.pushes import FIRST_WAIT_S, Taker
from tollbook.usage.models import CollectRun, PushedMessage


@pytest.fixture
def fs(db: None, tmp_path: Path, settings: LazySettings) -> Connection:
    open_office(tmp_path, settings)
    return switch()


def failing_at(name: str, error: type[Exception]) -> Callable[[FreeSwitchConnector, Pushed], str]:
    def call_of(connector: FreeSwitchConnector, _: Pushed) -> str:
        if connector.site.name == name:
            raise error
        return ""

    return call_of


def waiting(source: Connection) -> int:
    return PushedMessage.objects.filter(connection=source, taken_by=None).count()


def test_everything_of_every_connection_is_taken(fs: Connection) -> None:
    other = switch("other")
    send(fs, [call(1), call(2)])
    send(other, [call(3)])
    taker = Taker()

    taker.take()

    assert (waiting(fs), waiting(other)) == (0, 0)
    assert CollectRun.objects.count() == 2
    taker.take()  # nothing waits, so nothing is written
    assert CollectRun.objects.count() == 2


def test_a_tariff_is_compiled_once(fs: Connection) -> None:
    taker = Taker()
    send(fs, [call(1)])
    taker.take()
    [compiled] = taker.compiled.values()
    send(fs, [call(2)])
    taker.take()
    assert list(taker.compiled.values()) == [compiled]
    assert next(iter(taker.compiled.values())) is compiled


def test_where_records_are_sent_the_tariffs_are_compiled_before_the_first(fs: Connection) -> None:
    taker = Taker()
    taker.warm_up()
    [compiled] = taker.compiled.values()
    send(fs, [call(1)])
    taker.take()
    assert next(iter(taker.compiled.values())) is compiled


def test_where_nobody_sends_anything_nothing_is_loaded(fs: Connection) -> None:
    fs.delete()
    taker = Taker()
    taker.warm_up()
    assert taker.compiled == {}


@pytest.mark.parametrize("defect", [ZeroDivisionError, DataError, None])
def test_a_connection_that_fails_waits_and_the_others_go_on(
    fs: Connection, monkeypatch: pytest.MonkeyPatch, defect: type[Exception] | None
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    other = switch("other")
    send(fs, [call(1)])
    send(other, [call(2)])
    taker = Taker()
    with monkeypatch.context() as broken:
        if defect:
            broken.setattr(FreeSwitchConnector, "call_of", failing_at("fs", defect))
        else:
            Connection.objects.filter(pk=fs.pk).update(settings={"account": "no variable", "push_login": "switch"})
        taker.take()
        assert (waiting(fs), waiting(other)) == (1, 0)
        alarm = Alarm.objects.get(connection=fs)
        assert (alarm.kind, alarm.cleared_at) == (AlarmKind.COLLECT_FAILED, None)

    Connection.objects.filter(pk=fs.pk).update(settings={"push_login": "switch"})
    now[0] += FIRST_WAIT_S - 0.1
    taker.take()
    assert waiting(fs) == 1
    now[0] += 0.2
    taker.take()
    assert waiting(fs) == 0
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None


def test_a_database_that_is_away_is_no_fault_of_the_connection(
    fs: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(fs, [call(1)])

    def away() -> list[int]:
        raise OperationalError

    taker = Taker()
    with monkeypatch.context() as patch:
        patch.setattr(pushes, "connections_with_messages", away)
        with pytest.raises(OperationalError):
            taker.take()
    taker.take()
    assert waiting(fs) == 0
