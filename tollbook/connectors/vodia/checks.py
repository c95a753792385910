"""Trying a PBX out, step by step: what is there, what the login may do, and what to do about what it may not."""

from collections.abc import Callable, Iterator

from tollbook.connectors.base import Check, failed_check
from tollbook.connectors.errors import ConnectorError
from tollbook.connectors.vodia.client import STYLES, Client, LoginRefused, domain_path
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import People, text

USUALLY_KEPT = "7 days"


def checks(client: Client, people: People, options: Options) -> Iterator[Check]:
    """The steps of `Connector.test`. Changes nothing there."""
    platform = client.platform
    try:
        client.probe()
    except ConnectorError as error:
        yield failed_check("reach", error, platform=platform)
        return
    yield Check("reach", is_ok=True, says="a Vodia PBX answers")
    try:
        tenants = _log_in(client, people)
    except LoginRefused as error:
        yield _with_other_styles(client, people, failed_check("log in", error, platform=platform))
        return
    except ConnectorError as error:
        yield failed_check("log in", error, platform=platform)
        return
    yield Check("log in", is_ok=True, says=f"{client.login} is taken by login_style {client.style}")
    yield Check("customers", is_ok=True, says=f"{len(tenants)} tenants")
    if tenants:
        yield from _of_tenant(client, people, options, tenants[0])


def _log_in(client: Client, people: People) -> list[str]:
    """The tenants: that they may be listed shows that the login is good."""
    client.log_in()
    return [customer.foreign_id for customer in people.customers()]


def _with_other_styles(client: Client, people: People, failed: Check) -> Check:
    """The failure, with the way to log in that works, if another one does."""
    used = client.style
    try:
        for client.style in (style for style in STYLES if style != used):
            try:
                _log_in(client, people)
            except ConnectorError:
                continue
            step = f"set login_style to {client.style}: with it the same login is taken"
            return Check(failed.name, is_ok=False, says=failed.says, next_step=step)
    finally:
        client.style = used
    return failed


def _of_tenant(client: Client, people: People, options: Options, tenant: str) -> Iterator[Check]:
    first = {"page": "1", "size": "1"}
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("accounts", lambda: f"{len(list(people.accounts_of(tenant)))} accounts at {tenant}"),
        ("numbers", lambda: f"{len(list(people.numbers([tenant])))} DIDs at {tenant}"),
        ("trunks", lambda: f"{len(list(people.trunks(tenant)))} trunks at {tenant}"),
        ("usage", lambda: _usage(client, options, tenant, first)),
        ("retention", lambda: _retention(people, tenant)),
        ("orders", lambda: _orders(people, options, tenant)),
    )
    for name, look in steps:
        try:
            yield Check(name, is_ok=True, says=look())
        except ConnectorError as error:
            yield failed_check(name, error, platform=client.platform)


def _usage(client: Client, options: Options, tenant: str, page: dict[str, str]) -> str:
    count = len(client.rows(domain_path(tenant, "cdrs"), page))
    may = "calls may be listed" + ("" if count else "; there is none yet")
    return f"{may}; they are pushed, so nothing is asked for" if options.is_pushed else may


def _retention(people: People, tenant: str) -> str:
    """Whoever collects less often than this loses calls."""
    kept = text(people.settings(tenant).get("cdr_keep"))
    said = f"calls are kept for {kept} (cdr_keep)" if kept else f"cdr_keep is not told, usually {USUALLY_KEPT}"
    return f"{said}: collect at least once a day"


def _orders(people: People, options: Options, tenant: str) -> str:
    """That settings may be read; that they may be written is seen with the first order."""
    plan = text(people.settings(tenant).get(options.tenant_plan_key))
    return f"suspended by {options.suspend_by}; the dial plan of {tenant} is {plan or 'the usual one'}"
