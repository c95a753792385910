"""Make or renew the environment: make_environment.py VENV EXTRAS, with what it is made of on standard input.

Runs under any Python from 3.11, so with the standard library alone. Says on standard error what it does.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

LINES_SHOWN = 20
REDRAW_S = 0.5
REPORT_S = 10  # when nobody sits at the terminal


class Progress:
    """One line that says what is being done and for how long."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._reported_s = -float(REPORT_S)
        self._step = ""

    def show(self, step: str) -> None:
        """Show a step; on a terminal in place, else a line for each new step and now and then."""
        elapsed = time.monotonic() - self._began
        line = f"tollbook: preparing .venv, {elapsed:.0f} s: {step}"
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            print("\r" + line[:width].ljust(width), end="", file=sys.stderr, flush=True)
        elif elapsed - self._reported_s >= REPORT_S or not self._step:
            self._reported_s = elapsed
            print(line, file=sys.stderr, flush=True)
        self._step = step

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            print(file=sys.stderr)


def main(venv: Path, extras: str, wanted: str) -> None:
    """Make the environment, unless another process has just done it."""
    progress = Progress()
    installed = [venv / "installed"] + ([venv / f"installed-{extras}"] if extras else [])
    if not os.access(venv.parent, os.W_OK):
        stop(f"{venv.parent} belongs to another user, who must run the command first, to make or renew .venv")
    with venv.with_name(f"{venv.name}.lock").open("w") as lock:
        wait_for(lock.fileno(), progress)
        if is_usable(venv) and all(stamp.exists() and stamp.read_text() == wanted for stamp in installed):
            progress.end()
            return
        for stamp in venv.glob("installed*"):
            stamp.unlink()  # until the end, an interrupted installation is no environment
        pip = make_venv(venv, progress)
        what = f"{venv.parent}[{extras}]" if extras else str(venv.parent)
        # Editable: what is pulled or edited in the checkout runs at once, and the checkout keeps its own data.
        run(
            [*pip, "install", "--editable", what, "--constraint", str(venv.parent / "constraints.txt")],
            venv,
            progress,
        )
        for stamp in installed:
            stamp.write_text(wanted)
        progress.show("done")
        progress.end()


def wait_for(lock: int, progress: Progress) -> None:
    """Wait while another process makes the environment."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            progress.show("waiting for another command that is making it")
            time.sleep(REDRAW_S)


def is_usable(venv: Path) -> bool:
    """Say whether the environment's Python is still there: an upgrade of the system may have taken it."""
    return (venv / "bin/python").exists()


def make_venv(venv: Path, progress: Progress) -> list[str]:
    """Make an empty environment if there is none that works; return the pip that installs into it."""
    own = importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None
    if not is_usable(venv):
        if importlib.util.find_spec("venv") is None or not (own or importlib.util.find_spec("pip")):
            stop("this Python can make no environments: install its venv module (Debian, Ubuntu: python3-venv)")
        progress.show("an empty one")
        venv.mkdir(exist_ok=True)
        options = ["--clear"] if own else ["--clear", "--without-pip"]
        run([sys.executable, "-m", "venv", *options, str(venv)], venv, progress)
    python = str(venv / "bin/python")
    if subprocess.run([python, "-c", "import pip"], check=False, capture_output=True).returncode == 0:
        return [python, "-m", "pip"]
    # Debian's Python without python3-venv: its pip can work for the environment from outside.
    return [sys.executable, "-m", "pip", "--python", python]


def run(command: list[str], venv: Path, progress: Progress) -> None:
    """Run a command with its output in a log, showing what it is at; show the log's end when it fails."""
    log = venv.with_name(f"{venv.name}.log")
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=os.environ | quiet, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            progress.show(last_step(log) or Path(command[0]).name)
            time.sleep(REDRAW_S)
    if process.returncode:
        progress.end()
        end = "\n".join(log.read_text(errors="replace").splitlines()[-LINES_SHOWN:])
        stop(f"could not make the environment. The end of {log}:\n{end}\nPut it right and run the command again.")


def last_step(log: Path) -> str:
    """Return where pip is: `Collecting polars>=2.0,<3 (from tollbook)` is `collecting polars>=2.0,<3`."""
    said = [line.split() for line in log.read_text(errors="replace").splitlines()]
    steps = [words for words in said if len(words) > 1 and words[0].endswith("ing")]
    return " ".join(steps[-1][:2]).rstrip(":").lower() if steps else ""


def stop(message: str) -> None:
    """End with a message."""
    print(f"tollbook: {message}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.stdin.read())
