"""FTP in the clear and with explicit TLS, spoken with the standard library."""

import ftplib
import ssl
from pathlib import Path

import pytest

from simulators.certificate import self_signed
from simulators.ftp import FtpServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "root" / "archive").mkdir(parents=True)
    (tmp_path / "root" / "calls.csv").write_bytes(b"call,1\n" * 10_000)
    return tmp_path / "root"


def content(client: ftplib.FTP, path: str) -> bytes:
    pieces: list[bytes] = []
    client.retrbinary(f"RETR {path}", pieces.append)
    return b"".join(pieces)


def test_files_are_listed_with_size_and_age_and_read(folder: Path) -> None:
    with FtpServer(folder) as server, ftplib.FTP() as client:
        client.connect(server.host, server.port, timeout=10)
        client.login(server.login, server.password)
        listed = dict(client.mlsd())
        assert (listed["calls.csv"]["type"], listed["calls.csv"]["size"]) == ("file", "70000")
        assert len(listed["calls.csv"]["modify"]) == 14
        assert listed["archive"]["type"] == "dir"
        assert content(client, "calls.csv") == (folder / "calls.csv").read_bytes()


def test_a_wrong_password_a_missing_file_and_a_write_are_refused(folder: Path) -> None:
    with FtpServer(folder) as server, ftplib.FTP() as client:
        client.connect(server.host, server.port, timeout=10)
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login(server.login, "wrong")
        client.login(server.login, server.password)
        with pytest.raises(ftplib.error_perm, match="550"):
            content(client, "missing.csv")
        with pytest.raises(ftplib.error_perm, match="550"):
            client.delete("calls.csv")
    assert (folder / "calls.csv").exists()


def test_with_a_certificate_all_goes_by_tls(folder: Path, tmp_path: Path) -> None:
    tls = self_signed(tmp_path / "tls")
    trusted = ssl.create_default_context(cafile=str(tls.certificate))
    with FtpServer(folder, tls=tls) as server, ftplib.FTP_TLS(context=trusted) as client:
        client.connect(server.host, server.port, timeout=10)
        client.login(server.login, server.password)
        with pytest.raises(ftplib.error_perm, match="SSL/TLS required on the data channel"):
            client.nlst()
        client.prot_p()
        assert sorted(client.nlst()) == ["archive", "calls.csv"]
        assert content(client, "calls.csv") == (folder / "calls.csv").read_bytes()


def test_with_a_certificate_a_login_in_the_clear_is_refused(folder: Path, tmp_path: Path) -> None:
    with FtpServer(folder, tls=self_signed(tmp_path / "tls")) as server, ftplib.FTP() as client:
        client.connect(server.host, server.port, timeout=10)
        with pytest.raises(ftplib.error_perm, match="SSL/TLS required on the control channel"):
            client.login(server.login, server.password)


def test_a_certificate_nobody_trusts_stops_a_careful_client(folder: Path, tmp_path: Path) -> None:
    with (
        FtpServer(folder, tls=self_signed(tmp_path / "tls")) as server,
        ftplib.FTP_TLS(context=ssl.create_default_context()) as client,
    ):
        client.connect(server.host, server.port, timeout=10)
        with pytest.raises(ssl.SSLCertVerificationError):
            client.login(server.login, server.password)


def test_it_stops_and_starts_again_where_it_was(folder: Path) -> None:
    server = FtpServer(folder)
    with server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        ftplib.FTP().connect(server.host, port, timeout=10)
    with server, ftplib.FTP() as client:
        client.connect(server.host, port, timeout=10)
        client.login(server.login, server.password)
