"""A platform that goes wrong in every way a web server can, and what a connector is told about it."""

import logging
import ssl
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

import pytest

from simulators.faults import Fault, Faults
from simulators.web import Answer as Sent
from simulators.web import Request, Server, self_signed
from tollbook.connectors.base import Site
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.connectors.http import DOWNLOAD_BLOCK_BYTES, Answer, Http, Patience, retry_after_s
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

PASSWORD = "tr0ub4dor&3 ü"
ANSWERS = {
    "/moved": Sent(302, (("Location", "https://elsewhere.example/login"),)),
    "/large": Sent(200, (("Content-Type", "text/plain"),), [b"x" * 1000] * 100),
    "/cookie": Sent.json({}, headers=[("Set-Cookie", "session=abc; Path=/")]),
    "/fault": Sent.json({"faultcode": "Server.x"}, status=500),
    "/absent": Sent.text("nothing here", status=404),
    "/forbidden": Sent.text("<html>", content_type="text/html", status=403),
}
AT_ONCE = Patience(timeout_s=1.0, attempts=3, retry_wait_s=0)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def done() -> list[Request]:
    return []


@pytest.fixture
def server(faults: Faults, done: list[Request]) -> Iterator[Server]:
    def platform(request: Request) -> Sent:
        done.append(request)
        if request.path == "/echo":
            return Sent.json({"you sent": request.body.decode()}, status=400)
        return ANSWERS.get(request.path) or Sent.json({"path": request.path})

    with Server(faults.guard(platform)) as running:
        yield running


@pytest.fixture
def http(server: Server) -> Iterator[Http]:
    client = Http(server.url, platform="north", patience=AT_ONCE, secrets=[Secret(PASSWORD)])
    yield client
    client.close()
    client.close()


def read(http: Http, path: str = "/list") -> Answer:
    return http.request("GET", path, is_repeatable=True)


def write(http: Http, path: str = "/order") -> Answer:
    return http.request("POST", path, is_repeatable=False, json={"amount": 1})


def refused(http: Http, path: str = "/list") -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        read(http, path)
    return caught.value


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=429),
        Fault("status", status=500),
        Fault("status", status=502),
        Fault("status", status=503),
        Fault("status", status=504),
        Fault("timeout_before", seconds=0),
        Fault("timeout_after", seconds=0),
        Fault("truncate"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_a_read_is_tried_again_when_the_platform_stumbles_once(
    http: Http, faults: Faults, done: list[Request], fault: Fault
) -> None:
    faults.add(fault)
    assert read(http).body == b'{"path": "/list"}'


def test_a_read_is_tried_so_often_and_no_more(http: Http, faults: Faults) -> None:
    faults.add(Fault("status", times=None, status=502))
    error = refused(http)
    assert isinstance(error, TryAgainLater)
    assert str(error) == "north: GET /list: answer 502 (Status 502); run again later"
    assert faults.requests()["counts"] == {"/list": 3}


def test_tries_are_noted_in_a_log_and_never_printed_among_what_was_asked_for(
    http: Http, faults: Faults, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    faults.add(Fault("status", status=503, times=2))

    assert read(http).status == 200

    assert [message.partition("s: ")[2] for message in caplog.messages] == [
        "north: GET /list: answer 503 (Status 503); it asks to come back after 1 s"
    ] * 2
    assert capsys.readouterr() == ("", "")


def test_without_a_log_tries_are_silent() -> None:
    """In a process of its own: the tests themselves keep a log."""
    faulty = Faults()
    faulty.add(Fault("status", status=500))
    with Server(faulty.guard(lambda _: Sent.json({}))) as stumbling:
        script = (
            "from tollbook.connectors.http import Http, Patience\n"
            f"http = Http({stumbling.url!r}, platform='north', patience=Patience(retry_wait_s=0))\n"
            "print(http.request('GET', '/list', is_repeatable=True).status)"
        )
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("200\n", "")


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "truncate"])
def test_a_write_whose_answer_was_lost_is_not_repeated(http: Http, faults: Faults, kind: str) -> None:
    faults.add(Fault(kind))  # type: ignore[arg-type]
    with pytest.raises(TryAgainLater, match="it may have been done all the same: look before doing it again"):
        write(http)
    assert faults.requests()["counts"] == {"/order": 1}


