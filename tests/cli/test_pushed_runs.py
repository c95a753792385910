"""Where an operator sees what was pushed."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.pushing import MONDAY, call, send, switch, take
from tollbook.connections.models import Connection

Tollbook = Callable[..., Any]


@pytest.fixture
def fs(db: None, tmp_path: Path, settings: LazySettings) -> Connection:
    open_office(tmp_path, settings)
    return switch()


def test_pushed_records_are_a_line_a_day_unless_all_are_asked_for(fs: Connection, tollbook: Tollbook) -> None:
    for number in range(4):
        send(fs, [call(number), call(1_000 + number, "nobody", cld="97")])
        take(fs, MONDAY + timedelta(hours=5 * number))

    shown = tollbook("usage", "runs").stdout
    # 10:00, 15:00 and 20:00 on the 19th, 01:00 on the 20th.
    assert shown == (
        "pushed to fs on 2017-06-19, taken 3 times: 6 records in = 3 charged + 3 set aside\n"
        "pushed to fs on 2017-06-20, taken 1 times: 2 records in = 1 charged + 1 set aside\n"
    )
    assert tollbook("usage", "runs", "--last", "1").stdout == shown.splitlines(keepends=True)[1]
    all_of_them = tollbook("usage", "runs", "--pushed").stdout
    assert all_of_them.count("  2 messages; ") == 4
    assert all_of_them.count("by push on 2017-06-") == 4
    assert json.loads(tollbook("usage", "runs", "--collects", "--json").stdout) == []
    assert len(json.loads(tollbook("usage", "runs", "--collects", "--json", "--pushed").stdout)) == 4


def test_a_collect_by_hand_says_how_many_messages_it_took(fs: Connection, tollbook: Tollbook) -> None:
    send(fs, [call(1)])
    shown = tollbook("collect", "fs").stdout
    assert "  1 message; " in shown
    assert "1 records in = 1 charged" in shown
