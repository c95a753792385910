"""Rates of tariffs. A version of a tariff is a whole list: the rates of a request make the next one together."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

import msgspec
import polars as pl
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing, refused
from tollbook.api.portabilling.fields import Amount, Count, Id, YesNo, read_time
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import STAFF, Info, Request, Upload, method
from tollbook.api.portabilling.own import not_there
from tollbook.api.portabilling.shapes.rates import RateInfo, rate_infos
from tollbook.api.portabilling.xdrs.kinds import VOICE, kinds_of_service
from tollbook.catalog.models import Rate, Tariff, TariffVersion
from tollbook.catalog.operations import import_tariff_version
from tollbook.catalog.operations.set_rates import set_rates
from tollbook.catalog.price_list import read_price_list
from tollbook.catalog.queries import version_holidays, version_settings
from tollbook.catalog.rate_lookup import version_in_force
from tollbook.errors import BadInput
from tollbook.money import nanos_of
from tollbook.rating.frames import RATES, TariffSettings
from tollbook.records import KINDS, Measure

NOW = "now"
ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)  # before any rate: one without a beginning always was
MOST_RATES = 100_000  # of one request
MOST_FILE_BYTES = 64 << 20


class RateListRequest(ListRequest, kw_only=True):
    """Which rates: those in force at a moment, now if none is named."""

    i_tariff: Id
    effective_from: str | None = None
    destination: str | None = None
    description: str | None = None
    i_service: Id | None = None


class RateList(msgspec.Struct, kw_only=True):
    """Rates of a page, by prefix."""

    rate_list: list[RateInfo]
    total: int | UnsetType = UNSET


class RateRequest(Request, kw_only=True):
    """Which rate."""

    i_rate: Id


class RateAnswer(msgspec.Struct, kw_only=True):
    """The rate; nothing when there is none."""

    rate_info: RateInfo | UnsetType = UNSET


@method("Rate/get_rate_list", realms=(STAFF,))
def get_rate_list(caller: Caller, asked: RateListRequest) -> RateList:
    """List the rates of a tariff that are in force at a moment."""
    tariff = named_tariff(caller, asked.i_tariff)
    moment = _moment(caller, asked.effective_from)
    try:
        version = version_in_force(tariff.name, at=moment)
    except BadInput:
        return RateList(rate_list=[], total=0 if asked.get_total else UNSET)  # no list then
    rates = _in_force(version, moment).filter(
        like("prefix", asked.destination), like("destination", asked.description, any_case=True)
    )
    if asked.i_service is not None:
        rates = rates.filter(kind__in=kinds_of_service(asked.i_service))
    rows, total = page(caller, rates.order_by("prefix", "line"), asked)
    return RateList(rate_list=rate_infos(rows, i_tariff=tariff.pk, now=caller.now), total=total)


@method("Rate/search_rate_list", realms=(STAFF,))
def search_rate_list(caller: Caller, asked: RateListRequest) -> RateList:
    """The same by patterns of prefix (`destination`) and name (`description`)."""
    return get_rate_list(caller, asked)


@method("Rate/get_rate_info", realms=(STAFF,))
def get_rate_info(caller: Caller, asked: RateRequest) -> RateAnswer:
    """Show one rate."""
    rate = Rate.objects.filter(pk=asked.i_rate).select_related("version").first()
    if rate is None:
        return RateAnswer()
    return RateAnswer(rate_info=rate_infos([rate], i_tariff=rate.version.tariff_id, now=caller.now)[0])


class RateGiven(Info, kw_only=True):
    """What a rate is to be. Of one that is changed, what is not sent is as before."""

    i_rate: Id | None = None
    i_tariff: Id | None = None
    destination: str | None = None
    description: str | None = None
    i_service: Id | None = None
    interval_1: Count | None = None
    interval_n: Count | None = None
    price_1: Amount | None = None
    price_n: Amount | None = None
    connect_fee: Amount | None = None
    effective_from: str | None = None
    forbidden: YesNo | None = None


class RateWrite(Request, kw_only=True):
    """A rate to add or change."""

    rate_info: RateGiven


class RateWritten(msgspec.Struct):
    """Its number: a changed rate has a new one, since the old one is cited by what it charged."""

    i_rate: Id


class RatesWrite(Request, kw_only=True):
    """Rates to add at once."""

    i_tariff: Id
    effective_from: str | None = None
    rate_list: Annotated[list[RateGiven], msgspec.Meta(min_length=1, max_length=MOST_RATES)]


class RatesWritten(msgspec.Struct):
    """How many rates there are now that were not before."""

    count: int
    success: int = 1


@method("Rate/add_rate", realms=(STAFF,), writes=True)
def add_rate(caller: Caller, asked: RateWrite) -> RateWritten:
    """Add a rate to a tariff, from now or a later moment on."""
    given = asked.rate_info
    if given.i_tariff is None:
        raise missing(caller.method, "i_tariff", "rate_info")
    tariff = named_tariff(caller, given.i_tariff)
    return RateWritten(_put(caller, tariff, [_row(caller, given, None)], _begin(caller, given.effective_from)))


@method("Rate/update_rate", realms=(STAFF,), writes=True)
def update_rate(caller: Caller, asked: RateWrite) -> RateWritten:
    """Put another rate in the place of one, from now or a later moment on."""
    given = asked.rate_info
    if given.i_rate is None:
        raise missing(caller.method, "i_rate", "rate_info")
    old = Rate.objects.filter(pk=given.i_rate).select_related("version__tariff").first()
    if old is None:
        raise not_there(caller, f"rate {given.i_rate}")
    if given.destination not in {None, old.prefix}:
        raise invalid(caller.method, "rate_info.destination", "a rate keeps its prefix; add another rate")
    row = _row(caller, given, old)
    return RateWritten(_put(caller, old.version.tariff, [row], _begin(caller, given.effective_from)))


@method("Rate/batch_add_rate", realms=(STAFF,), writes=True)
def batch_add_rate(caller: Caller, asked: RatesWrite) -> RatesWritten:
    """Add many rates to a tariff in one version."""
    tariff = named_tariff(caller, asked.i_tariff)
    begin = _begin(caller, asked.effective_from)
    rows = [_row(caller, given, None) for given in asked.rate_list]
    _put(caller, tariff, rows, begin)
    return RatesWritten(len(rows))


class RateGroupWrite(Request, kw_only=True):
    """Rates of a group of destinations; which members its structure has is not public."""

    i_tariff: Id | None = None


@method("Rate/add_rate_group", realms=(STAFF,))
def add_rate_group(caller: Caller, _asked: RateGroupWrite) -> RatesWritten:
    """Add rates for a group of destinations: not served, so it is always a fault that says what to do instead."""
    text = "rates are of prefixes here: send those of the group's destinations with Rate/batch_add_rate, in one version"
    raise refused(caller.method, "not_supported", text)


class UploadRates(Request, kw_only=True):
    """Where a price list goes: among the rates there are, or in their place."""

    i_tariff: Id
    mode: Literal["add", "replace"] = "add"
    effective_from: str | None = None


@method("Rate/upload", realms=(STAFF,), writes=True)
def upload(caller: Caller, asked: UploadRates, upload: Upload | None) -> RatesWritten:
    """Add the rates of a CSV file to a tariff, or put them in place of all there are. All or none."""
    if upload is None:
        raise missing(caller.method, "file")
    if len(upload.content) > MOST_FILE_BYTES:
        raise invalid(caller.method, "file", f"it is larger than {MOST_FILE_BYTES} bytes; send it in parts")
    tariff = named_tariff(caller, asked.i_tariff)
    begin = _begin(caller, asked.effective_from)
    newest = tariff.versions.select_related("tariff").order_by("-number").first()
    settings = TariffSettings(currency=tariff.currency, is_gross=tariff.is_gross)
    if newest is not None:
        settings = version_settings(newest)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rates.csv")
        path.write_bytes(upload.content)
        rates = read_price_list(path, settings=settings).rates
    facts: dict[str, Any] = {"active_from": begin, "recorded_at": caller.now, "source_name": _name(upload)}
    if asked.mode == "add":
        set_rates(tariff=tariff, rates=rates, **facts)
    else:
        holidays = version_holidays(newest) if newest else {}
        import_tariff_version(
            name=tariff.name, rates=rates, settings=settings, holidays=holidays, source_sha256="", **facts
        )
    caller.made(f"tariff {tariff.pk}", {"rates": len(rates), "mode": asked.mode, "file": _name(upload)})
    return RatesWritten(len(rates))


def _name(file: Upload) -> str:
    return PurePath(file.name).name[:200] or "rates.csv"


def named_tariff(caller: Caller, i_tariff: int) -> Tariff:
    """The tariff of that number.

    Raises:
        Fault: there is none.
    """
    found = Tariff.objects.filter(pk=i_tariff).first()
    if found is None:
        raise not_there(caller, f"tariff {i_tariff}")
    return found


def _in_force(version: TariffVersion, moment: datetime) -> QuerySet[Rate]:
    """Rows in force at a moment: of those for the same numbers, those that began last."""
    rows = Rate.objects.filter(
        Q(active_until=None) | Q(active_until__gt=moment), version=version.base_version_id or version.pk
    )
    begun = rows.annotate(since=Coalesce("active_from", ALWAYS)).filter(since__lte=moment)
    same = {name: OuterRef(name) for name in ("prefix", "kind", "cli_prefix")}
    return begun.exclude(Exists(begun.filter(**same, since__gt=OuterRef("since"))))


def _moment(caller: Caller, text: str | None) -> datetime:
    if text is None or text.lower() == NOW:
        return caller.now
    try:
        return read_time(text)
    except ValueError as error:
        raise invalid(caller.method, "effective_from", f"{error}; or now") from None


def _begin(caller: Caller, text: str | None) -> datetime:
    """When rates begin: now or later. What has been charged was charged by what was known."""
    begin = _moment(caller, text)
    if begin.date() < caller.now.date():
        raise invalid(caller.method, "effective_from", f"{text} is past; send now or a later moment")
    return max(begin, caller.now)


def _row(caller: Caller, given: RateGiven, old: Rate | None) -> dict[str, Any]:
    """A row of RATES: what is sent, over what there was."""
    row = {name: getattr(old, name) for name in RATES if hasattr(old, name)} if old else {}
    if old is None:
        row = _new_row(caller, given)
    row |= {"active_from": None, "active_until": None, "recorded_at": None}
    prices = {
        "first_per_min_nanos": given.price_1,
        "next_per_min_nanos": given.price_n,
        "connect_fee_nanos": given.connect_fee,
    }
    row |= {name: nanos_of(price) for name, price in prices.items() if price is not None}
    sent = {
        "first_increment": given.interval_1,
        "next_increment": given.interval_n,
        "destination": given.description,
        "is_forbidden": given.forbidden and given.forbidden.is_yes,
    }
    row |= {name: value for name, value in sent.items() if value is not None}
    if row["next_increment"] < 1:
        raise invalid(caller.method, "rate_info.interval_n", "an interval has at least 1 second")
    if old is not None and old.per_unit_nanos is not None and (given.price_1, given.price_n) != (None, None):
        raise refused(caller.method, "not_supported", "prices of messages and data are changed by price list")
    return row


def _new_row(caller: Caller, given: RateGiven) -> dict[str, Any]:
    prefix = (given.destination or "").strip().lstrip("+")
    if not prefix:
        raise missing(caller.method, "destination", "rate_info")
    if not (prefix.isascii() and prefix.isdigit()):
        raise invalid(caller.method, "rate_info.destination", f"{given.destination!r} is not a prefix of digits")
    if given.price_1 is None and not (given.forbidden and given.forbidden.is_yes):
        raise missing(caller.method, "price_1", "rate_info")
    kinds = [kind for kind in kinds_of_service(given.i_service or VOICE.number) if KINDS[kind] is Measure.TIME]
    if not kinds:
        raise invalid(
            caller.method, "rate_info.i_service", "only calls are priced by the minute; send a price list"
        )
    price = nanos_of(given.price_1 or Amount(0))
    return dict.fromkeys(RATES) | {
        "prefix": prefix,
        "cli_prefix": "",
        "destination": "",
        "category": "",
        "kind": kinds[0],
        "from_s": 0,
        "first_per_min_nanos": price,
        "next_per_min_nanos": price,
        "first_increment": 1,
        "next_increment": 1,
        "connect_fee_nanos": 0,
        "minimum_charge_nanos": 0,
        "grace_period_s": 0,
        "minimum_s": 0,
        "is_forbidden": False,
    }


def _put(caller: Caller, tariff: Tariff, rows: Sequence[dict[str, Any]], begin: datetime) -> int:
    """The number of the last of these rates in the version in force when they begin."""
    rates = pl.DataFrame(list(rows), schema=RATES, orient="row")
    version = set_rates(
        tariff=tariff, rates=rates, active_from=begin, recorded_at=caller.now, source_name=f"API, {caller.login}"
    )
    shown = {"rates": len(rows), "from": str(begin), "first": rows[0]["prefix"]}
    caller.made(f"tariff {tariff.pk}", {"version": version.number, **shown})
    return Rate.objects.filter(version=version).order_by("-line").values_list("pk", flat=True)[0]
