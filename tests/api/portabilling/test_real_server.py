"""The API as real processes serve it: sockets that fall silent, bodies in pieces, many calls at once."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx

from tests.cli.test_up import Up, home, start, wait_for
from tollbook.access.models import AuditEntry, RealmName, User
from tollbook.access.operations import add_user, make_token_for

__all__ = ["home", "start"]

PASSWORD = "rosemary7"


def url(up: Up, method: str) -> str:
    return f"http://127.0.0.1:{up.port}/rest/{method}"


def test_senders_that_fall_silent_do_not_stop_the_others(start: Callable[..., Up], home: dict[str, str]) -> None:
    token = make_token_for(
        user=add_user(realm=RealmName.STAFF, login="ann", password=PASSWORD, now=datetime.now(UTC)),
        now=datetime.now(UTC),
    )
    up = start(home)
    wait_for(up.is_well)
    silent = []
    for _ in range(3):
        one = socket.create_connection(("127.0.0.1", up.port))
        one.sendall(b"POST /rest/Session/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        silent.append(one)
    auth = {"auth_info": {"login": "ann", "token": token}}
    began = time.monotonic()
    with httpx.Client(trust_env=False, timeout=20) as client:
        assert client.post(url(up, "Generic/get_version"), json=auth).json() == {"version": "MR128"}
        assert time.monotonic() - began < 10

        pieces = (
            part.encode()
            for part in ('{"auth_info": {"login": "ann", ', f'"token": "{token}"}}, ', '"params": {}}')
        )
        in_pieces = client.post(
            url(up, "Generic/get_version"), content=pieces, headers={"Content-Type": "application/json"}
        )
        assert in_pieces.json() == {"version": "MR128"}, "a body whose length nobody announced"
        structure = json.dumps(auth["auth_info"])
        assert client.get(url(up, f"Generic/get_version/{structure}/{{}}")).json() == {"version": "MR128"}
    for one in silent:
        one.close()


def test_of_many_at_once_each_write_is_done_once_and_noted_once(
    start: Callable[..., Up], home: dict[str, str]
) -> None:
    add_user(realm=RealmName.STAFF, login="ann", password=PASSWORD, now=datetime.now(UTC))
    up = start(home)
    wait_for(up.is_well)
    auth = {"login": "ann", "password": PASSWORD}

    def add(number: int) -> str:
        asked = {"auth_info": auth, "params": {"user_info": {"login": f"bob{number % 5}", "password": PASSWORD}}}
        answer = httpx.post(url(up, "User/add_user"), json=asked, trust_env=False, timeout=60).json()
        return str(answer.get("faultcode", "made"))

    with ThreadPoolExecutor(10) as threads:
        said = sorted(threads.map(add, range(20)))
    assert said == ["Server.User.add_user.duplicate_login"] * 15 + ["made"] * 5
    assert User.objects.filter(login__startswith="bob").count() == AuditEntry.objects.count() == 5
