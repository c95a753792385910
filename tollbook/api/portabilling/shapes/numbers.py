"""Numbers of the operator's as they are shown: a page in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db.models import Q

from tollbook.api.portabilling.fields import YN, Id, Money, yes_no
from tollbook.customers.models import Number, NumberGrant, StockNumber
from tollbook.phone.regions import region_name


class NumberInfo(msgspec.Struct, kw_only=True):
    """A number, whose it is, and on which account."""

    i_did_number: Id
    number: str
    description: str
    country_iso: str | None
    country_name: str | None
    i_customer: Id | None
    customer_name: str | None
    i_account: Id | None
    account_id: str | None
    frozen: YN
    external: YN
    free_of_charge: YN
    usage: str  # I idle, F given and not on an account, U on an account, Z frozen
    i_dv_batch: Id | None
    i_do_batch: Id | None
    i_group: Id | None
    i_vendor: Id | None
    iso_4217: str | None
    activation_fee: Money | None
    periodic_fee: Money | None


def on_accounts(now: datetime) -> Q:
    """Of `Number`: what is on an account now, or will be."""
    return Q(active_until=None) | Q(active_until__gt=now)


def number_infos(numbers: Sequence[StockNumber], *, now: datetime) -> list[NumberInfo]:
    """The numbers as they are shown, in the same order."""
    grants = {
        grant.number_id: grant
        for grant in NumberGrant.objects.filter(number__in=numbers, active_until=None).select_related("customer")
    }
    held = Number.objects.filter(on_accounts(now), digits__in=[one.digits for one in numbers])
    holders = {one.digits: one for one in held.select_related("account__customer")}
    return [_info(one, grants, holders) for one in numbers]


def _info(one: StockNumber, grants: Mapping[int, NumberGrant], holders: Mapping[int, Number]) -> NumberInfo:
    grant, holder = grants.get(one.pk), holders.get(one.digits)
    owner = grant.customer if grant else holder.account.customer if holder else None
    usage = "U" if holder else "Z" if one.is_frozen else "F" if grant else "I"
    return NumberInfo(
        i_did_number=one.pk,
        number=str(one.digits),
        description=one.description,
        country_iso=one.country or None,
        country_name=region_name(one.country) if one.country else None,
        i_customer=owner.pk if owner else None,
        customer_name=owner.code if owner else None,
        i_account=holder.account_id if holder else None,
        account_id=holder.account.code if holder else None,
        frozen=yes_no(one.is_frozen),
        external="N",
        free_of_charge="Y",
        usage=usage,
        i_dv_batch=None,
        i_do_batch=None,
        i_group=None,
        i_vendor=None,
        iso_4217=None,
        activation_fee=None,
        periodic_fee=None,
    )
