"""One process that looks after others: starts them, starts again those that die, stops all of them together.

Each child has a pipe as its standard input that only this process writes to, and it never does. When this process
dies, however it dies, the pipe ends, and the child knows that it is alone (`child.end_with_parent`).
"""

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog

LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long for what, in seconds."""

    look: float = 0.2  # between two looks at the children
    first_wait: float = 1  # before a child that died is started again; each time twice as long
    longest_wait: float = 30
    settled: float = 60  # a child that lived so long has started well: its deaths are counted anew
    stop: float = 30  # for children to end by themselves


MOST_FAILURES = 5  # of one child in a row, before giving up


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """A program to keep running."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    failures: int = 0
    start_at: float = 0.0

    def start(self) -> None:
        # In a session of its own: Ctrl-C in the terminal is for the supervisor, who stops its children in order.
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, start_new_session=True)
        self.started_at = time.monotonic()
        LOG.info("started", child=self.name, pid=self.process.pid)

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Runs until it is told to stop, or a child cannot be kept alive."""

    children: Sequence[Child]
    patience: Patience = field(default_factory=Patience)
    _stop: threading.Event = field(default_factory=threading.Event)
    _hurry: threading.Event = field(default_factory=threading.Event)

    def run(self) -> bool:
        """Keep the children running; whether that went well until somebody asked to stop."""
        with self._listening():
            went_well = True
            try:
                while went_well and not self._stop.is_set():
                    went_well = all([self._look_after(child) for child in self.children])
                    self._stop.wait(self.patience.look)
            finally:
                self._stop_all()
        return went_well

    def _look_after(self, child: Child) -> bool:
        """Start a child that should run; False when it died too often."""
        if child.lives:
            if child.failures and time.monotonic() - child.started_at > self.patience.settled:
                child.failures = 0
            return True
        if child.process is not None:
            self._note_death(child, child.process)
            if child.failures >= MOST_FAILURES:
                LOG.critical("giving up", child=child.name, failures=child.failures)
                return False
        if time.monotonic() >= child.start_at:
            child.start()
        return True

    def _note_death(self, child: Child, process: "subprocess.Popen[bytes]") -> None:
        if time.monotonic() - child.started_at > self.patience.settled:
            child.failures = 0
        wait = min(self.patience.first_wait * 2**child.failures, self.patience.longest_wait)
        child.failures += 1
        child.start_at = time.monotonic() + wait
        child.process = None
        LOG.error("died", child=child.name, status=process.returncode, start_again_in_s=wait)

    def _stop_all(self) -> None:
        """Ask all to end; end by force those that have not done so in time, or at once when asked to hurry."""
        running = {child: child.process for child in self.children if child.process is not None and child.lives}
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + self.patience.stop
        while any(child.lives for child in running) and time.monotonic() < until and not self._hurry.is_set():
            time.sleep(self.patience.look / 4)
        for child, process in running.items():
            if child.lives:
                LOG.warning("ended by force", child=child.name, pid=process.pid)
                process.kill()
            process.wait()
        LOG.info("stopped")

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """The first signal to end asks the children to; the second does not wait for them."""

        def told(number: int, _frame: object) -> None:
            if self._stop.is_set():
                self._hurry.set()
            else:
                LOG.info("stopping", signal=signal.Signals(number).name)
            self._stop.set()

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, told) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
