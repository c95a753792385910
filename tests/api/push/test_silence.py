"""Senders that fall silent: how many, and for how long, before the web process begins anew."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tollbook.api.push import silence
from tollbook.api.push.silence import LONGEST_BODY_S, MOST_SILENT, Bodies


@contextmanager
def being_read(bodies: Bodies, many: int) -> Iterator[None]:
    with ExitStack() as reading:
        for _ in range(many):
            reading.enter_context(bodies.reading())
        yield


def test_four_bodies_that_take_too_long_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bodies, "_watch", lambda _: None)
    now = [1_000.0]
    bodies = Bodies(clock=lambda: now[0])
    with being_read(bodies, MOST_SILENT - 1):
        now[0] += LONGEST_BODY_S + 1
        assert not bodies.are_too_silent()
        with being_read(bodies, MOST_SILENT):
            assert not bodies.are_too_silent()  # those have only begun
            now[0] += LONGEST_BODY_S + 1
            assert bodies.are_too_silent()
        assert not bodies.are_too_silent()
    now[0] += 1_000
    assert not bodies.are_too_silent()


def test_then_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def end(status: int) -> None:
        assert status == 1
        ended.set()

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(silence, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(silence, "LONGEST_BODY_S", 0.05)
    with being_read(Bodies(), MOST_SILENT):
        assert ended.wait(5)
