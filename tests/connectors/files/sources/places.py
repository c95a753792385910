"""The places that files are read from in these tests, each a folder on disk behind a server, or none."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from simulators.certificate import self_signed
from simulators.ftp import FtpServer
from simulators.sftp import SftpServer
from simulators.web import Answer, Request, Server
from tests.connectors.files.sources.openssh import OpenSsh
from tollbook.connectors.base import RemoteFile, Site
from tollbook.connectors.files.connector import FilesConnector
from tollbook.connectors.files.sources.uploads import upload_folder
from tollbook.connectors.secret import Secret

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}
LINES = b"start,cld,duration_s\n2024-05-01T10:00:00Z,442079460000,61\n"


@dataclass
class Place:
    """A source over a folder on disk."""

    folder: Path
    settings: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)
    stop: Callable[[], None] = lambda: None

    def connector(self, now: datetime = NOON, /, **settings: str) -> FilesConnector:
        secrets = {name: Secret(settings.pop(name, text)) for name, text in self.secrets.items()}
        site = Site(
            name="north", settings={**QUICK, **self.settings, **settings}, secrets=secrets, layout="tollbook"
        )
        return FilesConnector(site, clock=lambda: now)

    def put(self, name: str, content: bytes = LINES, *, at: datetime = NOON - timedelta(hours=1)) -> Path:
        """A file in the folder, written at that time."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def names(self, now: datetime = NOON, /, **settings: str) -> list[str]:
        connector = self.connector(now, **settings)
        found = [file.name for file in connector.files()]
        connector.close()
        return found


def one(connector: FilesConnector) -> RemoteFile:
    (file,) = connector.files()
    return file


def fetched(connector: FilesConnector, file: RemoteFile) -> bytes:
    return b"".join(connector.fetch(file))


@contextmanager
def local(tmp: Path) -> Iterator[Place]:
    yield Place(tmp / "out", {"source": "local", "folder": str(tmp / "out")})


@contextmanager
def sftp(tmp: Path) -> Iterator[Place]:
    with SftpServer(tmp) as server:
        settings = {"source": "sftp", "host": server.host, "port": str(server.port), "folder": "/out"}
        settings |= {"login": server.login, "fingerprint": server.fingerprint}
        yield Place(tmp / "out", settings, {"password": server.password}, server.stop)


@contextmanager
def openssh(tmp: Path) -> Iterator[Place]:
    with OpenSsh(tmp / "ssh") as server:
        settings = {"source": "sftp", "host": server.host, "port": str(server.port), "folder": str(tmp / "out")}
        settings |= {"login": server.login, "fingerprint": server.fingerprint}
        yield Place(tmp / "out", settings, {"private_key": server.key}, server.stop)


@contextmanager
def ftp(tmp: Path) -> Iterator[Place]:
    with FtpServer(tmp) as server:
        yield _ftp_place(server, {"source": "ftp"})


@contextmanager
def ftps(tmp: Path) -> Iterator[Place]:
    tls = self_signed(tmp / "tls")
    with FtpServer(tmp, tls=tls) as server:
        yield _ftp_place(server, {"source": "ftps", "verify": str(tls.certificate)})


def _ftp_place(server: FtpServer, settings: dict[str, str]) -> Place:
    settings |= {"host": server.host, "port": str(server.port), "folder": "out", "login": server.login}
    return Place(server.folder / "out", settings, {"password": server.password}, server.stop)


@contextmanager
def upload(tmp: Path) -> Iterator[Place]:
    folder = upload_folder(tmp, "north")
    yield Place(folder, {"source": "upload", "folder": str(folder)})


@contextmanager
def http(tmp: Path) -> Iterator[Place]:
    """A web server that gives the one file of the folder that is named cdr.csv."""
    place = Place(tmp / "out", {"source": "http"})

    def answer(request: Request) -> Answer:
        path = place.folder / "cdr.csv"
        if request.path != "/cdr.csv" or not path.exists():
            return Answer.text("nothing here", status=404)
        written = format_datetime(datetime.fromtimestamp(path.stat().st_mtime, UTC), usegmt=True)
        return Answer(200, (("Content-Type", "text/csv"), ("Last-Modified", written)), path.read_bytes())

    with Server(answer) as server:
        place.settings["url"] = f"{server.url}/cdr.csv"
        yield place


PLACES = {"local": local, "sftp": sftp, "openssh": openssh, "ftp": ftp, "ftps": ftps}
ALL_SOURCES = PLACES | {"upload": upload, "http": http}
