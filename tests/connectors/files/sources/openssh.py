"""OpenSSH's own server over this machine's folders, for the user who runs the tests. Only keys are let in."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

START_SECONDS = 10.0
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
"""


class OpenSsh:
    """The server on a free port of 127.0.0.1, with keys of its own in a folder."""

    host = "127.0.0.1"
    login = getpass.getuser()

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.port = 0
        self.key = make_key(folder / "key")
        self.new_host_key()
        shutil.copy(folder / "key.pub", folder / "authorized_keys")
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -lf` says."""
        shown = subprocess.run(
            ["ssh-keygen", "-lf", self._folder / "host_key.pub"], check=True, capture_output=True, text=True
        )
        return shown.stdout.split()[1]

    def new_host_key(self, kind: str = "ed25519") -> None:
        make_key(self._folder / "host_key", kind=kind)

    def start(self) -> None:
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where its unprivileged part is locked in
        with socket.create_server((self.host, self.port)) as free:
            self.port = free.getsockname()[1]
        config = self._folder / "config"
        config.write_text(CONFIG.format(port=self.port, folder=self._folder), encoding="utf-8")
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert sshd, "the tests need OpenSSH's server: apt-get install openssh-server"
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [sshd, "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        self._wait()

    def stop(self) -> None:
        """End it and every conversation at once. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            for child in _children(server.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            server.kill()
            server.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection((self.host, self.port), timeout=1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
            time.sleep(0.05)
        raise AssertionError((self._folder / "log").read_text(encoding="utf-8"))


def make_key(path: Path, *, kind: str = "ed25519", password: str = "", form: str = "RFC4716") -> str:
    """A new key pair; the text of the private one."""
    for old in (path, path.with_name(f"{path.name}.pub")):
        old.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-m", form, "-N", password, "-f", path], check=True)
    return path.read_text(encoding="ascii")


def _children(pid: int) -> list[int]:
    """Processes that a process began, and those that they began."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    direct = [int(child) for child in found.read_text(encoding="ascii").split()] if found.exists() else []
    return [*direct, *(one for child in direct for one in _children(child))]
