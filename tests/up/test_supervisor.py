"""What is looked after is started again when it dies, given up when it keeps dying, and ended in the end."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tollbook.up.supervisor import MOST_FAILURES, Child, Patience, Supervisor

QUICK = Patience(look=0.01, first_wait=0.01, longest_wait=0.02, settled=5, stop=5)
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


def program(name: str, text: str) -> Child:
    return Child(name=name, command=[sys.executable, "-c", text])


def later(what: Callable[[], object], until: Callable[[], bool]) -> None:
    """Do something from another thread as soon as the condition holds."""

    def wait() -> None:
        while not until():
            time.sleep(0.01)
        what()

    threading.Thread(target=wait, daemon=True).start()


def tell_us(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def test_it_runs_until_told_to_end(tmp_path: Path) -> None:
    child = program("one", f"import pathlib, time; pathlib.Path({str(tmp_path / 'up')!r}).touch(); time.sleep(60)")
    later(tell_us(signal.SIGTERM), (tmp_path / "up").exists)

    assert Supervisor(children=[child], patience=QUICK).run()

    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_keeps_dying_is_given_up_and_the_others_are_ended(tmp_path: Path) -> None:
    count = tmp_path / "starts"
    bad = program("bad", f"open({str(count)!r}, 'a').write('x'); raise SystemExit(3)")
    good = program("good", "import time; time.sleep(60)")

    assert not Supervisor(children=[good, bad], patience=QUICK).run()

    assert count.read_text() == "x" * MOST_FAILURES
    assert good.process is not None
    assert good.process.returncode == -signal.SIGTERM


def test_what_does_not_end_in_time_is_ended_by_force(tmp_path: Path) -> None:
    child = program(
        "stubborn", STUBBORN.replace("print('here', flush=True)", f"open({str(tmp_path / 'up')!r}, 'w')")
    )
    later(tell_us(signal.SIGINT), (tmp_path / "up").exists)

    assert Supervisor(children=[child], patience=Patience(look=0.01, stop=0.3)).run()

    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_told_twice_it_does_not_wait(tmp_path: Path) -> None:
    child = program(
        "stubborn", STUBBORN.replace("print('here', flush=True)", f"open({str(tmp_path / 'up')!r}, 'w')")
    )
    supervisor = Supervisor(children=[child], patience=Patience(look=0.01, stop=60))
    later(tell_us(signal.SIGINT), (tmp_path / "up").exists)
    later(tell_us(signal.SIGINT), supervisor._stop.is_set)
    began = time.monotonic()

    assert supervisor.run()
    assert time.monotonic() - began < 20


def test_the_waits_grow() -> None:
    child = program("bad", "")
    supervisor = Supervisor(children=[child], patience=Patience(first_wait=1, longest_wait=5, settled=60))
    waits = []
    for _ in range(MOST_FAILURES - 1):
        child.start()
        assert child.process is not None
        child.process.wait()
        began = time.monotonic()
        supervisor._note_death(child, child.process)
        waits.append(round(child.start_at - began))

    assert waits == [1, 2, 4, 5]


def test_a_child_that_lived_long_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    child = program("old", "")
    child.failures = MOST_FAILURES - 1
    child.start()
    assert child.process is not None
    child.process.wait()
    child.started_at -= 61

    assert Supervisor(children=[child])._look_after(child)
    assert child.failures == 1
