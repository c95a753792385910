"""Tariffs and groups of destinations, and what a call would cost."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
import polars as pl
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import missing, refused
from tollbook.api.portabilling.fields import YN, Id, Money, Time, YesNo, yes_no
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import EVERYBODY, STAFF, Info, Request, Success, method
from tollbook.api.portabilling.services.rate import named_tariff
from tollbook.catalog.models import DestinationGroup, Tariff, TariffVersion
from tollbook.catalog.operations.removal import remove_tariff
from tollbook.catalog.operations.set_rates import open_tariff
from tollbook.catalog.queries import rates_of_prefixes, version_holidays, version_settings
from tollbook.catalog.rate_lookup import version_in_force
from tollbook.customers.actors import Realm
from tollbook.jobs.rate_search import buyers_of, rate_for_buyer
from tollbook.money import decimal_of
from tollbook.rating.engine import compile_tariff, rate_calls
from tollbook.rating.frames import CALLS, LONGEST_CALL_S

OUTGOING = "voice_out"
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class TariffListRequest(ListRequest, kw_only=True):
    """Filters of the list."""

    name: str | None = None
    iso_4217: Currency | None = None
    i_tariff: Id | None = None


class TariffInfo(msgspec.Struct, kw_only=True):
    """A tariff. Its rates are asked for with Rate/get_rate_list."""

    i_tariff: Id
    name: str
    iso_4217: str
    price_included_tax: YN


class TariffList(msgspec.Struct, kw_only=True):
    """Tariffs of a page, by their number."""

    tariff_list: list[TariffInfo]
    total: int | UnsetType = UNSET


class TariffRequest(Request, kw_only=True):
    """Which tariff."""

    i_tariff: Id


class TariffGiven(Info, kw_only=True):
    """What a tariff is to be."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    iso_4217: Currency
    price_included_tax: YesNo | None = None


class TariffWrite(Request, kw_only=True):
    """A tariff to make."""

    tariff_info: TariffGiven


class TariffWritten(msgspec.Struct):
    """Its number."""

    i_tariff: Id


@method("Tariff/get_tariff_list", realms=(STAFF,))
def get_tariff_list(caller: Caller, asked: TariffListRequest) -> TariffList:
    """List tariffs."""
    tariffs = Tariff.objects.filter(like("name", asked.name)).order_by("pk")
    if asked.iso_4217 is not None:
        tariffs = tariffs.filter(currency=asked.iso_4217)
    if asked.i_tariff is not None:
        tariffs = tariffs.filter(pk=asked.i_tariff)
    rows, total = page(caller, tariffs, asked)
    return TariffList(tariff_list=[_shown(one) for one in rows], total=total)


@method("Tariff/add_tariff", realms=(STAFF,), writes=True)
def add_tariff(caller: Caller, asked: TariffWrite) -> TariffWritten:
    """Make a tariff without rates."""
    given = asked.tariff_info
    is_gross = given.price_included_tax is not None and given.price_included_tax.is_yes
    tariff = open_tariff(name=given.name, currency=given.iso_4217, is_gross=is_gross)
    caller.made(f"tariff {tariff.pk}", {"name": tariff.name, "currency": tariff.currency})
    return TariffWritten(tariff.pk)


@method("Tariff/delete_tariff", realms=(STAFF,), writes=True)
def delete_tariff(caller: Caller, asked: TariffRequest) -> Success:
    """Remove a tariff that never had rates."""
    tariff = named_tariff(caller, asked.i_tariff)
    before = {"name": tariff.name, "currency": tariff.currency}
    with caller.changing(f"tariff {asked.i_tariff}", lambda: before if tariff.pk else {}):
        remove_tariff(tariff)
    return Success()


class RerateRequest(Request, kw_only=True):
    """What to rate again."""

    i_owner: Id | None = None
    owner: str | None = None
    i_service: Id | None = None
    date_from: Time | None = None
    date_to: Time | None = None
    i_tariff_wrong: Id | None = None
    i_tariff_correct: Id | None = None


@method("Tariff/rerate_xdrs", realms=(STAFF,))
def rerate_xdrs(caller: Caller, _asked: RerateRequest) -> Success:
    """Rate xDRs again by another tariff: not served, so it is always a fault that says what to do instead."""
    text = (
        "usage is priced by the tariffs of its account's product, and not by another one for once: mend the price list,"
        " and read the import again with `tollbook usage reprocess`"
    )
    raise refused(caller.method, "not_supported", text)


