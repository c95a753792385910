"""Rates as they are shown. Only `country` is a public name of a member; the others follow the platform's words.

`destination` is the prefix, as the platform calls it; what it is the prefix of stands in `description`.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
import polars as pl

from tollbook.api.portabilling.fields import YN, Id, Money, TimeText, time_text, yes_no
from tollbook.api.portabilling.xdrs.kinds import SERVICE_OF_KIND
from tollbook.catalog.models import Rate
from tollbook.money import decimal_of
from tollbook.phone import countries


class RateInfo(msgspec.Struct, kw_only=True):
    """A row of a price list. Intervals are seconds, prices those of a minute; of messages and data those of a unit."""

    i_rate: Id
    i_tariff: Id
    i_dest: Id | None
    destination: str
    country: str
    description: str
    i_service: Id
    interval_1: int
    interval_n: int
    price_1: Money
    price_n: Money
    unit: str | None
    connect_fee: Money
    effective_from: TimeText | None
    effective_until: TimeText | None
    from_second: int
    discontinued: YN
    forbidden: YN
    hidden: YN
    payback_rate: YN


def rate_infos(rates: Sequence[Rate], *, i_tariff: int, now: datetime) -> list[RateInfo]:
    """The rates as they are shown, in the same order."""
    named = countries(pl.Series([rate.prefix for rate in rates], dtype=pl.String)).to_list() if rates else []
    return [_info(rate, country or "", i_tariff, now) for rate, country in zip(rates, named, strict=True)]


def _info(rate: Rate, country: str, i_tariff: int, now: datetime) -> RateInfo:
    per_unit = rate.per_unit_nanos
    return RateInfo(
        i_rate=rate.pk,
        i_tariff=i_tariff,
        i_dest=None,
        destination=rate.prefix,
        country=country,
        description=rate.destination,
        i_service=SERVICE_OF_KIND[rate.kind].number,
        interval_1=rate.first_increment,
        interval_n=rate.next_increment,
        price_1=_exact(rate.first_per_min_nanos if per_unit is None else per_unit),
        price_n=_exact(rate.next_per_min_nanos if per_unit is None else per_unit),
        unit=rate.unit,
        connect_fee=_exact(rate.connect_fee_nanos),
        effective_from=time_text(rate.active_from),
        effective_until=time_text(rate.active_until),
        from_second=rate.from_s,
        discontinued=yes_no(rate.active_until is not None and rate.active_until <= now),
        forbidden=yes_no(rate.is_forbidden),
        hidden="N",
        payback_rate="N",
    )


def _exact(nanos: int | None) -> Decimal:
    return decimal_of(nanos or 0).normalize() + 0
