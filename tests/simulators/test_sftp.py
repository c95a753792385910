"""SFTP with a password and with a key, the host key seen by the client, and what is refused."""

import base64
import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from simulators.sftp import SftpServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "root" / "archive").mkdir(parents=True)
    (tmp_path / "root" / "calls.csv").write_bytes(b"call,1\n" * 100_000)
    (tmp_path / "secret.txt").write_text("not for you", encoding="utf-8")
    return tmp_path / "root"


@pytest.fixture
def server(folder: Path) -> Iterator[SftpServer]:
    with SftpServer(folder) as server:
        yield server


@contextmanager
def connected(server: SftpServer) -> Iterator[paramiko.Transport]:
    transport = paramiko.Transport(socket.create_connection((server.host, server.port), timeout=10))
    try:
        transport.start_client(timeout=10)
        yield transport
    finally:
        transport.close()


@contextmanager
def logged_in(server: SftpServer) -> Iterator[paramiko.SFTPClient]:
    with connected(server) as transport:
        transport.auth_password(server.login, server.password)
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        yield client


def test_files_are_listed_with_size_and_age_and_read(server: SftpServer, folder: Path) -> None:
    with logged_in(server) as client:
        listed = {entry.filename: entry for entry in client.listdir_attr(".")}
        assert listed.keys() == {"archive", "calls.csv"}
        assert listed["calls.csv"].st_size == 700_000
        assert listed["calls.csv"].st_mtime == int((folder / "calls.csv").stat().st_mtime)
        assert client.listdir("/archive") == []
        with client.open("/calls.csv") as file:
            assert file.read() == (folder / "calls.csv").read_bytes()


def test_the_password_must_be_right(server: SftpServer) -> None:
    with connected(server) as transport, pytest.raises(paramiko.AuthenticationException):
        transport.auth_password(server.login, "wrong")
    with connected(server) as transport, pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("somebody", server.password)


def test_a_key_opens_when_it_is_authorized(folder: Path) -> None:
    key, other = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
    with SftpServer(folder, authorized_key=f"{key.get_name()} {key.get_base64()} operator@office") as server:
        with connected(server) as transport:
            transport.auth_publickey(server.login, key)
            assert transport.is_authenticated()
        with connected(server) as transport, pytest.raises(paramiko.AuthenticationException):
            transport.auth_publickey(server.login, other)


def test_no_key_opens_when_none_is_authorized(server: SftpServer) -> None:
    with connected(server) as transport, pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey(server.login, paramiko.ECDSAKey.generate())


def test_the_host_key_is_the_one_it_tells_until_it_changes(server: SftpServer) -> None:
    with connected(server) as transport:
        seen = transport.get_remote_server_key()
    digest = base64.b64encode(hashlib.sha256(seen.asbytes()).digest()).decode().rstrip("=")
    assert server.fingerprint == f"SHA256:{digest}"
    assert server.host_key == f"ecdsa-sha2-nistp256 {seen.get_base64()}"
    server.change_host_key()
    with connected(server) as transport:
        assert transport.get_remote_server_key() != seen


@pytest.mark.parametrize("path", ["../secret.txt", "/../../secret.txt", "/missing.csv", "/link.txt"])
def test_nothing_outside_the_folder_is_there(server: SftpServer, folder: Path, path: str) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    with logged_in(server) as client, pytest.raises(FileNotFoundError):
        client.open(path)


def test_it_is_for_reading_only(server: SftpServer, folder: Path) -> None:
    with logged_in(server) as client:
        with pytest.raises(PermissionError):
            client.open("/new.csv", "w")
        with pytest.raises(OSError, match="Operation unsupported"):
            client.remove("/calls.csv")
    assert [path.name for path in sorted(folder.iterdir())] == ["archive", "calls.csv"]


def test_it_refuses_logins_or_connections_while_it_is_told_to(server: SftpServer) -> None:
    server.refuse = "login"
    with connected(server) as transport, pytest.raises(paramiko.AuthenticationException):
        transport.auth_password(server.login, server.password)
    server.refuse = "connection"
    with pytest.raises((paramiko.SSHException, EOFError, ConnectionError)), connected(server):
        pass
    server.refuse = None
    with logged_in(server) as client:
        assert "calls.csv" in client.listdir(".")


def test_it_stops_and_starts_again_where_it_was(server: SftpServer) -> None:
    port = server.port
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, port), timeout=10)
    server.start()
    with logged_in(server) as client:
        assert server.port == port
        assert "calls.csv" in client.listdir(".")