def test_a_write_met_by_a_failing_gateway_is_not_repeated(http: Http, faults: Faults) -> None:
    faults.add(Fault("status", status=502))
    with pytest.raises(TryAgainLater, match="look whether it was done before doing it again"):
        write(http)
    assert faults.requests()["counts"] == {"/order": 1}


def test_a_write_that_is_told_too_many_requests_was_not_done_and_is_repeated(
    http: Http, faults: Faults, done: list[Request]
) -> None:
    faults.add(Fault("status", status=429))
    write(http)
    assert [request.path for request in done] == ["/order"]


def test_the_wait_is_the_one_that_the_platform_asks_for(http: Http, faults: Faults) -> None:
    faults.add(Fault("status", status=429, seconds=1))
    begun = time.monotonic()
    read(http)
    assert 1.0 <= time.monotonic() - begun < 3.0


def test_a_platform_that_asks_for_an_hour_is_left_for_the_next_run(http: Http, faults: Faults) -> None:
    faults.add(Fault("status", status=503, seconds=3600))
    error = refused(http)
    assert isinstance(error, TryAgainLater)
    assert str(error).endswith("it asks to come back after 3600 s")
    assert faults.requests()["counts"] == {"/list": 1}


def test_a_moment_to_come_back_is_held_against_the_answers_own_date() -> None:
    at = {hour: format_datetime(datetime(2017, 6, 1, 12, 0, hour, tzinfo=UTC), usegmt=True) for hour in (0, 30)}
    assert retry_after_s(Answer(503, {"date": at[0], "retry-after": at[30]}, b"")) == 30
    assert retry_after_s(Answer(503, {"date": at[30], "retry-after": at[0]}, b"")) == 0
    assert retry_after_s(Answer(503, {"retry-after": at[0]}, b"")) is None
    assert retry_after_s(Answer(503, {"retry-after": "soon"}, b"")) is None


def test_silence_has_a_limit(server: Server, faults: Faults) -> None:
    client = Http(server.url, platform="north", patience=Patience(timeout_s=0.2, attempts=1))
    faults.add(Fault("slow", seconds=1.0))
    assert str(refused(client)) == "north: GET /list: no answer within 0.2 s; run again later"
    client.close()


def drip() -> Iterator[bytes]:
    """An answer that never ends and is never silent."""
    while True:
        time.sleep(0.05)
        yield b"x"


def test_an_answer_that_drips_is_given_up_however_it_is_read() -> None:
    with Server(lambda _: Sent(200, (("Content-Type", "text/csv"),), drip())) as dripping:
        http = Http(dripping.url, platform="north", patience=Patience(timeout_s=0.5, attempts=3, retry_wait_s=0))
        begun = time.monotonic()
        with pytest.raises(TryAgainLater, match=r"north: GET /list: \d+ bytes came in 1 s, .*too slow; run again"):
            read(http)
        with pytest.raises(TryAgainLater, match="too slow; it may have been done all the same"):
            write(http)
        with pytest.raises(TryAgainLater, match="too slow"), http.download("/calls.csv") as download:
            list(download.blocks)
        http.close()
    assert time.monotonic() - begun < 5


def test_whoever_takes_a_download_may_take_their_time() -> None:
    """What they do in between is not the platform's slowness."""
    body = b"x" * (3 * DOWNLOAD_BLOCK_BYTES + 1)
    with Server(lambda _: Sent(200, (("Content-Type", "text/csv"),), body)) as server:
        http = Http(server.url, platform="north", patience=Patience(timeout_s=0.2))
        got = []
        with http.download("/calls.csv") as download:
            for block in download.blocks:
                got.append(block)
                time.sleep(0.15)
        http.close()
    assert b"".join(got) == body


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/moved", "answer 302; it sends us on to elsewhere.example; set the address to where the API really is"),
        (
            "/absent",
            "answer 404 (nothing here); there is no such thing at this address; check host, port and path",
        ),
        ("/forbidden", "answer 403 (text/html); the login may not do this: have it allowed on the platform"),
    ],
)
def test_what_a_person_must_mend_is_said_and_not_repeated(
    http: Http, done: list[Request], path: str, says: str
) -> None:
    error = refused(http, path)
    assert isinstance(error, NeedsAttention)
    assert str(error).startswith(f"north: GET {path}: {says}")
    assert len(done) == 1


