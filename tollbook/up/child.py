"""`python -m tollbook.up.child web …`: one of the processes that `tollbook up` looks after."""

import argparse
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

SETTINGS = "tollbook.config.settings"
REALMS = ("admin", "customer", "account")  # of the API, as its clients name them
REALM_VARIABLE = "TOLLBOOK_API_REALM"  # the one that a web process serves; unset = all, told apart by who logs in
WORKER, SCHEDULER, WEB, PUSH, EVENTS = "worker", "scheduler", "web", "push", "events"
MARGIN_S = 5  # less than the supervisor waits, so that a worker ends by itself


def command(
    role: str, *, host: str, port: int, stop_s: int, tls: tuple[Path, Path] | None = None, realm: str = ""
) -> list[str]:
    """How such a process is started: by this Python, as this Python was.

    `tls`: certificate and key. `realm`: of REALMS, to which a web process answers alone; "" = to all.
    """
    safe_path = ["-P"] if sys.flags.safe_path else []
    options = ["--host", host, "--port", str(port), "--stop", str(stop_s)]
    if tls is not None:
        options += ["--tls", *map(str, tls)]
    if realm:
        options += ["--realm", realm]
    return [sys.executable, *safe_path, "-m", "tollbook.up.child", role, *options]


def main() -> None:
    """Do what the first argument says until told to end, or alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=(WEB, WORKER, SCHEDULER, PUSH, EVENTS))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--stop", type=int, default=30)
    parser.add_argument("--tls", type=Path, nargs=2)
    parser.add_argument("--realm", choices=REALMS)
    told = parser.parse_args()
    if told.realm:
        os.environ[REALM_VARIABLE] = told.realm
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django  # noqa: PLC0415  after the settings are named

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from tollbook.up import events, logs, pushes, web, worker  # noqa: PLC0415  need Django set up

    logs.set_up_logs(told.role)
    # Asking how to connect makes this process a user of the embedded database, before anything can end it: the last
    # user stops the database. The web process asks too, because the one that answers for it ends without tidying up.
    connection.get_connection_params()
    # Until worker or web server listen themselves there is nothing to finish.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=end_now, args=(0,), daemon=True).start())
    end_with_parent(told.stop)
    if told.role == WEB:
        web.serve(told.host, told.port, tuple(told.tls) if told.tls else None)
    elif told.role == PUSH:
        pushes.take_all()
    elif told.role == EVENTS:
        events.deliver_all()
    else:
        worker.work(told.role, stop_s=max(told.stop - MARGIN_S, 1))


def end_with_parent(stop_s: int) -> None:
    """End in order when standard input does, which is when the parent has died; by force if that takes too long."""

    def wait() -> None:
        while os.read(0, 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(stop_s)
        end_now(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()


def end_now(status: int) -> None:
    """End at once, whatever is at work, and with it what granian has started; let go of the embedded database."""
    from django.db import connections  # noqa: PLC0415

    for process in multiprocessing.active_children():
        process.kill()
        process.join()
    own: Any = connections["default"]  # of tollbook.config.postgres
    own.let_go()
    os._exit(status)


if __name__ == "__main__":
    main()
