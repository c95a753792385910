"""The server's processes, as the kernel knows them."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from tollbook.config.embedded.folders import SOCKET, Folders
from tollbook.config.embedded.patience import Patience
from tollbook.config.embedded.runner import Runner

# PostgreSQL's processes live in their data folder; a zombie lives nowhere. The question is asked as the server's
# user: root in a container is often not allowed to look where other users' processes are.
WHO_IS_IN = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$0" ] && echo "${p#/proc/}"; done; true'
LONGEST_QUIT_S = 30


def processes_in(data: Path, runner: Runner) -> set[int]:
    """Return the ids of the processes whose working folder is the data folder."""
    asked = subprocess.run(
        ["/bin/sh", "-c", WHO_IS_IN, str(data)], check=True, capture_output=True, text=True, **runner.popen_args()
    )
    return {int(pid) for pid in asked.stdout.split()}


def clear_remains(folders: Folders, runner: Runner) -> bool:
    """Remove what a killed server left behind; False when a living server is in the folder.

    Processes of a killed server still have its memory: they must end before a new server begins. Once none is
    left, the pid files name nobody, or a process that has nothing to do with it, and would stop the start.
    """
    if not Path("/proc/self").exists():
        return True  # no way to see who is left: leave PostgreSQL's own checks in force
    patience = Patience(
        f"waiting for the processes of a killed server in {folders.data} to end", longest_s=LONGEST_QUIT_S
    )
    while left := processes_in(folders.data, runner):
        if _postmaster(folders.data) in left:
            return False
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        patience.wait()
    for remains in (folders.data / "postmaster.pid", folders.run / SOCKET, folders.run / f"{SOCKET}.lock"):
        remains.unlink(missing_ok=True)
    return True


def _postmaster(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
