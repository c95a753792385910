"""The platforms that run beside `tollbook demo`: simulated, on this machine, with a month of somebody's calls."""

from collections.abc import Iterator
from contextlib import contextmanager

from tollbook.connectors.secret import Secret
from tollbook.jobs.demo_platforms import DemoSite


@contextmanager
def demo_platforms() -> Iterator[list[DemoSite]]:
    """Start them on free ports; they end with the block."""
    # They are no part of Tollbook, so nothing but the demo and `tollbook simulate` knows them.
    from simulators import metroport, portabilling  # noqa: PLC0415
    from simulators.metroport import operator as metroport_operator  # noqa: PLC0415
    from simulators.portabilling import operator as portabilling_operator  # noqa: PLC0415

    with portabilling.Simulator() as switch, metroport.Simulator() as provider:
        yield [
            DemoSite(
                connection="demo portabilling",
                kind="portabilling",
                customers_csv=portabilling_operator.customers_csv(),
                settings={"url": switch.url(), "login": switch.login},
                secrets={"token": Secret(switch.token)},
                options={
                    "account_products": {"*EUR": "line-eur", "*PLN": "line-pln"},
                    "timezone": "Europe/Warsaw",
                },
            ),
            DemoSite(
                connection="demo metroport",
                kind="metroport",
                customers_csv=metroport_operator.customers_csv(id_cards=True),
                settings={"api_url": provider.url, "login": provider.login},
                secrets={"password": Secret(provider.password)},
                options={"account_product": "mobile"},
            ),
        ]
