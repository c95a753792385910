"""What the API that PortaBilling's clients know takes to answer, with a million and with ten million xDRs."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.office import NOW, Office
from bench.workshop import Workshop
from bench.xdr_data import CUSTOMERS, RECORDS_A_MONTH, add_month

CLIENTS = 8  # that ask at the same time, each its next question as soon as it was answered
SECONDS = 10.0  # of each question
PAGE = 1_000
LISTED = 100  # customers in a page
FEW_MONTHS, MANY_MONTHS = 1, 10
LONGEST_START_S, LONGEST_ANSWER_S = 60, 60
LIMIT_MS = 150

_MEANING = (
    "The web process of `tollbook up` and the embedded server with its durable settings; 8 clients over kept"
    " connections, each asking again as soon as it was answered, for 10 s; clients, web process and database share the"
    " cores. {what} The 95th percentile of all answers with ten million xDRs of 1,000 customers, in ten months."
)
LIST = Goal(
    name="api-customers",
    what="`get_customer_list`, 8 clients, 95 in 100 answers with 10 M xDRs within",
    limit=LIMIT_MS,
    at_most=True,
    unit="ms",
    meaning=_MEANING.format(what="A page of 100 of those customers, with their balances."),
)
XDRS = Goal(
    name="api-xdrs",
    what="`get_customer_xdrs`, a page of 1,000, likewise",
    limit=LIMIT_MS,
    at_most=True,
    unit="ms",
    meaning=_MEANING.format(what="Clients turn the pages of one customer after another."),
)
GROWTH = Goal(
    name="api-growth",
    what="that page with 10 M xDRs against 1 M: longer",
    limit=50,
    at_most=True,
    unit="%",
    meaning="The median of the same question in both.",
)
WRITE = Goal(
    name="api-write",
    what="`add_customer_extension` with its account, likewise",
    limit=1_000,
    at_most=True,
    unit="ms",
    meaning=_MEANING.format(
        what="Each makes an account, its extension, its service password and the audit's entry."
    ),
)


@dataclass(slots=True)
class Answers:
    """How long answers took, in milliseconds."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def at(self, share: float) -> float:
        if not self.took:
            raise WrongResult("nothing was answered")
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))]

    def __str__(self) -> str:
        return f"{self.at(0.5):.0f} ms half, {self.at(0.95):.0f} ms 95 %, {len(self.took) / self.seconds:.0f}/s"


Question = Callable[[int, int], tuple[str, dict[str, object]]]  # client and turn to method and params


