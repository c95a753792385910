"""How accounts shall be at platforms: read from what they are here."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Q

from tollbook.connections.models import Connection
from tollbook.connectors.registry import connector_class
from tollbook.connectors.wanted import WantedAccount
from tollbook.customers.models import Account, AccountLink, AccountState, Pairing
from tollbook.customers.operations.service_passwords import service_password
from tollbook.provisioning.models import Policy, ProvisioningOrder, Verb

NO_FACTS = {"secret", "taken_off"}  # of WantedAccount, that are not kept in the order as they are


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of one account at one connection."""

    connection: Connection
    account: Account
    verb: Verb
    wanted: dict[str, object]
    secret_mark: str
    foreign_id: str
    obstacle: str = ""  # why only a person can bring it about


def wishes(accounts: Iterable[Account], *, now: datetime) -> Iterator[Wish]:
    """What is wanted of these accounts wherever accounts are to be as they are here."""
    for policy in Policy.objects.filter(is_on=True).select_related("connection").order_by("pk"):
        for account in accounts:
            wish = _wish(policy, account, now)
            if wish is not None:
                yield wish


def wanted_account(order: ProvisioningOrder) -> WantedAccount:
    """As the connector is told, with the service password of now.

    Raises:
        OtherKey: the password cannot be decrypted.
    """
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in order.wanted.items()
    }
    return WantedAccount(**facts, taken_off=_taken_off(order), secret=service_password(order.account))


def _wish(policy: Policy, account: Account, now: datetime) -> Wish | None:
    connection = policy.connection
    links = AccountLink.objects.filter(account=account, active_until=None)
    link = links.filter(connection=connection).first()
    if link is None and links.exists():
        return None  # it lives at another platform
    customer_ids = _customer_ids(connection, account, now)
    before = (
        ProvisioningOrder.objects.filter(connection=connection, account=account).exclude(foreign_id="").first()
    )
    foreign_id = link.foreign_id if link else before.foreign_id if before else ""
    is_ended = account.state == AccountState.TERMINATED
    if not customer_ids or (is_ended and not foreign_id):
        return None
    product = policy.products.get(account.product.code, "")
    extension = getattr(account, "extension", None)
    in_force = Q(active_from=None) | Q(active_from__lte=now)
    numbers = account.numbers.filter(in_force, Q(active_until=None) | Q(active_until__gt=now))
    wanted = WantedAccount(
        customer_id=(link.foreign_customer_id if link else "") or customer_ids[0],
        code=account.code,
        product=product,
        name=account.name or (extension.name if extension else ""),
        extension=extension.number if extension else "",
        is_published=extension.is_published if extension else False,
        email=account.email,
        numbers=tuple(sorted(str(digits) for digits in numbers.values_list("digits", flat=True))),
        is_ended=is_ended,
    )
    obstacle = ""
    if not foreign_id and len(customer_ids) > 1:
        obstacle = (
            f"{account.customer.code} is {' and '.join(customer_ids)} there; make the account by hand, and sync"
        )
    elif not foreign_id and not product and connector_class(connection.kind).made_accounts_have_products:
        how = f"tollbook provisioning policy {connection.quoted} --product {account.product.code}=NAME"
        obstacle = f"nothing says which product there is our {account.product.code}: `{how}`, then try again"
    facts = {name: list(value) if isinstance(value, tuple) else value for name, value in _facts(wanted).items()}
    verb = Verb.END if is_ended else Verb.CHANGE if foreign_id else Verb.CREATE
    mark = hashlib.sha256(account.service_secret.encode()).hexdigest() if account.service_secret else ""
    return Wish(connection, account, verb, facts, mark, foreign_id, obstacle)


def _facts(wanted: WantedAccount) -> dict[str, object]:
    return {one.name: getattr(wanted, one.name) for one in fields(wanted) if one.name not in NO_FACTS}


def _customer_ids(connection: Connection, account: Account, now: datetime) -> list[str]:
    pairings = Pairing.objects.filter(
        Q(active_from=None) | Q(active_from__lte=now),
        Q(active_until=None) | Q(active_until__gt=now),
        connection=connection,
        customer=account.customer,
    )
    return sorted(pairings.values_list("foreign_id", flat=True))


def _taken_off(order: ProvisioningOrder) -> tuple[str, ...]:
    """Numbers that the platform was told before: others there are somebody else's doing, and left alone."""
    told = ProvisioningOrder.objects.filter(
        connection=order.connection, account=order.account, told_at__isnull=False, pk__lt=order.pk
    )
    before = {number for wanted in told.values_list("wanted", flat=True) for number in wanted.get("numbers", [])}
    return tuple(sorted(before - set(order.wanted.get("numbers", []))))
