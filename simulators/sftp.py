"""An SFTP server over a folder, to read from: a login with password or public key, and a host key to pin."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Literal, Self

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_PERMISSION_DENIED

LOGIN, PASSWORD = "operator", "sftp-na-niby"
WAITING_CONNECTIONS = 20
TICK_SECONDS = 0.1  # between two looks whether to stop

Refusal = Literal["connection", "login"]


class SftpServer:
    """Files of a folder by SFTP.

    `authorized_key` is a line as in `authorized_keys`; without one only the password works. While `refuse` is set,
    each new connection is closed at once, or each login turned down.
    """

    login = LOGIN
    password = PASSWORD

    def __init__(
        self, folder: Path, *, authorized_key: str | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.folder = folder
        self.authorized_key = authorized_key
        self.refuse: Refusal | None = None
        self.host = host
        self.port = port  # 0 until it is started, for a free one
        self._host_key = paramiko.ECDSAKey.generate()
        self._listener: socket.socket | None = None
        self._acceptor = threading.Thread()
        self._conversations: list[paramiko.Transport] = []

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it: SHA256: and 43 characters."""
        return self._host_key.fingerprint

    @property
    def host_key(self) -> str:
        """As a line of `known_hosts` has it after the host: the kind of key, and the key."""
        return f"{self._host_key.get_name()} {self._host_key.get_base64()}"

    def change_host_key(self) -> None:
        """As if another machine answered; for connections from now on."""
        self._host_key = paramiko.ECDSAKey.generate()

    def start(self) -> None:
        if self._listener is not None:
            raise RuntimeError(f"The SFTP server on port {self.port} runs already.")
        self.folder.mkdir(parents=True, exist_ok=True)
        listener = socket.create_server((self.host, self.port), backlog=WAITING_CONNECTIONS)
        listener.settimeout(TICK_SECONDS)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._acceptor = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Close the port and every connection. May be called twice; it starts again on the same port."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            self._acceptor.join()  # the port stays open as long as a thread waits at it
        for conversation in self._conversations:
            conversation.close()
        self._conversations.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while listener.fileno() >= 0:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return  # stopped
            if self.refuse == "connection":
                connection.close()
                continue
            transport = paramiko.Transport(connection)
            self._conversations.append(transport)
            threading.Thread(target=self._converse, args=(transport,), daemon=True).start()

    def _converse(self, transport: paramiko.Transport) -> None:
        transport.add_server_key(self._host_key)
        transport.set_subsystem_handler("sftp", SFTPServer, _Files, self.folder.resolve())
        try:
            transport.start_server(server=_Door(self._is_welcome))
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()  # the client did not like the host key, or spoke another language

    def _is_welcome(self, login: str, *, password: str | None = None, key: str | None = None) -> bool:
        if self.refuse == "login" or login != self.login:
            return False
        if key is not None:
            return self.authorized_key is not None and key == self.authorized_key.split()[1]
        return password == self.password


class _Door(paramiko.ServerInterface):
    def __init__(self, is_welcome: Callable[..., bool]) -> None:
        self._is_welcome = is_welcome

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        return _verdict(self._is_welcome(username, password=password))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return _verdict(self._is_welcome(username, key=key.get_base64()))

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Files(SFTPServerInterface):
    """The folder is the root; what leads out of it by a link is not there."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        try:
            entries = sorted(self._real(path).iterdir())
            return [SFTPAttributes.from_stat(entry.lstat(), entry.name) for entry in entries]
        except OSError as error:
            return _code(error)

    def stat(self, path: str) -> SFTPAttributes | int:
        try:
            return SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return _code(error)

    lstat = stat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:  # noqa: ARG002
        if flags & (os.O_WRONLY | os.O_RDWR):
            return SFTP_PERMISSION_DENIED
        try:
            file = self._real(path).open("rb")
        except OSError as error:
            return _code(error)
        handle = SFTPHandle(flags)
        handle.readfile = file  # type: ignore[attr-defined]  # what the library reads from and closes
        return handle

    def _real(self, path: str) -> Path:
        inside = PurePosixPath(self.canonicalize(path)).relative_to("/")
        found = (self._root / inside).resolve()
        if not found.is_relative_to(self._root):
            raise FileNotFoundError(2, "Leads out of the folder", path)
        return found


def _verdict(is_welcome: bool) -> int:
    return AUTH_SUCCESSFUL if is_welcome else AUTH_FAILED


def _code(error: OSError) -> int:
    return SFTPServer.convert_errno(error.errno or 0)
