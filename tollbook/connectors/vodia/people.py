"""Tenants, their accounts, DIDs and trunks, as the PBX lists them and as we call them.

Lists differ by release: what is missing in one is looked for in another, and what is optional may be refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from tollbook.connectors.base import PlatformAccount, PlatformCustomer, PlatformNumber, State
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.vodia.client import DOMAINS, Client, Forbidden, NotThere, Refused, domain_path

Text = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a tenant: an extension, a hunt group, an attendant."""

    number: str
    type: str = "extensions"
    first_name: str = ""
    name: str = ""  # as it is shown
    dids: tuple[str, ...] = ()
    is_disabled: bool | None = None  # None: the list does not say


@dataclass(frozen=True, slots=True)
class Trunk:
    id: str
    name: str = ""
    is_disabled: bool = False
    is_global: bool = False


@dataclass(frozen=True, slots=True)
class Tenant:
    """What calls of a tenant are read with."""

    name: str
    country_code: str = ""
    area_code: str = ""
    accounts: tuple[Account, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    stray_dids: tuple[str, ...] = field(default=())  # that are on no account


def tenant_of(foreign_id: str) -> tuple[str, str]:
    """`200@tenant` in two; no tenant when there is none in it."""
    number, _, tenant = foreign_id.rpartition("@")
    return number, tenant


def settings_path(tenant: str, number: str) -> str:
    """Where an account's settings are."""
    return domain_path(tenant, f"user_settings/{quote(number, safe='')}")


class People:
    """Asks who there is."""

    def __init__(self, client: Client, account_types: frozenset[str]) -> None:
        self._client = client
        self._account_types = account_types

    def customers(self) -> Iterator[PlatformCustomer]:
        """Every tenant; of a tenant's own administrator that tenant. Tenants cannot be switched off there."""
        if self._client.tenant:
            told = self.settings(self._client.tenant)
            yield _customer(self._client.tenant, text(told.get("display")))
            return
        for row in self._client.rows(DOMAINS):
            told = _object(row)
            name = text(told.get("name")) or text(_decoded(row))
            if not name:
                raise NeedsAttention(
                    f"GET {DOMAINS}: a tenant has no name; the API may have changed",
                    platform=self._client.platform,
                )
            yield _customer(name, text(told.get("display")) or text(told.get("display_name")))

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        for tenant in self._tenants(customer_ids):
            for account in self.accounts_of(tenant):
                if account.type not in self._account_types:
                    continue
                is_disabled = account.is_disabled
                if is_disabled is None:
                    is_disabled = is_yes(self.account_settings(tenant, account.number).get("disabled"))
                id = f"{account.number}@{tenant}"
                yield PlatformAccount(
                    foreign_id=id,
                    customer_id=tenant,
                    code=id,
                    name=account.name,
                    state=State.BLOCKED if is_disabled else State.ACTIVE,
                    state_word="disabled" if is_disabled else "",
                    numbers=account.dids,
                )

    def numbers(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformNumber]:
        for name in self._tenants(customer_ids):
            tenant = self.tenant(name)
            for account in tenant.accounts:
                is_listed = account.type in self._account_types
                id = f"{account.number}@{name}" if is_listed else ""
                yield from (PlatformNumber(number=did, customer_id=name, account_id=id) for did in account.dids)
            yield from (PlatformNumber(number=did, customer_id=name) for did in tenant.stray_dids)

    def tenant(self, name: str) -> Tenant:
        """Everything about it that its calls do not say themselves."""
        told = self._optional(name)
        accounts = {account.number: account for account in self.accounts_of(name)}
        dids = {number: dict.fromkeys(account.dids) for number, account in accounts.items()}
        strays: dict[str, None] = {}
        for row in self._optional_rows(domain_path(name, "did")):
            one = _object(row)
            did, number = text(one.get("did")) or text(one.get("number")), text(one.get("account"))
            if did:
                dids.get(number, strays)[did] = None
        return Tenant(
            name=name,
            country_code=text(told.get("country_code")),
            area_code=text(told.get("area_code")),
            accounts=tuple(
                Account(one.number, one.type, one.first_name, one.name, tuple(dids[one.number]), one.is_disabled)
                for one in accounts.values()
            ),
            trunks=tuple(self.trunks(name, is_optional=True)),
            stray_dids=tuple(strays),
        )

    def accounts_of(self, tenant: str) -> Iterator[Account]:
        """All of a tenant; where the list of all is not had, its extensions."""
        try:
            rows = self._client.rows(domain_path(tenant, "users"))
        except (NotThere, Refused):
            rows = self._client.rows(domain_path(tenant, "userlist/extensions"))
        for row in rows:
            told = _object(row)
            number = text(told.get("account")) or text(told.get("account_ext")) or text(told.get("name"))
            if number:
                first, last = text(told.get("first_name")), text(told.get("name"))
                disabled = told.get("disabled")
                yield Account(
                    number=number,
                    type=text(told.get("usertype")) or "extensions",
                    first_name=first,
                    name=text(told.get("display_name")) or " ".join(filter(None, (first, last))),
                    dids=tuple(text(told.get("alias")).replace(",", " ").split()),
                    is_disabled=None if disabled is None else is_yes(disabled),
                )

    def trunks(self, tenant: str, *, is_optional: bool = False) -> Iterator[Trunk]:
        path = domain_path(tenant, "domain_trunks")
        for row in self._optional_rows(path) if is_optional else self._client.rows(path):
            told = _object(row)
            yield Trunk(
                id=text(told.get("id")),
                name=text(told.get("name")),
                is_disabled=is_yes(told.get("disabled")),
                is_global=is_yes(told.get("global")),
            )

    def settings(self, tenant: str) -> Mapping[str, object]:
        return self._told(domain_path(tenant, "settings"))

    def account_settings(self, tenant: str, number: str) -> Mapping[str, object]:
        return self._told(settings_path(tenant, number))

    def _told(self, path: str) -> Mapping[str, object]:
        told = self._client.get(path)
        if not isinstance(told, dict):
            raise NeedsAttention(
                f"GET {path}: no settings came; the API may have changed", platform=self._client.platform
            )
        return told

    def _optional(self, tenant: str) -> Mapping[str, object]:
        try:
            return self.settings(tenant)
        except (Forbidden, NotThere, Refused):
            return {}

    def _optional_rows(self, path: str) -> list[msgspec.Raw]:
        """Releases refuse what they document: without it less is known, and calls are read all the same."""
        try:
            return self._client.rows(path)
        except (Forbidden, NotThere, Refused):
            return []

    def _tenants(self, customer_ids: Sequence[str] | None) -> Iterator[str]:
        if customer_ids is not None:
            yield from customer_ids
        else:
            yield from (customer.foreign_id for customer in self.customers())


def text(value: object) -> str:
    """As text without blanks around it; nothing is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, (str, int, float)) else ""


def is_yes(value: object) -> bool:
    return text(value).lower() in {"true", "1", "yes", "on"}


def _customer(name: str, display: str) -> PlatformCustomer:
    return PlatformCustomer(foreign_id=name, code=name, name=display or name, state=State.ACTIVE)


def _decoded(row: msgspec.Raw) -> object:
    return msgspec.json.decode(row)


def _object(row: msgspec.Raw) -> dict[str, object]:
    told = _decoded(row)
    return told if isinstance(told, dict) else {}