def test_a_fault_of_the_platforms_own_is_an_answer_whatever_its_status(
    server: Server, done: list[Request]
) -> None:
    client = Http(
        server.url, platform="north", patience=AT_ONCE, is_answer=lambda answer: b"faultcode" in answer.body
    )
    assert read(client, "/fault").status == 500
    assert len(done) == 1
    client.close()


def test_an_answer_without_end_is_refused(server: Server) -> None:
    client = Http(server.url, platform="north", patience=AT_ONCE, max_body_bytes=10_000)
    assert "/large: the answer is longer than 10000 bytes; ask for less at once" in str(refused(client, "/large"))
    client.close()


def test_cookies_are_kept_only_where_wanted(server: Server, done: list[Request]) -> None:
    for keeps in (False, True):
        client = Http(server.url, platform="north", keeps_cookies=keeps)
        read(client, "/cookie")
        read(client)
        assert done[-1].headers.get("Cookie") == ("session=abc" if keeps else None)
        client.forget_cookies()
        read(client)
        assert done[-1].headers.get("Cookie") is None
        client.close()


def test_requests_share_a_connection(server: Server, http: Http) -> None:
    begun = time.monotonic()
    for _ in range(50):
        read(http)
    assert time.monotonic() - begun < 2.0


def test_no_proxy_is_taken_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    client = Http(server.url, platform="north", patience=AT_ONCE)
    assert read(client).status == 200
    client.close()


def test_a_secret_is_in_no_error_log_or_traceback(
    http: Http, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    token = Secret("f00dfacef00dface")
    http.hide(token)
    caplog.set_level(logging.DEBUG)
    told = []
    for path in ("/echo", "/list"):
        faults.add(Fault("truncate", match="/list", times=None))
        with pytest.raises(ConnectorError) as caught:
            http.request(
                "POST",
                path,
                is_repeatable=True,
                params={"key": token.reveal()},
                json={"password": PASSWORD},
                headers={"Authorization": f"Bearer {token.reveal()}"},
            )
        told += [str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value))]
    text = "\n".join([*told, caplog.text])
    assert "•••" in text  # the platform gave it back to us
    for part in (PASSWORD, "tr0ub4dor", "f00dface"):
        assert part not in text


# --- reaching and trusting


def test_nobody_at_the_port_is_said_with_host_and_port(server: Server) -> None:
    server.stop()
    client = Http(f"http://127.0.0.1:{server.port}", platform="north", patience=AT_ONCE)
    error = refused(client)
    assert isinstance(error, TryAgainLater)
    assert f"north: 127.0.0.1:{server.port} cannot be reached" in str(error)
    assert "refused" in str(error)
    assert "check host and port" in str(error)
    client.close()


