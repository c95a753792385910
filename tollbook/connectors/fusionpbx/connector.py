"""FusionPBX: calls, tenants, extensions and DIDs by its database or by FS PBX's REST API; suspension, read back.

Extensions are made and changed by the database alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from tollbook.connectors import settings
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
from tollbook.connectors.errors import ForAPerson
from tollbook.connectors.esl import EventSocket
from tollbook.connectors.fusionpbx import calls, people, rest
from tollbook.connectors.fusionpbx.marks import ACCOUNT_FIELDS, read_marks
from tollbook.connectors.fusionpbx.options import SETTINGS, Options
from tollbook.connectors.fusionpbx.orders import Orders
from tollbook.connectors.fusionpbx.provisioning import Accounts
from tollbook.connectors.fusionpbx.reading import read_usage
from tollbook.connectors.fusionpbx.rest import Client
from tollbook.connectors.fusionpbx.rest_orders import RestOrders
from tollbook.connectors.fusionpbx.schema import probe
from tollbook.connectors.fusionpbx.switch import Switch
from tollbook.connectors.fusionpbx.trial import try_database, try_rest
from tollbook.connectors.postgres import Database
from tollbook.connectors.secret import Secret
from tollbook.connectors.wanted import AccountThere, WantedAccount


class FusionPbxConnector(Connector):
    """A switch of many tenants."""

    kind = "fusionpbx"
    title = "FusionPBX"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset(
        {
            Feature.CUSTOMERS,
            Feature.ACCOUNTS,
            Feature.NUMBERS,
            Feature.USAGE,
            Feature.ORDERS,
            Feature.MAKE_ACCOUNTS,
        }
    )
    made_accounts_have_products = False
    account_fields = ACCOUNT_FIELDS
    ways: ClassVar[tuple[str, ...]] = ("platform", "extension", "number", "trunk", "text")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._options = Options.of(site)
        self.usage_by_customer = self._options.by_rest
        self._by: _ByRest | _ByDatabase = (_ByRest if self._options.by_rest else _ByDatabase)(site, self._options)

    def test(self) -> Iterator[Check]:
        return self._by.test()

    def customers(self) -> Iterator[PlatformCustomer]:
        return self._by.customers()

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        return self._by.accounts(customer_ids)

    def numbers(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformNumber]:
        """On which account a DID is, is not known: calls to it may go anywhere."""
        return self._by.numbers(customer_ids)

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        return self._by.usage(scopes)

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
        return self._by.orders.powers()

    def carry_out(self, order: Order) -> str:
        return self._by.orders.carry_out(order)

    def standing(self, target: Target, foreign_id: str) -> Standing:
        return self._by.orders.standing(target, foreign_id)

    def account_there(self, wanted: WantedAccount, foreign_id: str = "") -> AccountThere | None:
        return self._accounts().there(wanted, foreign_id)

    def bring_account(self, wanted: WantedAccount, there: AccountThere | None) -> None:
        self._accounts().bring(wanted, there)

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        return read_marks(fields)

    def close(self) -> None:
        self._by.close()

    def _accounts(self) -> Accounts:
        if isinstance(self._by, _ByDatabase):
            return self._by.made
        raise ForAPerson(
            "accounts are made by the database, not by REST, whose fields for it are not known; "
            "set usage_from to database, or make them there by hand and sync",
            platform=self.site.name,
        )


class _ByDatabase:
    """Everything by SQL, and by the event socket where one is set."""

    def __init__(self, site: Site, options: Options) -> None:
        self._site, self._options = site, options
        name = settings.text(site, SETTINGS, "database")
        user = settings.text(site, SETTINGS, "db_user")
        self._database = Database(site, SETTINGS, database=name, user=user)
        self._control = self._database
        if control_user := settings.text(site, SETTINGS, "control_user"):
            password = site.secrets.get("control_password", Secret(""))
            control = replace(site, secrets={**site.secrets, "db_password": password})
            self._control = Database(control, SETTINGS, database=name, user=control_user)
        socket = EventSocket.of(site, SETTINGS)
        self._switch = Switch(socket, options) if socket else None
        self.orders = Orders(site.name, options, self._database, self._control, self._switch)
        self.made = Accounts(site.name, options, self._database, self._control, self._switch)

    def test(self) -> Iterator[Check]:
        return try_database(self._site.name, self._options, self._database, self._control, self._switch)

    def customers(self) -> Iterator[PlatformCustomer]:
        return people.customers(self._database)

    def accounts(self, customer_ids: Sequence[str] | None) -> Iterator[PlatformAccount]:
        return people.accounts(self._database, customer_ids)

    def numbers(self, customer_ids: Sequence[str] | None) -> Iterator[PlatformNumber]:
        tables = probe(self._database, self._site.name)
        yield from people.numbers(self._database, tables, customer_ids, self._site.name)

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        return calls.fetch(self._database, self._options, scopes, self._site.name)

    def close(self) -> None:
        self._database.close()
        self._control.close()
        self.orders.close()


class _ByRest:
    """Everything by FS PBX's REST API."""

    def __init__(self, site: Site, options: Options) -> None:
        self._site, self._options = site, options
        self._client = Client(site, options)
        self.orders = RestOrders(self._client, options)

    def test(self) -> Iterator[Check]:
        return try_rest(self._site.name, self._client)

    def customers(self) -> Iterator[PlatformCustomer]:
        for domain in self._client.domains():
            yield people.customer(domain)

    def accounts(self, customer_ids: Sequence[str] | None) -> Iterator[PlatformAccount]:
        for domain in self._client.domains():
            if customer_ids is None or domain.domain_name in customer_ids:
                for extension in self._client.extensions(domain):
                    yield people.account(extension, domain)

    def numbers(self, customer_ids: Sequence[str] | None) -> Iterator[PlatformNumber]:
        for domain in self._client.domains():
            if customer_ids is None or domain.domain_name in customer_ids:
                for one in self._client.numbers(domain):
                    if one.written and one.is_in_use:
                        yield PlatformNumber(number=one.written, customer_id=domain.domain_name)

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        return rest.fetch(self._client, self._options, scopes)

    def close(self) -> None:
        self._client.close()
