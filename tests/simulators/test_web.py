"""The server of all simulators, spoken to in the plain words of HTTP."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.faults import Fault, Faults
from simulators.web import MAX_BODY, Answer, Request, Server, self_signed


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def done() -> list[str]:
    """What the application did."""
    return []


@pytest.fixture
def server(faults: Faults, done: list[str]) -> Iterator[Server]:
    def echo(request: Request) -> Answer:
        done.append(request.path)
        if request.path == "/pieces":
            return Answer.file(
                (piece for piece in (b"one,", b"", b"two")), name="a b.csv", content_type="text/csv"
            )
        if request.path == "/nothing":
            return Answer(204)
        if request.path == "/bug":
            raise ValueError("the simulator is wrong")
        return Answer.json({"path": request.path, "query": request.query, "body": request.body.decode()})

    with Server(faults.guard(echo)) as running:
        yield running


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)


def ask(server: Server, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = connect(server)
    connection.request(method, path, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_many_requests_go_over_one_connection_and_every_body_is_drained(server: Server) -> None:
    connection = connect(server)
    for method in ("GET", "POST", "PUT", "GET"):
        connection.request(method, "/x%20y?q=1&q=&r=2", "some body")
        answer = connection.getresponse()
        assert json.loads(answer.read()) == {
            "path": "/x%20y",
            "query": {"q": ["1", ""], "r": ["2"]},
            "body": "some body",
        }
        assert answer.getheader("Connection") is None
        assert connection.sock is not None


def test_bodies_come_and_go_in_chunks(server: Server) -> None:
    connection = connect(server)
    connection.request("POST", "/up", iter([b"first,", b"second"]), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["body"] == "first,second"
    connection.request("GET", "/pieces")
    answer = connection.getresponse()
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert answer.getheader("Content-Disposition") == 'attachment; filename="a b.csv"'
    assert answer.read() == b"one,two"


def test_no_content_has_none_and_the_connection_lives_on(server: Server) -> None:
    connection = connect(server)
    connection.request("GET", "/nothing")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (204, b"")
    connection.request("GET", "/after")
    assert connection.getresponse().status == 200


def test_a_body_beyond_the_limit_is_refused(server: Server) -> None:
    connection = connect(server)
    connection.putrequest("POST", "/huge")
    connection.putheader("Content-Length", str(MAX_BODY + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413


def test_a_mistake_of_the_simulator_is_told(server: Server) -> None:
    status, text = ask(server, "GET", "/bug")
    assert status == 500
    assert "ValueError: the simulator is wrong" in text


def test_a_stopped_server_hangs_up_and_starts_again_on_its_port(server: Server) -> None:
    port = server.port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as idle:
        idle.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(9) == b"HTTP/1.1 "
        server.stop()
        while idle.recv(4096):
            pass
    server.start()
    assert server.port == port
    assert ask(server, "GET", "/again")[0] == 200


def test_its_own_certificate_is_trusted_by_who_is_given_it_and_by_nobody_else(tmp_path: Path) -> None:
    tls = self_signed(tmp_path)
    with Server(lambda _: Answer.json({}), tls=tls) as server:
        assert server.url.startswith("https://127.0.0.1:")
        knowing = ssl.create_default_context(cafile=str(tls.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=knowing, timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        stranger = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5)
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.request("GET", "/")
    assert self_signed(tmp_path).certificate.read_bytes() == tls.certificate.read_bytes()


def test_a_fault_lets_some_pass_hits_its_own_and_is_spent(server: Server, faults: Faults) -> None:
    faults.add(Fault("status", match="customer=7", after=1, times=2, status=500))
    statuses = [ask(server, "POST", "/list", f"customer={id}")[0] for id in (7, 8, 7, 8, 7, 7)]
    assert statuses == [200, 200, 500, 200, 500, 200]


def test_a_fault_finds_its_request_in_an_encoded_body_too(server: Server, faults: Faults) -> None:
    faults.add(Fault("status", match='"i_customer": 7', status=429, seconds=2))
    connection = connect(server)
    connection.request("POST", "/list", "params=%7B%22i_customer%22%3A+7%7D")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Retry-After")) == (429, "2")


def test_before_means_not_done_and_after_means_done(server: Server, faults: Faults, done: list[str]) -> None:
    faults.set([Fault("timeout_before", match="/first"), Fault("timeout_after", match="/second")])
    for path in ("/first", "/second"):
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server, "POST", path)
    assert done == ["/second"]


def test_an_answer_is_cut_in_the_middle(server: Server, faults: Faults) -> None:
    faults.add(Fault("truncate", times=2))
    for path in ("/whole", "/pieces"):
        with pytest.raises(http.client.IncompleteRead):
            ask(server, "GET", path)
    assert ask(server, "GET", "/whole")[0] == 200


def test_a_login_page_stands_where_json_should(server: Server, faults: Faults, done: list[str]) -> None:
    faults.add(Fault("wrong_type"))
    connection = connect(server)
    connection.request("GET", "/list")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/html; charset=UTF-8")
    assert done == []


def test_a_slow_answer_comes_after_its_seconds(server: Server, faults: Faults) -> None:
    faults.add(Fault("slow", seconds=0.2))
    began = time.monotonic()
    assert ask(server, "GET", "/list")[0] == 200
    assert time.monotonic() - began >= 0.2


def test_sessions_die_when_told() -> None:
    died: list[str] = []
    faults = Faults(expire_sessions=lambda: died.append("all"))
    with Server(faults.guard(lambda _: Answer.json({}))) as server:
        faults.add(Fault("expire_session", after=1))
        assert ask(server, "GET", "/a")[0] == 200
        assert died == []
        assert ask(server, "GET", "/b")[0] == 200
    assert died == ["all"]


def test_faults_are_ordered_and_requests_counted_over_the_wire(server: Server) -> None:
    order = json.dumps([{"kind": "status", "match": "/list", "status": 503}])
    assert ask(server, "POST", "/_control/faults", order)[0] == 200
    left = json.loads(ask(server, "GET", "/_control/faults")[1])
    assert [(fault["kind"], fault["times"]) for fault in left] == [("status", 1)]
    assert ask(server, "POST", "/list", "x=1")[0] == 503
    assert ask(server, "POST", "/list", "x=2")[0] == 200
    assert json.loads(ask(server, "GET", "/_control/faults")[1]) == []
    told = json.loads(ask(server, "GET", "/_control/requests")[1])
    assert told["counts"] == {"/list": 2}
    assert [(one["body"], one["fault"], one["status"]) for one in told["log"]] == [
        ("x=1", "status", 503),
        ("x=2", None, 200),
    ]
    assert told["cpu_seconds"] > 0
    ask(server, "POST", "/_control/reset")
    assert json.loads(ask(server, "GET", "/_control/requests")[1])["counts"] == {}


@pytest.mark.parametrize(
    "order", ['[{"kind": "gremlin"}]', '[{"kind": "status", "status": 999}]', '[{"when": 1}]', "no json"]
)
def test_a_fault_nobody_knows_is_refused(server: Server, order: str) -> None:
    status, text = ask(server, "POST", "/_control/faults", order)
    assert status == 400
    assert "faults was not changed" in text