def answering(shop: Workshop) -> Iterator[Finding]:
    """Fill a table, ask; fill it further, ask again."""
    shop.say("api: making the office")
    office = Office(shop)
    records = shop.size(RECORDS_A_MONTH, least=2_000)
    customers = min(CUSTOMERS, max(10, records // PAGE))
    found: dict[str, dict[int, Answers]] = {}
    with office.copy("ours"):
        token, product = _make_user()
        extensions = count(100_000)  # numbers, none twice
        months = 0
        for wanted in (FEW_MONTHS, MANY_MONTHS):
            shop.say(f"api: filling {wanted} months of {records:,} xDRs")
            while months < wanted:
                add_month(office, months, count=records, customers=customers)
                months += 1
            office.execute("ANALYZE")
            with _web_process() as port:
                for name, question in _questions(customers, product, pages=months, extensions=extensions).items():
                    shop.say(f"api: {name} with {months * records:,} xDRs")
                    seconds = max(0.5, SECONDS * shop.scale)
                    found.setdefault(name, {})[wanted] = _ask(port, token, question, seconds)
    for goal, name in (
        (LIST, "get_customer_list"),
        (XDRS, "get_customer_xdrs"),
        (WRITE, "add_customer_extension"),
    ):
        few, many = found[name][FEW_MONTHS], found[name][MANY_MONTHS]
        yield Finding(goal, many.at(0.95), f"with 10 M: {many}; with 1 M: {few}")
        if goal is XDRS:
            growth = (many.at(0.5) / few.at(0.5) - 1) * 100
            yield Finding(GROWTH, growth, f"{few.at(0.5):.0f} ms and {many.at(0.5):.0f} ms")


def _make_user() -> tuple[str, int]:
    """Somebody of the staff with an API token, and a product for new accounts."""
    from tollbook.access.models import RealmName  # noqa: PLC0415  Django is set up by now
    from tollbook.access.operations import add_user, make_token_for  # noqa: PLC0415
    from tollbook.catalog.models import Product  # noqa: PLC0415

    user = add_user(realm=RealmName.STAFF, login="bench", now=NOW)
    return make_token_for(user=user, now=NOW), Product.objects.get(code="voice").pk


def _questions(customers: int, product: int, *, pages: int, extensions: Iterator[int]) -> dict[str, Question]:
    """A customer has a page of xDRs a month, so that every page is a full one."""
    from tollbook.customers.models import Customer  # noqa: PLC0415  Django is set up by now

    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))

    def list_them(client: int, turn: int) -> tuple[str, dict[str, object]]:
        offset = (client * 7919 + turn * 104729) % max(1, customers - LISTED)
        return "Customer/get_customer_list", {"limit": LISTED, "offset": offset}

    def turn_pages(client: int, turn: int) -> tuple[str, dict[str, object]]:
        customer = ids[(client + CLIENTS * (turn // pages)) % customers]
        times = {"from_date": "2025-01-01 00:00:00", "to_date": "2027-01-01 00:00:00"}
        where = {"limit": PAGE, "offset": turn % pages * PAGE}
        return "Customer/get_customer_xdrs", {"i_customer": customer, **times, **where}

    def extend(client: int, turn: int) -> tuple[str, dict[str, object]]:
        customer = ids[(client + CLIENTS * turn) % len(ids)]
        asked = {"i_customer": customer, "id": str(next(extensions)), "i_product": product}
        return "Customer/add_customer_extension", asked

    return {"get_customer_list": list_them, "get_customer_xdrs": turn_pages, "add_customer_extension": extend}


def _ask(port: int, token: str, question: Question, seconds: float) -> Answers:
    """All clients at once, for so long."""
    answers, problems = Answers(), []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_ANSWER_S)
    session = _call(connection, "Session/login", {"login": "bench", "token": token}, {})
    headers = {
        "Authorization": f"Bearer {json.loads(session)['access_token']}",
        "Content-Type": "application/json",
    }
    until = time.monotonic() + seconds

    def work(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_ANSWER_S)
        turn = 0
        try:
            while time.monotonic() < until:
                method, params = question(client, turn)
                began = time.perf_counter()
                _call(connection, method, params, headers)
                answers.took.append((time.perf_counter() - began) * 1_000)
                turn += 1
        except (OSError, WrongResult) as error:
            problems.append(error)
        finally:
            connection.close()

    began = time.monotonic()
    clients = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    answers.seconds = time.monotonic() - began
    if problems:
        raise WrongResult(str(problems[0]))
    return answers


def _call(
    connection: http.client.HTTPConnection, method: str, params: dict[str, object], headers: dict[str, str]
) -> bytes:
    body = json.dumps({"params": params})
    connection.request("POST", f"/rest/{method}", body, {"Content-Type": "application/json", **headers})
    with connection.getresponse() as answer:
        text = answer.read()
    if answer.status != http.client.OK:
        raise WrongResult(f"{method} answered {answer.status}: {text[:300].decode(errors='replace')}")
    return text


@contextmanager
def _web_process() -> Iterator[int]:
    """The web process on the database in use; its port."""
    from django.db import connection  # noqa: PLC0415  Django is set up by now

    from tollbook.up.child import WEB, command  # noqa: PLC0415

    address = connection.get_connection_params()
    where = f"postgresql://{address['user']}@/{address['dbname']}?host={quote(str(address['host']), safe='')}"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        command(WEB, host="127.0.0.1", port=port, stop_s=10),
        env=os.environ | {"DATABASE_URL": where, "TOLLBOOK_API_CALLS_PER_MINUTE": "10000000"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr if os.environ.get("BENCH_SHOW") else subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + LONGEST_START_S
        while not _answers(port):
            if time.monotonic() > until or process.poll() is not None:
                raise WrongResult("the web process does not answer")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_START_S)
        process.kill()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


ANSWERING = Comparison("api", (LIST, XDRS, GROWTH, WRITE), answering)
