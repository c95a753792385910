"""A file at a web address: read whole or not at all, asked for again only when it is new, and never a login page."""

import base64
import os
import socket
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from simulators.faults import Fault, Faults
from simulators.web import Answer, Request, Server
from tests.connectors.files.sources.places import LINES, Place, fetched, one
from tollbook.connectors.base import RemoteFile
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.errors import BadInput

PASSWORD = "tr0ub4dor&3 ü"
KEY = "s3cr3t-k3y"
WRITTEN = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
PAGE = '<!DOCTYPE html>\n<html lang="en"><body><form><input name="login"></form></body></html>'


class Export:
    """A web server with one export, which people log in for."""

    def __init__(self) -> None:
        self.body = LINES
        self.etag = ""
        self.content_type = "text/csv"
        self.is_dated = True
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        said = base64.b64encode(f"operator:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {said}":
            return Answer.text("who are you?", status=401)
        if request.path != "/export/cdr%201.csv" or request.query.get("key") != [KEY]:
            return Answer.text("nothing here", status=404)
        written = format_datetime(WRITTEN, usegmt=True)
        if self.etag and request.headers.get("If-None-Match") == self.etag:
            return Answer(304)
        if self.is_dated and request.headers.get("If-Modified-Since") == written:
            return Answer(304)
        headers = [("Content-Type", self.content_type)]
        headers += [("ETag", self.etag)] if self.etag else []
        headers += [("Last-Modified", written)] if self.is_dated else []
        return Answer(200, tuple(headers), self.body)


@pytest.fixture
def export() -> Export:
    return Export()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def place(export: Export, faults: Faults, tmp_path: Path) -> Iterator[Place]:
    with Server(faults.guard(export)) as server:
        settings = {"source": "http", "url": f"{server.url}/export/cdr%201.csv?month=5", "login": "operator"}
        yield Place(tmp_path, settings, {"password": PASSWORD, "url_secret": f"key={KEY}"}, server.stop)


def refusal(place: Place, **settings: str) -> str:
    with pytest.raises(NeedsAttention) as caught:
        place.names(**settings)
    said = "".join(traceback.format_exception(caught.value))
    assert not any(secret in said for secret in (PASSWORD, KEY))
    return str(caught.value)


def test_the_file_is_listed_by_its_head_and_read_from_the_same_answer(place: Place, export: Export) -> None:
    connector = place.connector()

    file = one(connector)

    assert file == RemoteFile(name="cdr 1.csv", size_bytes=len(LINES), modified_at=WRITTEN)
    assert fetched(connector, file) == LINES
    assert len(export.asked) == 1
    assert export.asked[0].query == {"month": ["5"], "key": [KEY]}
    assert fetched(connector, file) == LINES
    connector.close()
    connector.close()


def test_a_large_file_comes_whole(place: Place, export: Export) -> None:
    export.body = os.urandom(3_000_000)
    connector = place.connector()

    assert fetched(connector, one(connector)) == export.body
    connector.close()


@pytest.mark.parametrize("etag", ["", '"v1"', 'W/"v1"'])
def test_what_has_not_changed_is_given_as_it_is_known(place: Place, export: Export, etag: str) -> None:
    export.etag, export.is_dated = etag, not etag
    connector = place.connector()
    known = one(connector)

    assert list(connector.files([known])) == [known]
    assert export.asked[-1].headers.get("If-None-Match", "") == etag
    assert bool(export.asked[-1].headers.get("If-Modified-Since")) is not bool(etag)
    assert fetched(connector, known) == LINES

    export.etag, export.is_dated, export.body = '"v2"', True, b"other\n"
    (new,) = connector.files([RemoteFile(name="cdr 1.csv", size_bytes=len(LINES), version='"v1"')])
    assert new.version == '"v2"'
    assert fetched(connector, new) == b"other\n"
    connector.close()


@pytest.mark.parametrize("page", [PAGE, f"\ufeff  <!-- -->\n{PAGE}", PAGE.upper()])
@pytest.mark.parametrize("content_type", ["text/html", "text/csv"])
def test_a_web_page_is_no_file(place: Place, export: Export, page: str, content_type: str) -> None:
    export.body, export.content_type = page.encode(), content_type

    assert "answers with a web page and not with a file" in refusal(place)


def test_lines_are_taken_even_from_a_server_that_calls_them_a_page(place: Place, export: Export) -> None:
    export.content_type = "text/html"

    assert place.names() == ["cdr 1.csv"]


def test_a_wrong_password_is_for_a_person_and_is_not_shown(place: Place) -> None:
    assert refusal(place, password="wrong").endswith("check login and password")


def test_a_file_that_is_not_there_is_for_a_person(place: Place) -> None:
    wrong = place.settings["url"].replace("cdr", "xdr")

    assert "answer 404 (nothing here); there is no such thing at this address" in refusal(place, url=wrong)


def test_a_young_file_is_left_for_the_next_time(place: Place) -> None:
    assert place.names(WRITTEN.replace(second=30)) == []


def test_a_busy_server_is_asked_again(place: Place, faults: Faults) -> None:
    faults.add(Fault("status", status=503))

    assert place.names() == ["cdr 1.csv"]


def test_a_connection_lost_in_the_middle_is_never_a_whole_file(
    place: Place, export: Export, faults: Faults
) -> None:
    export.body = os.urandom(3_000_000)
    faults.add(Fault("truncate", times=None))
    connector = place.connector()
    file = one(connector)

    with pytest.raises(TryAgainLater, match="closed the connection before the answer was whole"):
        fetched(connector, file)
    connector.close()


def test_a_body_in_chunks_has_no_size_and_must_end(place: Place, export: Export, faults: Faults) -> None:
    export.body = [LINES, LINES]  # type: ignore[assignment]  # in pieces it goes out chunked
    connector = place.connector()
    file = one(connector)
    assert (file.size_bytes, file.is_complete) == (None, True)
    assert fetched(connector, file) == LINES * 2
    connector.close()

    faults.add(Fault("truncate", times=None))
    with pytest.raises(TryAgainLater):
        place.names()


def test_a_body_that_ends_with_the_connection_may_have_lost_its_end(tmp_path: Path) -> None:
    """HTTP/1.0 without a length: the last line is not trusted until it has its end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_once, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/cdr.csv"
        connector = Place(tmp_path, {"source": "http", "url": url}).connector()

        file = one(connector)

        assert not file.is_complete
        assert fetched(connector, file) == LINES
        connector.close()


def test_a_size_above_the_limit_is_refused_however_it_comes(place: Place, export: Export) -> None:
    export.body = [b"x" * 700_000] * 2  # type: ignore[assignment]
    connector = place.connector(max_size_mib="1")

    with pytest.raises(ConnectorError, match=r"'cdr 1.csv' has more than 1048576 bytes; "):
        fetched(connector, one(connector))
    connector.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "source http needs the setting url"),
        ("ftp://north/cdr.csv", "is no address; write it as https://host:port"),
        ("https://operator:tr0ub4dor@north/cdr.csv", "the address of north holds a login"),
    ],
)
def test_an_address_that_makes_no_sense_is_named(place: Place, url: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        place.names(url=url)
    assert "tr0ub4dor" not in str(caught.value)


def _answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.recv(10_000)
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\n\r\n" + LINES)
    connection.close()
