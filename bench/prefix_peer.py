"""The engine against PostgreSQL with the `prefix` extension, the trade's usual way to look a rate up in SQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import psycopg

from bench.goals import Comparison, Finding, Goal, NotHere, WrongResult
from bench.timing import best_of
from bench.workshop import Workshop
from tollbook.rating.engine import compile_tariff, rate_calls
from tollbook.rating.frames import TariffSettings

PACKAGE = "postgresql-15-prefix"
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
EXTENSION = Path("/usr/share/postgresql/15/extension/prefix.control")
OWNER = "postgres"  # the package makes this user; PostgreSQL does not run as root
SAMPLE = 100_000
LONGEST_INSTALL_S = 300
LONGEST_START_S = 60

GOAL = Goal(
    name="prefix",
    what="the engine pricing, against PostgreSQL with the prefix extension looking rates up",
    limit=100,
    meaning="The same price list as `prefix_range` rows under a GiST index; for each call of a sample the longest"
    " prefix in force. As many sessions as there are cores, data in memory. The engine does all of its work in the"
    " same time that PostgreSQL only finds rates, and both find the same.",
)

_TABLES = """
    CREATE EXTENSION prefix;
    CREATE TABLE rates (prefix prefix_range, active_from timestamptz, active_until timestamptz, line bigint);
    CREATE TABLE calls (part int, cld text, start timestamptz);
"""
_READY = "CREATE INDEX ON rates USING gist (prefix); VACUUM ANALYZE rates; VACUUM ANALYZE calls"
_LOOK_UP = """
    SELECT coalesce(sum(r.line), 0)::bigint
      FROM calls c, LATERAL (
        SELECT line FROM rates
         WHERE prefix @> c.cld::prefix_range
           AND (active_from IS NULL OR active_from <= c.start) AND (active_until IS NULL OR c.start < active_until)
         ORDER BY length(prefix) DESC LIMIT 1) r
     WHERE c.part = %s
"""


def against_prefix(shop: Workshop) -> Iterator[Finding]:
    """Look a sample of calls up in PostgreSQL; price all calls here."""
    _need_extension(shop)
    shop.say("prefix: making calls")
    rates = shop.price_list()
    calls = shop.calls(rates)
    sample = calls.filter("answered").head(shop.size(SAMPLE))
    tariff = compile_tariff(rates, TariffSettings())
    with _server(shop.folder) as address:
        _load(address, rates, sample)
        shop.say("prefix: looking rates up")
        theirs, ours = _look_up(address), rate_calls(sample, tariff)["rate_line"].sum()
        if theirs != ours:
            raise WrongResult(
                f"the lines of the rates found sum to {theirs} in PostgreSQL, to {ours} in the engine"
            )
        ways = {"engine": lambda: rate_calls(calls, tariff), "prefix": lambda: _look_up(address)}
        best = best_of(ways, shop.rounds(3))
    per_s, looked_up_per_s = calls.height / best["engine"], sample.height / best["prefix"]
    detail = f"{per_s / 1e6:.1f} M calls/s against {looked_up_per_s:,.0f} look-ups/s in {_sessions()} sessions"
    yield Finding(GOAL, per_s / looked_up_per_s, detail)


def _need_extension(shop: Workshop) -> None:
    if EXTENSION.exists():
        return
    advice = f"install {PACKAGE} (Debian) and run the benchmark again"
    is_quick_look = shop.scale < 1  # installs nothing
    if is_quick_look or os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotHere(f"the prefix extension is not here; {advice}")
    shop.say(f"prefix: installing {PACKAGE}")
    command = ["apt-get", "install", "-qq", "-y", PACKAGE]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST_INSTALL_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NotHere(f"the prefix extension could not be installed ({error}); {advice}") from error


@contextmanager
def _server(parent: Path) -> Iterator[str]:
    """A server of its own on a socket in a folder of its own; its address. Both are gone afterwards."""
    user = OWNER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="prefix-"))
    try:
        if user:
            shutil.chown(folder, user, user)
        data = folder / "data"
        settings = (
            f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c shared_buffers=512MB -c jit=off"
        )
        _run([PROGRAMS / "initdb", "-U", OWNER, "-A", "trust", "--no-sync", "-D", data], user)
        start: list[str | Path] = [
            PROGRAMS / "pg_ctl",
            "-D",
            data,
            "-l",
            folder / "log",
            "-o",
            settings,
            "-w",
            "start",
        ]
        _run(start, user)
        try:
            yield f"host={folder} user={OWNER} dbname=postgres"
        finally:
            _run([PROGRAMS / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str | Path], user: str | None) -> None:
    subprocess.run(
        command,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # not a pipe: the server would keep it open
        stderr=subprocess.DEVNULL,
        timeout=LONGEST_START_S,
        check=True,
    )


def _load(address: str, rates: pl.DataFrame, sample: pl.DataFrame) -> None:
    parts = sample.select(pl.int_range(pl.len()) % _sessions(), "cld", "start")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_TABLES)
        _copy(connection, "rates", rates.select("prefix", "active_from", "active_until", "line"))
        _copy(connection, "calls", parts)
        for statement in _READY.split(";"):
            connection.execute(statement.encode())


def _copy(connection: psycopg.Connection, table: str, frame: pl.DataFrame) -> None:
    rows = frame.write_csv(include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S+00")
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)".encode()) as copy:
        copy.write(rows)


def _look_up(address: str) -> int:
    """The sum of the price list lines found, over all parts of the sample at once."""
    with ThreadPoolExecutor(_sessions()) as pool:
        return sum(pool.map(lambda part: _look_up_part(address, part), range(_sessions())))


def _look_up_part(address: str, part: int) -> int:
    with psycopg.connect(address) as connection:
        row = connection.execute(_LOOK_UP, (part,)).fetchone()
    return int(row[0]) if row else 0


def _sessions() -> int:
    return os.cpu_count() or 1


AGAINST_PREFIX = Comparison("prefix", (GOAL,), against_prefix)
