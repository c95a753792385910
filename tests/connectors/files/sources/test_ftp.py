"""Logging in by FTP and by FTP with TLS, and listings as servers of all ages write them."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyftpdlib.handlers import FTPHandler

from simulators.sftp import SftpServer
from tests.connectors.files.sources.places import LINES, NOON, Place, fetched, ftp, ftps, one
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.connectors.files.sources.ftp_listing import entry_of_facts, entry_of_line, moment
from tollbook.connectors.files.sources.source import Entry, Kind

WRONG = "tr0ub4dor&3"


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "out").mkdir(exist_ok=True)
    with ftp(tmp_path) as place:
        place.put("a.csv")
        yield place


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "out").mkdir(exist_ok=True)
    with ftps(tmp_path) as place:
        place.put("a.csv")
        yield place


@pytest.fixture
def old(plain: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A server that has never heard of MLSD."""
    monkeypatch.setattr("pyftpdlib.handlers.FTPHandler.ftp_MLSD", _not_known, raising=True)
    return plain


def _not_known(handler: object, _path: str) -> None:
    handler.respond("500 MLSD not understood.")  # type: ignore[attr-defined]


def refusal(place: Place, **settings: str) -> str:
    with pytest.raises(ConnectorError) as caught:
        place.names(**settings)
    assert isinstance(caught.value, NeedsAttention)
    return str(caught.value)


def test_a_wrong_password_is_for_a_person_and_is_not_shown(plain: Place, secure: Place) -> None:
    for place in (plain, secure):
        said = refusal(place, password=WRONG)

        assert said.startswith("north: 127.0.0.1 refused login 'operator' (530 ")
        assert "check login and password" in said
        assert WRONG not in said


def test_a_server_that_wants_tls_is_said_to(secure: Place) -> None:
    assert "set source = ftps" in refusal(secure, source="ftp")


def test_a_server_without_tls_is_sent_no_password(plain: Place) -> None:
    said = refusal(plain, source="ftps")

    assert "offers no TLS" in said
    assert "source = ftp would send login and password in the clear" in said


def test_an_unknown_certificate_is_refused_and_may_be_pinned(secure: Place) -> None:
    said = refusal(secure, verify="yes")
    pinned = re.search("sha256:[0-9a-f:]{95}", said)

    assert "is self-signed; save it" in said
    assert pinned
    assert secure.names(verify=pinned[0]) == ["a.csv"]
    assert "another certificate than the pinned one" in refusal(secure, verify="sha256:" + "00" * 32)
    assert secure.names(verify="no") == ["a.csv"]