def test_a_write_is_repeated_when_no_connection_was_made(
    server: Server, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stop()
    waits: list[float] = []

    def comes_back(seconds: float) -> None:
        waits.append(seconds)
        server.start()

    monkeypatch.setattr(time, "sleep", comes_back)
    client = Http(f"http://127.0.0.1:{server.port}", platform="north", patience=Patience(attempts=2))
    assert write(client).status == 200
    assert 1 <= waits[0] <= 2  # a second, and at most as much again by chance
    client.close()


def test_a_port_that_speaks_no_tls_is_named(server: Server) -> None:
    client = Http(f"https://127.0.0.1:{server.port}", platform="north", patience=AT_ONCE)
    error = refused(client)
    assert isinstance(error, NeedsAttention)
    assert f"127.0.0.1:{server.port} speaks no TLS" in str(error)
    assert "check the port" in str(error)
    client.close()


class TestTrust:
    @pytest.fixture
    def secure(self, tmp_path: Path) -> Iterator[Server]:
        with Server(lambda _: Sent.json({}), tls=self_signed(tmp_path)) as running:
            yield running

    def test_a_self_signed_certificate_is_refused_with_both_ways_out(self, secure: Server, tmp_path: Path) -> None:
        client = Http(secure.url, platform="north", patience=AT_ONCE)
        error = refused(client)
        assert isinstance(error, NeedsAttention)
        assert f"the certificate of 127.0.0.1:{secure.port} is self-signed" in str(error)
        assert "set `verify` to its path" in str(error)
        assert f"`verify={fingerprint(tmp_path)}`" in str(error)
        client.close()

    @pytest.mark.parametrize("way", ["file", "fingerprint", "no"])
    def test_it_is_trusted_by_its_file_by_its_fingerprint_or_blindly(
        self, secure: Server, tmp_path: Path, way: str
    ) -> None:
        verify = {"file": str(tmp_path / "simulator.crt"), "fingerprint": fingerprint(tmp_path), "no": "no"}[way]
        client = Http(secure.url, platform="north", verify=verify, patience=AT_ONCE)
        assert read(client).status == 200
        client.close()

    def test_another_certificate_than_the_pinned_one_is_refused_before_anything_is_sent(
        self, secure: Server, tmp_path: Path
    ) -> None:
        client = Http(secure.url, platform="north", verify=f"sha256:{'ab' * 32}", patience=AT_ONCE)
        error = refused(client)
        assert isinstance(error, NeedsAttention)
        assert fingerprint(tmp_path).removeprefix("sha256:") in str(error)
        assert "find out why" in str(error)
        client.close()

    def test_a_name_that_is_not_in_the_certificate_is_said(self, secure: Server, tmp_path: Path) -> None:
        client = Http(
            f"https://127.0.0.2:{secure.port}", platform="north", verify=str(tmp_path / "simulator.crt"),
            patience=AT_ONCE,
        )  # fmt: skip
        secure.stop()
        with Server(lambda _: Sent.json({}), host="127.0.0.2", port=secure.port, tls=self_signed(tmp_path)):
            assert "is made for another name" in str(refused(client))
        client.close()

    def test_plain_http_to_a_port_of_tls_is_no_answer(self, secure: Server) -> None:
        client = Http(f"http://127.0.0.1:{secure.port}", platform="north", patience=AT_ONCE)
        assert isinstance(refused(client), TryAgainLater)
        client.close()


def fingerprint(folder: Path) -> str:
    certificate = ssl.PEM_cert_to_DER_cert((folder / "simulator.crt").read_text())
    return "sha256:" + sha256(certificate).digest().hex(":")


@pytest.mark.parametrize(
    ("verify", "says"),
    [
        ("sha256:abc", "after sha256: come 64 hexadecimal digits"),
        (
            "/nowhere/ca.pem",
            "setting verify is '/nowhere/ca.pem', which cannot be used (No such file or directory)",
        ),
        ("maybe", "it is yes, no, the path of a file of certificates"),
    ],
)
def test_a_verify_that_makes_no_sense_is_refused(verify: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        Http("https://platform.example", platform="north", verify=verify)
    assert says in str(caught.value)


@pytest.mark.parametrize("url", ["platform.example", "ftp://platform.example", "https://", "https://h:99999", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="write it as https://host:port"):
        Http(url, platform="north")


def test_an_address_with_a_login_in_it_is_refused_without_showing_it() -> None:
    with pytest.raises(BadInput, match=r"the address of platform\.example holds a login") as caught:
        Http("https://me:pass@platform.example", platform="north")
    assert "pass@" not in str(caught.value)


def test_patience_is_set_by_the_site() -> None:
    site = Site(name="north", settings={"timeout_s": "5", "attempts": "2", "retry_wait_s": "0.5"})
    assert Patience.of(site) == Patience(timeout_s=5, attempts=2, retry_wait_s=0.5)
    assert Patience.of(Site(name="north")) == Patience()
    for wrong in ({"attempts": "0"}, {"attempts": "2.5"}, {"timeout_s": "long"}, {"retry_wait_s": "61"}):
        with pytest.raises(BadInput, match=f"north: setting {next(iter(wrong))} is"):
            Patience.of(Site(name="north", settings=wrong))
