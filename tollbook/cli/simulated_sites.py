"""The simulated platforms, each with what an operator says to bring it in. `tollbook demo` and `simulate` start them.

The simulators are no part of Tollbook: nothing but these two commands knows them.
"""

from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from psycopg.conninfo import make_conninfo

from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput, TollbookError
from tollbook.jobs.demo_platforms import DemoSite

MONTH = "2017-06"
IN_CANADA = {"country": "CA", "extension_lengths": [3, 4]}
IN_POLAND = {"country": "PL"}
FREE_AND_SHOWN = "1800xxxxxxx, 1833xxxxxxx, 1844xxxxxxx, 1855xxxxxxx, 1866xxxxxxx, 1877xxxxxxx, 1888xxxxxxx"
FEATURE_CODES = "*xx, *xxx*"
IN_POUNDS = frozenset({"quaystreet"})  # customers of the simulated Vodia; the others pay in dollars
DAYS_OF_FILES = 29  # after the first


def simulator(name: str) -> Any:
    """Its module.

    Raises:
        BadInput: it, or a library that it needs, is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"{name} cannot be used: {error.name} is not installed; install Tollbook with its extra `test`"
        ) from None


def portabilling(running: ExitStack) -> DemoSite:
    """A PortaBilling without TLS, and the operator's customers there."""
    switch = running.enter_context(simulator("simulators.portabilling").Simulator())
    return DemoSite(
        connection="demo portabilling",
        kind="portabilling",
        customers_csv=simulator("simulators.portabilling.operator").customers_csv(),
        settings={"url": switch.url(), "login": switch.login},
        secrets={"token": Secret(switch.token)},
        options={"account_products": {"*EUR": "line-eur", "*PLN": "line-pln"}, "timezone": "Europe/Warsaw"},
    )


def metroport(running: ExitStack) -> DemoSite:
    """A Metroport, and the operator's customers there."""
    provider = running.enter_context(simulator("simulators.metroport").Simulator())
    return DemoSite(
        connection="demo metroport",
        kind="metroport",
        customers_csv=simulator("simulators.metroport.operator").customers_csv(id_cards=True),
        settings={"api_url": provider.url, "login": provider.login},
        secrets={"password": Secret(provider.password)},
        options={"account_product": "mobile"},
    )


def fusionpbx(
    running: ExitStack,
    *,
    name: str = "demo fusionpbx",
    month: str = MONTH,
    port: int = 0,
    database: str = "tollbook_demo_fusionpbx",
) -> DemoSite:
    """A FusionPBX whose database is on Tollbook's own server, with its event socket."""
    make = simulator("simulators.fusionpbx").Simulator
    pbx = running.enter_context(make(server(), name=database, month=month, event_socket_port=port))
    return DemoSite(
        connection=name,
        kind="fusionpbx",
        customers_csv=pbx.customers_csv(),
        settings={
            "host": pbx.host,
            "port": str(pbx.port),
            "database": pbx.database,
            "db_user": pbx.user,
            "control_user": pbx.control_user,
            "esl_host": "127.0.0.1",
            "esl_port": str(pbx.event_socket.port),
        },
        secrets={
            "db_password": Secret(pbx.password),
            "control_password": Secret(pbx.control_password),
            "esl_password": Secret(pbx.event_socket.password),
        },
        services=[{**row, "product": "extension-cad"} for row in pbx.services()],
        options={"account_product": "extension-cad", "number_rules": IN_CANADA},
        excluded=FREE_AND_SHOWN,
        hidden=FEATURE_CODES,
    )


def vodia(running: ExitStack, *, name: str = "demo vodia", month: str = MONTH, port: int = 0) -> DemoSite:
    """A Vodia PBX that takes any of the three ways to log in."""
    pbx = running.enter_context(simulator("simulators.vodia").Simulator(1, month, "any", port=port))
    operator = simulator("simulators.vodia.operator")
    return DemoSite(
        connection=name,
        kind="vodia",
        customers_csv=operator.customers_csv(),
        settings={"url": pbx.url, "login": pbx.login},
        secrets={"password": Secret(pbx.password)},
        services=[
            {**row, "product": "extension-gbp" if row["customer"] in IN_POUNDS else "extension-cad"}
            for row in operator.services()
        ],
        options={"number_rules": IN_CANADA},
        excluded=FREE_AND_SHOWN,
        hidden=FEATURE_CODES,
    )


def lesnet(running: ExitStack, *, name: str = "demo lesnet", month: str = MONTH, port: int = 0) -> DemoSite:
    """A carrier with a text file for each account, on the last day of its month."""
    carrier = running.enter_context(simulator("simulators.lesnet").Simulator(month=month, port=port))
    carrier.next_day(DAYS_OF_FILES)
    return DemoSite(
        connection=name,
        kind="lesnet",
        customers_csv=simulator("simulators.lesnet.operator").customers_csv(),
        settings={
            "portal": carrier.url,
            "incoming_to": ",".join(did for peer in carrier.peers for did in peer.dids),
        },
        services=[
            {**row, "product": "extension-cad"} for row in simulator("simulators.lesnet.operator").services("")
        ],
        options={"number_rules": IN_CANADA},
        is_confirmed=True,
    )


def kamailio(
    running: ExitStack,
    *,
    name: str = "demo kamailio",
    month: str = MONTH,
    port: int = 0,
    database: str = "tollbook_demo_kamailio",
) -> DemoSite:
    """A Kamailio's database, on Tollbook's own server behind a port of its own."""
    make = simulator("simulators.kamailio").Simulator
    proxy = running.enter_context(make(server(), name=database, month=month, port=port))
    where = {"host": proxy.host, "port": str(proxy.port), "database": proxy.database, "db_user": proxy.user}
    operator = simulator("simulators.kamailio.operator")
    return DemoSite(
        connection=name,
        kind="kamailio",
        customers_csv=operator.customers_csv(),
        settings={**where, "inbound_from": "192.0.2.10"},
        secrets={"db_password": Secret(proxy.password)},
        services=[{**row, "product": "extension-pln"} for row in operator.services()],
        options={"number_rules": IN_POLAND},
    )


def freeswitch(
    address: Callable[[], str], *, secret: str, name: str = "demo-freeswitch", month: str = MONTH
) -> DemoSite:
    """A FreeSWITCH, which sends every call by itself to an address of Tollbook's."""
    freeswitch = simulator("simulators.freeswitch")
    operator = simulator("simulators.freeswitch.operator")

    def send() -> None:
        to = address()
        for call in freeswitch.make_month(month=month):
            delivery = freeswitch.send_xml(to, call)
            if not delivery.is_taken:
                said = delivery.posted[-1].status or "no answer"
                raise TollbookError(
                    f"a call was not taken at {urlsplit(to).netloc} ({said}); see that `up` runs there"
                )

    return DemoSite(
        connection=name,
        kind="freeswitch",
        customers_csv=operator.customers_csv(),
        settings={},
        secrets={"push_secret": Secret(secret)},
        accounts_csv=operator.accounts_csv({"CAD": "extension-cad", "GBP": "extension-gbp"}),
        options={"number_rules": IN_CANADA},
        sends=send,
    )


def server() -> str:
    """The server of Tollbook's database, as libpq is told of it."""
    params = connection.get_connection_params()
    known = {name: params[name] for name in ("host", "port", "user", "password") if params.get(name)}
    return make_conninfo(**known, dbname="postgres")