def test_transfers_go_on_in_the_tls_session_of_the_login(secure: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many servers refuse a transfer in a session of its own."""
    wrapped: list[ssl.SSLSocket] = []
    wrap = ssl.SSLContext.wrap_socket

    def watched(*args: object, **kwargs: object) -> ssl.SSLSocket:
        wrapped.append(wrap(*args, **kwargs))  # type: ignore[arg-type]
        return wrapped[-1]

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", watched)
    reused: list[bool | None] = []
    monkeypatch.setattr(
        ssl.SSLSocket,
        "unwrap",
        lambda self: reused.append(self.session_reused),  # what ends each transfer
    )
    connector = secure.connector(verify="no")

    assert fetched(connector, one(connector)) == LINES

    connector.close()
    assert len(wrapped) == 3  # the login, the listing, the file
    assert reused[-1] is True


def test_a_server_of_another_kind_is_named(tmp_path: Path) -> None:
    with SftpServer(tmp_path) as other:
        settings = {"source": "ftp", "host": other.host, "port": str(other.port), "timeout_s": "1"}

        with pytest.raises(
            TryAgainLater, match=r"does not greet as an FTP server within 1 s; check host and port"
        ):
            Place(tmp_path, settings).names()


def test_a_server_without_mlsd_is_read_by_list_with_exact_times(old: Place) -> None:
    old.put("below/b.csv", at=NOON - timedelta(days=300, seconds=7))
    connector = old.connector(subfolders="yes")

    below, top = connector.files()

    assert (top.name, top.size_bytes, top.modified_at) == ("a.csv", len(LINES), NOON - timedelta(hours=1))
    assert (below.name, below.modified_at) == ("below/b.csv", NOON - timedelta(days=300, seconds=7))
    assert fetched(connector, below) == LINES
    connector.close()


def test_a_listing_that_cannot_be_read_is_no_empty_folder(old: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def strange(handler: object, _path: str) -> None:
        handler.push_dtp_data(b"A.CSV;1   3/5  1-MAY-2024 12:00\r\n", isproducer=False)  # type: ignore[attr-defined]

    monkeypatch.setattr("pyftpdlib.handlers.FTPHandler.ftp_LIST", strange)

    assert "is written in a way that is not understood ('A.CSV;1" in refusal(old)


def test_a_file_that_may_not_be_read_is_for_a_person(plain: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = plain.connector()
    file = one(connector)
    monkeypatch.setattr(
        "pyftpdlib.handlers.FTPHandler.ftp_RETR", lambda handler, _file: handler.respond("550 Permission denied.")
    )

    with pytest.raises(NeedsAttention, match=r"reading 'a.csv': .* does not allow it; give the login the right"):
        fetched(connector, file)
    connector.close()


def test_a_transfer_that_the_server_calls_failed_is_no_whole_file(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its disk may have failed in the middle; where no size was listed nothing else tells."""
    connector = plain.connector()
    file = replace(one(connector), size_bytes=None)
    answer = FTPHandler.respond

    def fail(handler: FTPHandler, said: str, **logger: object) -> None:
        answer(handler, said.replace("226 Transfer complete", "451 Read error"), **logger)

    monkeypatch.setattr(FTPHandler, "respond", fail)

    with pytest.raises(TryAgainLater, match=r"reading 'a.csv': .* cannot do it now \(451 Read error.\)"):
        fetched(connector, file)
    connector.close()


def test_a_busy_server_is_for_later(plain: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pyftpdlib.handlers.FTPHandler.ftp_USER",
        lambda handler, _name: handler.respond("421 Too many connections."),
    )

    with pytest.raises(TryAgainLater, match=r"cannot do it now \(421 Too many connections.\); run again later"):
        plain.names()


def test_facts_of_mlsd() -> None:
    at = datetime(2024, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)

    assert entry_of_facts(b" a b.csv", {"type": "File", "size": "61", "modify": "20240501120000.25"}) == Entry(
        " a b.csv", Kind.FILE, 61, at
    )
    assert entry_of_facts(b"old", {"type": "dir"}) == Entry("old", Kind.FOLDER)
    assert entry_of_facts(b".", {"type": "cdir"}) is None
    assert entry_of_facts(b"link", {"type": "OS.unix=slink:/etc"}) == Entry("link", Kind.OTHER)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (b"-rw-r--r--   1 op   staff     61 May  1 12:00 a b.csv", Entry("a b.csv", Kind.FILE, 61)),
        (
            b"-rw-r--r--+  1 a user group 7000000000 Feb 29  2024  blank.csv",
            Entry(" blank.csv", Kind.FILE, 7_000_000_000),
        ),
        (b"drwxr-xr-x   2 0    0       4096 Jan 10 09:30 2024", Entry("2024", Kind.FOLDER)),
        (b"lrwxrwxrwx   1 0    0          4 Jan 10 09:30 l -> /etc", Entry("l -> /etc", Kind.OTHER)),
        (b"05-01-24  01:00PM                 1234 cdr 1.csv", Entry("cdr 1.csv", Kind.FILE, 1234)),
        (b"05-01-2024  01:00PM       <DIR>          archive", Entry("archive", Kind.FOLDER)),
        (b"total 12", None),
        (b"drwxr-xr-x   2 0    0       4096 Jan 10 09:30 ..", None),
    ],
)
def test_lines_of_list(line: bytes, entry: Entry | None) -> None:
    assert entry_of_line(line) == entry


@pytest.mark.parametrize("written", ["", "20241301000000", "2024-05-01", "20240501"])
def test_what_is_no_time_is_no_time(written: str) -> None:
    assert moment(written) is None
