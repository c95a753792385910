"""Metroport MVNO: users, SIM cards, billing records, the price list."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import msgspec

from tollbook.connectors.base import (
    Check,
    Connector,
    Feature,
    PlatformAccount,
    PlatformCustomer,
    Scope,
    Site,
    UsageBatch,
    UsageEvent,
    failed_check,
)
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.metroport import client as api
from tollbook.connectors.metroport import mapping
from tollbook.connectors.metroport.client import Client, LoginRefused
from tollbook.connectors.metroport.options import SETTINGS, Options
from tollbook.connectors.metroport.periods import Period
from tollbook.connectors.metroport.reading import read_usage
from tollbook.connectors.metroport.schemas import Mobile, User
from tollbook.connectors.metroport.usage import billings_query, fetch, traffic_types
from tollbook.errors import BadInput

MAX_PRICE_LIST_BYTES = 64 << 20
LONG_AGO = Period("2000-01-01 00:00:00", "2000-01-01 00:00:00")  # to see whether records may be asked for
T = TypeVar("T")


class MetroportConnector(Connector):
    """The management system of a Polish wholesale operator, as a virtual operator's customer sees it."""

    kind = "metroport"
    title = "Metroport MVNO"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset(
        {Feature.CUSTOMERS, Feature.ACCOUNTS, Feature.USAGE, Feature.UPLOAD_PRICE_LIST}
    )
    price_is = "retail"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._options = Options.of(site)
        self.usage_by_customer = self._options.by_customer
        self._client = Client(site, self._options)

    def test(self) -> Iterator[Check]:
        try:
            self._client.log_in()
        except LoginRefused as error:
            yield Check("reach", is_ok=True, says="Metroport answers")
            yield failed_check("log in", error, platform=self.site.name)
            return
        except ConnectorError as error:
            yield failed_check("reach", error, platform=self.site.name)
            return
        yield Check("reach", is_ok=True, says="Metroport answers")
        yield Check("log in", is_ok=True, says="a session was opened")
        yield self._check("customers", "users", lambda: len(self._users()))
        yield self._check("accounts", "SIM cards", lambda: len(self._client.rows(api.MOBILES)))
        yield self._check("traffic types", "traffic types", lambda: len(traffic_types(self._client)))
        query = billings_query(LONG_AGO)
        yield self._check("usage", "records", lambda: len(self._client.rows(api.BILLINGS, query)))

    def customers(self) -> Iterator[PlatformCustomer]:
        for row in self._users():
            yield mapping.customer(
                self._decoded(row, User, api.USERS), currency=self._options.currency, platform=self.site.name
            )

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        """All cards come in one answer, so those of some customers are picked out here."""
        wanted = None if customer_ids is None else frozenset(customer_ids)
        for row in self._client.rows(api.MOBILES):
            mobile = self._decoded(row, Mobile, api.MOBILES)
            account = mapping.account(mobile, country_code=self._options.country_code, platform=self.site.name)
            if wanted is None or account.customer_id in wanted:
                yield account

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
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

    def upload_price_list(self, file: Path) -> str:
        """Its columns are between the operator and Metroport: it is sent unread.

        Raises:
            BadInput: not there, empty, or too large.
        """
        check_price_list(file)
        return self._client.upload(api.IMPORT_RATES, file)

    def close(self) -> None:
        self._client.close()

    def _users(self) -> list[msgspec.Raw]:
        query = {"usertype": self._options.usertype} if self._options.usertype else {}
        return self._client.rows(api.USERS, query)

    def _check(self, name: str, what: str, count: Callable[[], int]) -> Check:
        try:
            return Check(name, is_ok=True, says=f"{count()} {what}")
        except ConnectorError as error:
            return failed_check(name, error, platform=self.site.name)

    def _decoded(self, row: msgspec.Raw, type: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(row, type=type)
        except msgspec.ValidationError as error:
            raise NeedsAttention(
                f"GET {path}: a member of the list cannot be read ({error}); the API may have changed",
                platform=self.site.name,
            ) from None


def check_price_list(file: Path) -> None:
    """See that there is something to send.

    Raises:
        BadInput: not there, empty, or too large.
    """
    if not file.is_file():
        raise BadInput(f"{file} is not a file; name the price list in the form that Metroport gave you")
    size = file.stat().st_size
    if size > MAX_PRICE_LIST_BYTES:
        raise BadInput(f"{file} has {size} bytes; a price list has at most {MAX_PRICE_LIST_BYTES}")
    if not file.read_bytes().strip():
        raise BadInput(f"{file} is empty; Metroport would rate by no prices at all, so it was not sent")
