"""A real Kamailio and real SIP phones, on loopback, for as long as a test needs them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

HERE = Path(__file__).parent
PAGE = Path(__file__).parents[3] / "docs/connectors/kamailio.md"
SCRIPTS = Path("/usr/share/kamailio/postgres")  # Kamailio's own, that make its tables
PACKAGES = "kamailio kamailio-postgres-modules sip-tester"
START_S, CALL_S, STOP_S = 15.0, 15.0, 10.0
ZONE = "Europe/Warsaw"  # what the proxy's clock shows, and so what it writes
SHARED_MEMORY_MB, PRIVATE_MEMORY_MB = "64", "8"


@dataclass(frozen=True)
class Proxy:
    """A running proxy. What is called as 4930… is busy, everything else answers."""

    port: int
    rpc_port: int
    folder: Path
    dsn: str  # of its database

    def call(self, caller: str, callee: str, *, talk_s: float = 0.0, refused_with: int = 0) -> None:
        """Make one call, and see that it goes as said."""
        calling = self.begin_call(caller, callee, talk_s=talk_s, refused_with=refused_with)
        said, _ = calling.communicate(timeout=talk_s + 2 * CALL_S)
        expected = refused_with or "answered"
        assert calling.returncode == 0, (
            f"{caller} calls {callee}, expected {expected}\n{said[-2_000:]}\n{self.logs()}"
        )

    def begin_call(
        self, caller: str, callee: str, *, talk_s: float = 0.0, refused_with: int = 0
    ) -> "subprocess.Popen[str]":
        """A phone that calls, in a process that ends with the call: with 0 when it went as said."""
        if refused_with:
            scenario = self.folder / f"refused-{refused_with}.xml"
            scenario.write_text((HERE / "refused.xml").read_text().replace("@STATUS@", str(refused_with)))
        else:
            scenario = HERE / "calls.xml"
        words = [_program("sipp"), f"127.0.0.1:{self.port}", "-sf", str(scenario), "-i", "127.0.0.1", "-nostdin"]
        words += ["-m", "1", "-s", callee, "-key", "caller", caller, "-d", str(round(talk_s * 1_000))]
        words += ["-timeout", f"{talk_s + CALL_S:.0f}", "-timeout_error"]
        return subprocess.Popen(
            words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    def logs(self) -> str:
        """The ends of what everybody said."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text()[-3_000:]}" for log in sorted(self.folder.glob("*.log"))
        )


@contextmanager
def running_proxy(folder: Path, server: Mapping[str, str], database: str) -> Iterator[Proxy]:
    """With its phones and a database of its own on a server (`host`, a folder with its socket; `port`; `user`)."""
    dsn = make_conninfo(host=server["host"], port=server["port"], user=server["user"], dbname=database)
    ports = {name: _free_port() for name in ("PORT", "ANSWERING", "BUSY")}
    ports["RPC"] = _free_port(socket.SOCK_STREAM)
    with _database(server, database, dsn), ExitStack() as processes:
        proxy = Proxy(ports["PORT"], ports["RPC"], folder, dsn)
        for scenario, port in (("answers", ports["ANSWERING"]), ("busy", ports["BUSY"])):
            words = [_program("sipp"), "-sf", str(HERE / f"{scenario}.xml"), "-i", "127.0.0.1", "-nostdin"]
            processes.enter_context(_process([*words, "-p", str(port)], folder / f"{scenario}.log", {}))
        config = folder / "kamailio.cfg"
        config.write_text(_config({**ports, "USER": server["user"], "DATABASE": database}))
        words = [_program("kamailio"), "-f", str(config), "-DD", "-P", str(folder / "pid"), "-Y", str(folder)]
        words += ["-m", SHARED_MEMORY_MB, "-M", PRIVATE_MEMORY_MB]
        # Its URL of a database has no place for a socket's folder; PostgreSQL's own variables have.
        where = {"PGHOST": server["host"], "PGPORT": server["port"], "TZ": ZONE}
        kamailio = processes.enter_context(_process(words, folder / "kamailio.log", where))
        _wait_until_it_answers(proxy, kamailio)
        yield proxy


def block(kind: str) -> str:
    """A block of the page on Kamailio, as people copy it."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"{PAGE.name} has no block {kind}"
    return found[1]


def _config(values: Mapping[str, object]) -> str:
    text = (HERE / "kamailio.cfg").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    for place in ("accounting", "routing", "remote"):
        text = text.replace(f"# {place.upper()}\n", block(f"kamailio {place}"))
    return text


@contextmanager
def _database(server: Mapping[str, str], name: str, dsn: str) -> Iterator[None]:
    """Made by Kamailio's own scripts, and what our page adds to them."""
    assert SCRIPTS.is_dir(), f"the real calls need {SCRIPTS}: as root, apt-get install {PACKAGES}"
    everywhere = make_conninfo(dsn, dbname="postgres")
    with psycopg.connect(everywhere, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for script in ("standard", "acc"):
                connection.execute((SCRIPTS / f"{script}-create.sql").read_bytes())
            # Roles are the whole server's, on which other tests may work just now.
            connection.execute(
                block("sql")
                .replace("tollbook LOGIN", f"{name}_tollbook LOGIN")
                .replace("TO tollbook;", f"TO {name}_tollbook;")
                .encode()
            )
        yield
    finally:
        with psycopg.connect(everywhere, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE IF EXISTS {name}_tollbook".encode())


@contextmanager
def _process(words: list[str], log: Path, more: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            cwd=log.parent,
            env={**os.environ, **more},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Kamailio has children: a group of their own is ended whole
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(STOP_S)


def _wait_until_it_answers(proxy: Proxy, kamailio: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(0.2)
        port = phone.getsockname()[1]
        ask = (
            f"OPTIONS sip:127.0.0.1:{proxy.port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKask\r\n"
            f"From: <sip:t@127.0.0.1>;tag=t\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ask\r\nCSeq: 1 OPTIONS\r\n"
            "Max-Forwards: 5\r\nContent-Length: 0\r\n\r\n"
        )
        while time.monotonic() < until and kamailio.poll() is None:
            try:
                phone.sendto(ask.encode(), ("127.0.0.1", proxy.port))
                phone.recv(4_096)
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.05)
            else:
                return
    raise AssertionError(f"Kamailio did not start\n{proxy.logs()}")


def _free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str) -> str:
    """Servers are where an ordinary user's PATH does not lead."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"the real calls need {name}: as root, apt-get install {PACKAGES}"
    return found