class EstimateRequest(Request, kw_only=True):
    """Of which call: by a tariff, or by all that prices the calls of an account."""

    i_tariff: Id | None = None
    i_account: Id | None = None
    cld: str
    cli: str | None = None
    duration: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_CALL_S)] = 60
    connect_time: Time | None = None


class Estimate(msgspec.Struct, kw_only=True):
    """What the call would cost, before tax unless the tariff's prices contain it."""

    price: Money
    iso_4217: str
    charged_quantity: int
    destination: str  # the prefix
    description: str
    i_tariff: Id


@method("Tariff/estimate_call_price", realms=EVERYBODY)
def estimate_call_price(caller: Caller, asked: EstimateRequest) -> Estimate:
    """What a call would cost: by a tariff, for staff; by what prices an account's calls, for whose it is."""
    digits = asked.cld.strip().lstrip("+")
    moment: datetime = asked.connect_time or caller.now
    if asked.i_tariff is not None and caller.realm is Realm.STAFF:
        version = version_in_force(named_tariff(caller, asked.i_tariff).name, at=moment)
        rates = rates_of_prefixes(version, [digits[:length] for length in range(len(digits) + 1)])
    elif asked.i_account is None and caller.realm is not Realm.ACCOUNT:
        raise missing(caller.method, "i_account")
    else:
        (buyer,) = buyers_of(caller.account(asked.i_account))
        found = rate_for_buyer(buyer, digits, kind=OUTGOING, at=moment, cli=asked.cli or "")
        if found is None:
            raise _no_rate(caller, digits)
        version, rates = found.version, found.rates
    return _priced(caller, asked, version, rates, digits, moment)


def _priced(
    caller: Caller, asked: EstimateRequest, version: TariffVersion, rates: pl.DataFrame, digits: str, at: datetime
) -> Estimate:
    call = {
        "kind": OUTGOING,
        "start": at,
        "answered": True,
        "duration_us": asked.duration * 1_000_000,
        "quantity": None,
        "cld": digits,
        "cli": asked.cli or "",
        "known_reason": None,
    }
    tariff = compile_tariff(rates, version_settings(version), holidays=version_holidays(version))
    priced = rate_calls(pl.DataFrame([call], schema=CALLS), tariff).row(0, named=True)
    if priced["price_nanos"] is None:
        raise _no_rate(caller, digits)
    rate = rates.filter(pl.col("line") == priced["rate_line"]).row(0, named=True)
    return Estimate(
        price=_exact(priced["price_nanos"]),
        iso_4217=version.tariff.currency,
        charged_quantity=priced["billed"] or 0,
        destination=rate["prefix"],
        description=rate["destination"],
        i_tariff=version.tariff_id,
    )


def _exact(nanos: int) -> Decimal:
    return decimal_of(nanos).normalize() + 0


def _no_rate(caller: Caller, digits: str) -> Exception:
    return refused(caller.method, "rate_not_found", f"there is no rate for a call to {digits}, or it is forbidden")


def _shown(tariff: Tariff) -> TariffInfo:
    return TariffInfo(
        i_tariff=tariff.pk,
        name=tariff.name,
        iso_4217=tariff.currency,
        price_included_tax=yes_no(tariff.is_gross),
    )


class GroupListRequest(ListRequest, kw_only=True):
    """Filters of the list."""

    name: str | None = None


class Group(msgspec.Struct, kw_only=True):
    """Destinations under one name."""

    i_dest_group: Id
    name: str
    destinations: list[str]


class GroupList(msgspec.Struct, kw_only=True):
    """Groups of a page, by their number."""

    dest_group_list: list[Group]
    total: int | UnsetType = UNSET


@method("Destination/get_dest_group_list", realms=(STAFF,))
def get_dest_group_list(caller: Caller, asked: GroupListRequest) -> GroupList:
    """List groups of destinations with their prefixes."""
    rows, total = page(caller, DestinationGroup.objects.filter(like("name", asked.name)).order_by("pk"), asked)
    groups = [Group(i_dest_group=one.pk, name=one.name, destinations=list(one.prefixes)) for one in rows]
    return GroupList(dest_group_list=groups, total=total)
