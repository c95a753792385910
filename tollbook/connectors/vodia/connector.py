"""Vodia PBX as Tollbook asks for it: tenants, extensions, DIDs, calls that are listed or pushed, suspension."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tollbook.connectors.base import (
    AccountMarks,
    Check,
    Connector,
    Feature,
    Order,
    OrderPowers,
    PlatformAccount,
    PlatformCustomer,
    PlatformNumber,
    Scope,
    Site,
    Standing,
    Target,
    UsageBatch,
    UsageEvent,
)
from tollbook.connectors.errors import NotOffered
from tollbook.connectors.pushed import Pushed
from tollbook.connectors.vodia import legs, provisioning
from tollbook.connectors.vodia.checks import checks
from tollbook.connectors.vodia.client import Client
from tollbook.connectors.vodia.marks import ACCOUNT_FIELDS, read_marks
from tollbook.connectors.vodia.options import SETTINGS, Options
from tollbook.connectors.vodia.orders import Orders
from tollbook.connectors.vodia.people import People
from tollbook.connectors.vodia.reading import read_usage
from tollbook.connectors.vodia.usage import fetch
from tollbook.connectors.wanted import AccountThere, WantedAccount


class VodiaConnector(Connector):
    """A PBX with several tenants."""

    kind = "vodia"
    title = "Vodia PBX"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset(
        {
            Feature.CUSTOMERS,
            Feature.ACCOUNTS,
            Feature.NUMBERS,
            Feature.USAGE,
            Feature.PUSH,
            Feature.ORDERS,
            Feature.MAKE_ACCOUNTS,
        }
    )
    account_fields = ACCOUNT_FIELDS
    ways = ("platform", "extension", "number", "trunk", "text")
    usage_by_customer = True
    made_accounts_have_products = False
    price_is = "cost"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._options = Options.of(site)
        self._client = Client(site)
        self._people = People(self._client, self._options.account_types)
        self._orders = Orders(self._client, self._people, self._options)

    def test(self) -> Iterator[Check]:
        return checks(self._client, self._people, self._options)

    def customers(self) -> Iterator[PlatformCustomer]:
        return self._people.customers()

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        return self._people.accounts(customer_ids)

    def numbers(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformNumber]:
        return self._people.numbers(customer_ids)

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        """Calls one by one from the PBX's list.

        Raises:
            NotOffered: they are pushed, and would be billed twice.
        """
        if self._options.is_pushed:
            raise NotOffered(
                "calls are pushed (usage_from), so they are not asked for; set usage_from to rest to ask for them",
                platform=self.site.name,
            )
        return fetch(self._client, self._options, scopes)

    def read_usage(
        self,
        file: Path,
        *,
        name: str,  # noqa: ARG002  a line says itself what is wrong with it
        batch_rows: int,
        is_complete: bool = True,
    ) -> Iterator[UsageBatch]:
        return read_usage(file, self._options, batch_rows=batch_rows, is_complete=is_complete)

    def order_powers(self) -> OrderPowers:
        return self._orders.powers()

    def carry_out(self, order: Order) -> str:
        return self._orders.carry_out(order)

    def standing(self, target: Target, foreign_id: str) -> Standing:
        return self._orders.standing(target, foreign_id)

    def account_there(self, wanted: WantedAccount, foreign_id: str = "") -> AccountThere | None:
        return provisioning.account_there(self._people, self._options, wanted, foreign_id)

    def bring_account(self, wanted: WantedAccount, there: AccountThere | None) -> None:
        provisioning.bring_account(self._client, self._people, self._options, wanted, there)

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        return read_marks(fields)

    def call_of(self, message: Pushed) -> str:
        return legs.call_of(message, self._options)

    def close(self) -> None:
        self._client.close()
