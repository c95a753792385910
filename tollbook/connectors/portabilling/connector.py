"""PortaBilling as Tollbook's jobs see it."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from tollbook.connectors.base import (
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
    Verb,
)
from tollbook.connectors.errors import NeedsAttention, NotOffered
from tollbook.connectors.portabilling import people, provisioning
from tollbook.connectors.portabilling.client import Client, Params, Record
from tollbook.connectors.portabilling.generic import Generic
from tollbook.connectors.portabilling.options import SETTINGS, options_of
from tollbook.connectors.portabilling.permissions import permission_checks
from tollbook.connectors.portabilling.reading import read_usage
from tollbook.connectors.portabilling.schemas import (
    AccountAnswer,
    AccountInfo,
    AccountList,
    CustomerAnswer,
    CustomerInfo,
    CustomerList,
    NumberInfo,
    NumberList,
    id_text,
)
from tollbook.connectors.portabilling.usage import customer_number, decoded, fetch_usage
from tollbook.connectors.secret import Secret
from tollbook.connectors.wanted import AccountThere, WantedAccount

T = TypeVar("T")
ALIAS = "2"  # billing_model
_METHODS: Mapping[tuple[Verb, Target], tuple[str, str, str]] = {
    (Verb.CREATE, Target.CUSTOMER): ("Customer/add_customer", "customer_info", "i_customer"),
    (Verb.CHANGE, Target.CUSTOMER): ("Customer/update_customer", "customer_info", "i_customer"),
    (Verb.SUSPEND, Target.CUSTOMER): ("Customer/update_customer", "customer_info", "i_customer"),
    (Verb.RESUME, Target.CUSTOMER): ("Customer/update_customer", "customer_info", "i_customer"),
    (Verb.CREATE, Target.ACCOUNT): ("Account/add_account", "account_info", "i_account"),
    (Verb.CHANGE, Target.ACCOUNT): ("Account/update_account", "account_info", "i_account"),
    (Verb.SUSPEND, Target.ACCOUNT): ("Account/update_account", "account_info", "i_account"),
    (Verb.RESUME, Target.ACCOUNT): ("Account/update_account", "account_info", "i_account"),
}


class PortaBillingConnector(Connector):
    """PortaBilling by its API, in the realm and with the rights of one API user."""

    kind = "portabilling"
    title = "PortaBilling"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset(
        {
            Feature.CUSTOMERS,
            Feature.ACCOUNTS,
            Feature.NUMBERS,
            Feature.USAGE,
            Feature.ORDERS,
            Feature.MAKE_ACCOUNTS,
            Feature.CHANGE_PASSWORD,
        }
    )
    usage_by_customer = True
    price_is = "retail"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._options = options_of(site)
        self._password = site.secrets.get("password", Secret(""))
        self._client = Client(
            self._options,
            platform=site.name,
            password=self._password,
            token=site.secrets.get("token", Secret("")),
        )

    @property
    def generic(self) -> Generic:
        """Every record of every service, in the API's own words."""
        return Generic(self._client)

    def test(self) -> Iterator[Check]:
        """Reach and log in; then each method that is needed, by a read that changes nothing."""
        return permission_checks(self._client)

    def customers(self) -> Iterator[PlatformCustomer]:
        """Customers of the types wanted, closed ones too."""
        for page in self._pages("Customer/get_customer_list", {"with_terminated": 1}, CustomerList):
            for customer in page.customer_list:
                if people.is_of_types(customer, self._options.customer_types):
                    yield people.to_customer(customer)

    def accounts(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformAccount]:
        """Accounts with their aliases and DIDs; terminated ones too."""
        for asked in self._by_customer(customer_ids):
            aliases = self._aliases(asked)
            real = {**asked, "get_only_real_accounts": 1}
            for page in self._pages("Account/get_account_list", real, AccountList):
                for account in page.account_list:
                    if id_text(account.billing_model) != ALIAS:
                        yield people.to_account(account, aliases.get(id_text(account.i_account), ()))

    def numbers(self, customer_ids: Sequence[str] | None = None) -> Iterator[PlatformNumber]:
        """DIDs, those in stock too when all are asked for."""
        for asked in self._by_customer(customer_ids):
            for page in self._pages("DID/get_number_list", asked, NumberList):
                yield from map(_to_number, page.number_list)

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        """XDRs by customer, chosen by the time of billing."""
        return fetch_usage(self._client, self._options, scopes)

    def read_usage(
        self,
        file: Path,
        *,
        name: str,  # noqa: ARG002 - errors name the connection
        batch_rows: int,
        is_complete: bool = True,
    ) -> Iterator[UsageBatch]:
        """Records of xDRs that were fetched."""
        return read_usage(file, self._options.services, batch_rows=batch_rows, is_complete=is_complete)

    def order_powers(self) -> OrderPowers:
        return OrderPowers(
            targets=frozenset({Target.CUSTOMER, Target.ACCOUNT}),
            remark="a block stops calls in both directions; calls in progress go on",
        )

    def carry_out(self, order: Order) -> str:
        """Block or unblock; create or change with the API's own attributes.

        Raises:
            NeedsAttention: refused. TryAgainLater: the answer was lost; a creation may have been done.
        """
        method, structure, key = self._method_of(order)
        info = dict(order.attributes)
        if order.verb in {Verb.SUSPEND, Verb.RESUME}:
            info = {"blocked": "Y" if order.verb is Verb.SUSPEND else "N"}
            self.standing(order.target, order.foreign_id)  # named if it is not there
        if order.verb is Verb.CREATE:
            service, _, verb = method.partition("/")
            answer = self.generic.create(service, verb.partition("_")[2], info)
        else:
            info[key] = customer_number(order.foreign_id, self.site.name)
            # Setting a field to what it is already does nothing.
            answer = self._client.call(method, {structure: info}, is_repeatable=True)
        return id_text(answer.get(key)) or order.foreign_id

    def account_there(self, wanted: WantedAccount, foreign_id: str = "") -> AccountThere | None:
        """With its aliases and extension, and its service password where the API user may see it."""
        return provisioning.account_there(self._client, wanted, foreign_id)

    def bring_account(self, wanted: WantedAccount, there: AccountThere | None) -> None:
        """The account first, then its extension and its aliases."""
        provisioning.bring_account(self._client, wanted, there, self._options.billing_model)

    def standing(self, target: Target, foreign_id: str) -> Standing:
        """As the platform has it now.

        Raises:
            NeedsAttention: it is not there.
        """
        id = customer_number(foreign_id, self.site.name)
        found: AccountInfo | CustomerInfo | None
        if target is Target.ACCOUNT:
            found = self._one("Account/get_account_info", {"i_account": id}, AccountAnswer).account_info
            state = None if found is None else people.account_state(found)
        elif target is Target.CUSTOMER:
            found = self._one("Customer/get_customer_info", {"i_customer": id}, CustomerAnswer).customer_info
            state = None if found is None else people.customer_state(found)
        else:
            raise self._not_possible(target)
        if state is None:
            raise NeedsAttention(
                f"there is no {target.value} {foreign_id}, or the API user may not see it; correct the link",
                platform=self.site.name,
            )
        return Standing(state=state)

    def change_password(self, new_password: Secret) -> None:
        """With the old one, and before a login: an expired password lets nobody in.

        Raises:
            NeedsAttention: no old password is known, or the new one is refused; why is said.
        """
        if not self._password:
            raise NeedsAttention(
                "the old password is not known, and the platform asks for it; enter it with `tollbook connection add"
                f" {shlex.quote(self.site.name)} --change --secret password`, or change it in the web interface",
                platform=self.site.name,
            )
        params = {"login": self._options.login, "old_password": self._password.reveal()}
        method = self._options.change_password_method
        self._client.hide(new_password)
        answer = self._client.call_without_session(method, params | {"new_password": new_password.reveal()})
        if str(answer.get("success")) != "1":
            raise NeedsAttention(
                f"{method}: the new password is refused ({self._client.masked(_reasons(answer))}); choose another",
                platform=self.site.name,
            )
        self._password = new_password
        self._client.take_password(new_password)

    def close(self) -> None:
        """Safe to repeat."""
        self._client.close()

    # --- how lists are read

    def _pages(self, method: str, asked: Params, type_: type[T]) -> Iterator[T]:
        """Pages of a list until one is empty: a short one may be the platform's own limit."""
        offset = 0
        while True:
            page = self._one(method, {**asked, "limit": self._options.page_size, "offset": offset}, type_)
            count = people.length(page)
            if not count:
                return
            yield page
            offset += count

    def _one(self, method: str, asked: Params, type_: type[T]) -> T:
        return decoded(self._client.call_raw(method, asked), type_, method, self.site.name)

    def _by_customer(self, customer_ids: Sequence[str] | None) -> Iterator[Params]:
        if customer_ids is None:
            yield {}
            return
        for id in customer_ids:
            yield {"i_customer": customer_number(id, self.site.name)}

    def _aliases(self, asked: Params) -> Mapping[str, Sequence[str]]:
        """Ids of the aliases of each account."""
        found: dict[str, list[str]] = {}
        wanted = {**asked, "with_aliases": 1, "billing_model": int(ALIAS)}
        for page in self._pages("Account/get_account_list", wanted, AccountList):
            for alias in page.account_list:
                if id_text(alias.i_master_account):
                    found.setdefault(id_text(alias.i_master_account), []).append(id_text(alias.id))
        return found

    def _method_of(self, order: Order) -> tuple[str, str, str]:
        found = _METHODS.get((order.verb, order.target))
        if found is None or order.is_outbound_only:
            raise self._not_possible(order.target, is_outbound_only=order.is_outbound_only)
        return found

    def _not_possible(self, target: Target, *, is_outbound_only: bool = False) -> NotOffered:
        what = "orders for outgoing calls only" if is_outbound_only else f"orders for a {target.value}"
        return NotOffered(
            f"PortaBilling offers no {what}; block the account or the customer", platform=self.site.name
        )


def _to_number(number: NumberInfo) -> PlatformNumber:
    return PlatformNumber(
        number=id_text(number.number), customer_id=id_text(number.i_customer), account_id=id_text(number.i_account)
    )


def _reasons(answer: Record) -> str:
    errors = answer.get("errors")
    return "; ".join(str(text) for text in errors.values()) if isinstance(errors, dict) else "no reason given"
