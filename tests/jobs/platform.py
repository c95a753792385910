"""A platform in memory: what it lists is what the test put there, and it breaks off when told to."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from tollbook.catalog.models import Product
from tollbook.connections.models import Connection
from tollbook.connectors.base import (
    Connector,
    Feature,
    PlatformAccount,
    PlatformCustomer,
    PlatformNumber,
    Site,
    State,
)
from tollbook.connectors.errors import TryAgainLater
from tollbook.customers.models import Customer, Identity
from tollbook.jobs.sync_accounts import sync_accounts
from tollbook.jobs.sync_customers import sync_customers
from tollbook.jobs.sync_numbers import sync_numbers
from tollbook.jobs.sync_report import Deed, SyncReport

Row = TypeVar("Row")
NIP, OTHER_NIP, PESEL = "1234563218", "5260250274", "44051401359"


class Platform(Connector):
    """Lists what it holds; `breaks_after` rows it is away."""

    kind = "memory"
    title = "Memory"
    offers = frozenset({Feature.CUSTOMERS, Feature.ACCOUNTS, Feature.NUMBERS})

    def __init__(self) -> None:
        super().__init__(Site(name="mms"))
        self.people: dict[str, PlatformCustomer] = {}
        self.lines: dict[str, PlatformAccount] = {}
        self.dids: dict[str, PlatformNumber] = {}
        self.breaks_after: int | None = None

    def customers(self) -> Iterator[PlatformCustomer]:
        yield from self._until_it_breaks(list(self.people.values()))

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        assert customer_ids is None
        yield from self._until_it_breaks(list(self.lines.values()))

    def numbers(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformNumber]:
        assert customer_ids is None
        yield from self._until_it_breaks(list(self.dids.values()))

    def _until_it_breaks(self, rows: list[Row]) -> Iterator[Row]:
        for place, row in enumerate(rows):
            if place == self.breaks_after:
                break
            yield row
        if self.breaks_after is not None:
            raise TryAgainLater("the answer broke off; run it again", platform="mms")


class Diary:
    """What happens at the platform and here, day after day."""

    def __init__(self) -> None:
        self.platform = Platform()
        self.day = datetime(2026, 3, 1, 12, tzinfo=UTC)
        Product.objects.create(code="mobile", name="Mobile")
        self.connection = Connection.objects.create(
            name="mms",
            kind="memory",
            account_product="mobile",
            number_rules={"country": "PL"},
        )

    def on(self, day: int, month: int = 3) -> None:
        self.day = datetime(2026, month, day, 12, tzinfo=UTC)

    def here(self, code: str, **fields: str) -> Customer:
        """A customer of ours; fields that are schemes are identities."""
        schemes = {
            name: fields.pop(name) for name in ("nip", "pesel", "id_card", "platform", "mms") if name in fields
        }
        made = Customer.objects.create(**{"code": code, "name": code.title(), "currency": "PLN", **fields})
        for scheme, value in schemes.items():
            Identity.objects.create(customer=made, scheme=scheme, value=value)
        return made

    def there(
        self, id: str, name: str = "", *, state: State = State.ACTIVE, word: str = "", **fields: str
    ) -> None:
        """A customer of the platform; fields that are schemes are identities."""
        schemes = tuple((key, fields.pop(key)) for key in ("nip", "pesel", "id_card") if key in fields)
        self.platform.people[id] = PlatformCustomer(
            foreign_id=id, name=name, state=state, state_word=word, identities=schemes, **fields
        )

    def sim(
        self,
        id: str,
        of: str,
        *numbers: str,
        state: State = State.ACTIVE,
        is_settled: bool = True,
        code: str = "",
        name: str = "",
        word: str = "",
    ) -> None:
        """An account of the platform."""
        self.platform.lines[id] = PlatformAccount(
            foreign_id=id,
            customer_id=of,
            code=code or (numbers[0] if numbers else id),
            name=name,
            state=state,
            state_word=word or state.value,
            is_settled=is_settled,
            numbers=numbers,
        )

    def did(self, number: str, *, account: str = "", of: str = "") -> None:
        self.platform.dids[number] = PlatformNumber(number=number, customer_id=of, account_id=account)

    def sync_customers(self, *, dry_run: bool = False) -> SyncReport:
        return sync_customers(self.connection, self.platform, now=self.day, dry_run=dry_run)

    def sync_accounts(self, *, dry_run: bool = False) -> SyncReport:
        return sync_accounts(self.connection, self.platform, now=self.day, dry_run=dry_run)

    def sync_numbers(self, *, dry_run: bool = False) -> SyncReport:
        return sync_numbers(self.connection, self.platform, now=self.day, dry_run=dry_run)


def said(report: SyncReport, deed: Deed | None = None) -> list[str]:
    """The lines of a report as `deed: who: why`."""
    return [f"{line.deed}: {line.who}: {line.why}" for line in report.lines if deed in (None, line.deed)]
