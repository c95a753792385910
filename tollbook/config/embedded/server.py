"""Tollbook's own PostgreSQL server: started by whoever needs it first, stopped by whoever used it last."""

import os
import subprocess
import threading
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from tollbook.config.embedded.binaries import programs_for
from tollbook.config.embedded.cluster import OWNER, clear_unfinished, log_of, make_cluster, prepare_start
from tollbook.config.embedded.errors import DatabaseUnavailable
from tollbook.config.embedded.folders import (
    PORT,
    SYSTEM_FOLDER,
    Folders,
    folders_for,
    link_from,
    make_home,
    make_place,
    prepare_run_folder,
    remove_run_folder,
)
from tollbook.config.embedded.locks import exclusively, give_back, is_shared, share
from tollbook.config.embedded.patience import LONGEST_WAIT_S, Patience
from tollbook.config.embedded.processes import clear_remains
from tollbook.config.embedded.runner import Runner, runner_for

PING_S = 5
LOG_LINES_SHOWN = 8


class EmbeddedServer:
    """The server of one home, as one process uses it.

    `<home>/start.lock` is held around start and stop; `<home>/in-use` is shared by every process that uses the
    server. A killed process leaves nothing to clean up: the last command to end stops the server all the same.
    """

    def __init__(self, home: Path, *, durable: bool = True, system_folder: Path = SYSTEM_FOLDER) -> None:
        self._home = home.resolve()
        self._durable = durable  # False: a power cut may lose the database, which suits tests
        self._system_folder = system_folder
        self._in_use: int | None = None
        self._process: subprocess.Popen[bytes] | None = None  # when this process started it
        self._mutex = threading.Lock()
        self._is_over = False

    def hold(self) -> Path:
        """See that the server runs, keep it running until `release`, and return its socket's folder.

        Raises:
            DatabaseUnavailable: it cannot be started, or was released for good.
        """
        with self._mutex:
            if self._is_over:
                raise DatabaseUnavailable("this process is about to end and uses the database no more")
            make_home(self._home)
            with exclusively(self._home / "start.lock"):
                if self._in_use is None:
                    self._in_use = share(self._home / "in-use")
                return self._bring_up()

    def release(self, *, for_good: bool = False) -> None:
        """Stop using the server; stop it if nobody else does.

        For good, no other thread of this process starts it again in the moments that are left.
        """
        with self._mutex:
            self._is_over = for_good
            if self._in_use is None:
                return
            with exclusively(self._home / "start.lock"):
                give_back(self._in_use)
                self._in_use = None
                if not is_shared(self._home / "in-use"):
                    self._stop()

    def forget(self) -> None:
        """In a process that was forked off: the hold is its parent's, and its copy would outlast that."""
        self._mutex = threading.Lock()
        if self._in_use is not None:
            os.close(self._in_use)
            self._in_use = None

    def _bring_up(self) -> Path:
        runner = runner_for(self._home / "data")
        folders = folders_for(self._home, runner, self._system_folder)
        log = log_of(folders.data)
        launched = False
        what = f"waiting for the database in {folders.data} (after a crash it repeats its last changes)"
        patience = Patience(what)
        while (state := ping(folders.run)) is not Ping.OK:
            if launched and self._process and self._process.poll() is not None:
                raise DatabaseUnavailable(f"the database did not start; the end of its log {log}:\n{_end_of(log)}")
            if not launched and state is Ping.NO_RESPONSE:
                launched = self._launch(folders, runner)
            patience.wait()
        return folders.run

    def _launch(self, folders: Folders, runner: Runner) -> bool:
        """Start the server; False when one already lives in the folder and has yet to answer."""
        programs = programs_for(runner, self._system_folder)
        clear_unfinished(folders.data)
        if not folders.data.exists():
            make_place(self._home, folders)
            make_cluster(folders.data, programs, runner, durable=self._durable)
        link_from(self._home, folders)
        if not clear_remains(folders, runner):
            return False
        prepare_run_folder(folders, runner)
        prepare_start(folders, runner, durable=self._durable)
        command = [str(programs / "postgres"), "-D", str(folders.data)]
        with log_of(folders.data).open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **runner.popen_args())
        return True

    def _stop(self) -> None:
        runner = runner_for(self._home / "data")
        folders = folders_for(self._home, runner, self._system_folder)
        if ping(folders.run) is Ping.NO_RESPONSE:
            return
        pg_ctl = programs_for(runner, self._system_folder) / "pg_ctl"
        command = [str(pg_ctl), "-D", str(folders.data), "-m", "fast", "-w", "-t", str(LONGEST_WAIT_S), "stop"]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **runner.popen_args()
        ) as stop:
            patience = Patience(f"waiting for the database in {folders.data} to write its changes and stop")
            while stop.poll() is None:
                patience.wait()
        if self._process is not None:
            self._process.wait()
        remove_run_folder(folders)


def ping(run: Path) -> Ping:
    """Ask the server whether it takes connections. No pid says that: it may be a zombie's, or long reused."""
    address = make_conninfo(host=str(run), port=PORT, user=OWNER, dbname=OWNER, connect_timeout=PING_S)
    return Ping(PGconn.ping(address.encode()))


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
