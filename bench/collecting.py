"""A month of a million xDRs from a platform to posted rows, against the import of a file with the same records."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.office import NOW, Office
from bench.rate_command import TOLLBOOK
from bench.timing import Finished, run_process
from bench.workshop import Workshop
from tollbook.connectors.secret import Secret

RECORDS = 1_000_000
PLATFORM, FILES = "platform", "files"
DAYS = ("2017-06-01", "2017-07-01")
LONGEST_START_S = 30

SPEED = Goal(
    name="collect-speed",
    what="1 M xDRs from a simulated PortaBilling to posted rows, against the import of a file with the same records",
    limit=0.5,
    meaning="`tollbook collect` as a whole process, 4 customers at a time, pages of 1,000: fetched over HTTP, kept as"
    " evidence, read, matched by the platform's account, priced by 60,000 prefixes, posted. The processor time that"
    " the simulator used meanwhile is taken off. The other side is `tollbook usage import` of a CSV file of just"
    " these records into a copy of the same database.",
)
MEMORY = Goal(
    name="collect-memory",
    what="memory of that `tollbook collect`",
    limit=500,
    at_most=True,
    unit="MB",
    meaning="The largest resident size of the process, in MB of 10^6 bytes.",
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """The simulator in a process of its own."""

    url: str
    login: str
    password: str

    def cpu_seconds(self) -> float:
        """What it has used since it began."""
        with urllib.request.urlopen(f"{self.url}/_control/requests", timeout=30) as answer:
            return float(json.load(answer)["cpu_seconds"])


def collecting(shop: Workshop) -> Iterator[Finding]:
    """Collect once, import the same once; more rounds would take minutes and say the same."""
    records = shop.size(RECORDS)
    office = Office(shop)
    with _simulator(records) as platform:
        shop.say("collecting: customers and accounts of the platform")
        office.make("prepared")
        _prepare(platform)
        with office.copy("ours", of="prepared"):
            shop.say("collecting: collecting")
            before = platform.cpu_seconds()
            command = ["collect", PLATFORM, "--from", DAYS[0], "--to", DAYS[1]]
            collected = _run("ours", command)
            simulated = platform.cpu_seconds() - before
            path, count = _saved(shop.folder / "collected.csv")
        if count != records:
            raise WrongResult(f"{records} records were simulated, {count} are there")
        with office.copy("other", of="prepared"):
            shop.say("collecting: importing the same as a file")
            imported = _run("other", ["usage", "import", path, "--connection", FILES])
        office.drop("prepared")
        path.unlink()
    ours = collected.seconds - simulated
    detail = (
        f"{collected.seconds:.1f} s less {simulated:.1f} s of the simulator ({records / ours / 1000:.0f} k/s)"
        f" against {imported.seconds:.1f} s ({records / imported.seconds / 1000:.0f} k/s)"
    )
    yield Finding(SPEED, imported.seconds / ours, detail)
    yield Finding(MEMORY, collected.peak_bytes / 1e6, f"{collected.peak_bytes / 1e6:.0f} MB, {records:,} records")


@contextmanager
def _simulator(records: int) -> Iterator[Simulated]:
    serve = f"from simulators.portabilling import serve; serve(0, records={records})"
    process = subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = dict(line.split() for line in (process.stdout.readline() for _ in range(7)))
        yield Simulated(said["admin"], said["login"], said["password"])
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_START_S)
        process.kill()


def _prepare(platform: Simulated) -> None:
    """Every customer of the platform is one of ours, in the tariff's currency, with the accounts a sync makes."""
    from tollbook.connections.operations import open_connector, set_connection  # noqa: PLC0415
    from tollbook.customers.models import Customer  # noqa: PLC0415
    from tollbook.customers.operations.pair import pair  # noqa: PLC0415
    from tollbook.jobs.sync import sync  # noqa: PLC0415

    connection = set_connection(
        name=PLATFORM,
        kind="portabilling",
        settings={"url": platform.url, "login": platform.login},
        secrets={"password": Secret(platform.password)},
        account_product="voice",
    )
    set_connection(name=FILES, layout="tollbook", match_by=["account"])
    connector = open_connector(connection)
    sync(connection, connector, now=NOW)
    for there in connection.foreign_customers.all():
        customer = Customer.objects.create(
            code=f"P{there.foreign_id}", name=there.name, currency="EUR", tax_rate=23
        )
        pair(
            customer=customer,
            connection=connection,
            foreign=there.foreign_id,
            by="bench",
            why="all are",
            now=NOW,
        )
    sync(connection, connector, now=NOW)
    connector.close()


def _run(database: str, command: Sequence[str | Path]) -> Finished:
    from django.db import connection  # noqa: PLC0415  Django is set up by now

    address = connection.get_connection_params()
    url = f"postgresql://{address['user']}@/{database}?host={quote(str(address['host']), safe='')}"
    return run_process(["env", f"DATABASE_URL={url}", TOLLBOOK, *command])


def _saved(path: Path) -> tuple[Path, int]:
    """What was collected as a file in Tollbook's own layout, in the order it came."""
    from django.db import connection  # noqa: PLC0415  Django is set up by now

    query = """
        SELECT u.record_key AS record_id, to_char(u.start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS start,
               u.duration_us / 1000000 AS duration_s, u.cli, u.cld, a.code AS account
          FROM usage_usagerecord u LEFT JOIN customers_account a ON a.id = u.account_id ORDER BY u.line
    """
    with connection.cursor() as cursor:
        with path.open("wb") as file, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)") as copy:
            for block in copy:
                file.write(block)
        return path, cursor.rowcount


COLLECTING = Comparison("collecting", (SPEED, MEMORY), collecting)
