"""What the API user may do, tried one by one by reads that change nothing."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from tollbook.connectors.base import Check
from tollbook.connectors.errors import ConnectorError, PasswordExpired
from tollbook.connectors.portabilling.client import Client, Record
from tollbook.connectors.portabilling.faults import AccessDenied, LoginRefused

# A short while long ago: the list is empty, the right is tried all the same.
_EMPTY_PERIOD = {"from_date": "2000-01-01 00:00:00", "to_date": "2000-01-01 00:00:01"}


@dataclass(frozen=True, slots=True)
class Need:
    """A method, what it is for, and what is lost without it."""

    name: str
    method: str
    params: Record
    without: str


NEEDS = (
    Need("customers", "Customer/get_customer_list", {"limit": 1}, "no sync"),
    Need("accounts", "Account/get_account_list", {"limit": 1}, "accounts cannot be synced"),
    Need("numbers", "DID/get_number_list", {"limit": 1}, "DIDs cannot be synced"),
)
# Of one customer, the first that is listed.
LATER = (
    Need("customer", "Customer/get_customer_info", {}, "prices come without their currency"),
    Need("xDRs", "Customer/get_customer_xdrs", {**_EMPTY_PERIOD, "limit": 1}, "no usage"),
)


def permission_checks(client: Client) -> Iterator[Check]:
    """Reach and log in, then the methods. Ends where going on makes no sense."""
    try:
        client.log_in()
    except (LoginRefused, PasswordExpired) as error:
        yield Check("reach", is_ok=True, says="PortaBilling answers")
        yield _failed("log in", error)
        return
    except ConnectorError as error:
        yield _failed("reach", error)
        return
    yield Check("reach", is_ok=True, says="PortaBilling answers")
    yield Check("log in", is_ok=True, says="a session is open")
    i_customer: object = None
    for need in NEEDS:
        found = yield from _try(client, need, {})
        i_customer = i_customer or found
    if i_customer is not None:
        for need in LATER:
            yield from _try(client, need, {"i_customer": i_customer})


def _try(client: Client, need: Need, more: Record) -> Generator[Check, None, object]:
    """One check; what comes back is the id of the first customer, if customers were listed."""
    try:
        answer = client.call(need.method, {**need.params, **more})
    except AccessDenied as error:
        yield Check(
            need.name,
            is_ok=False,
            says=f"{need.method} is denied: {need.without} ({error.code})",
            next_step=f"grant the API user's role the method {need.method} on the platform",
        )
        return None
    except ConnectorError as error:
        yield _failed(need.name, error)
        return None
    yield Check(need.name, is_ok=True, says=f"{need.method} is allowed")
    customers = answer.get("customer_list")
    return customers[0].get("i_customer") if customers else None


def _failed(name: str, error: ConnectorError) -> Check:
    """What is wrong, and after its semicolon what to do."""
    text = str(error).removeprefix(f"{error.platform}: ")
    says, _, step = text.rpartition("; ")
    if not says:
        says, step = text, "run the test again"
    return Check(name, is_ok=False, says=says, next_step=step)
