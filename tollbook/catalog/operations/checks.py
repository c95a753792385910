"""What several operations on the catalog ask of what they are given."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db import models

from tollbook.catalog.models import DestinationGroup, Product, SubscriptionPlan
from tollbook.catalog.price_list import nearest_name
from tollbook.catalog.price_list.cells import time_of_day_s, weekday_bits
from tollbook.errors import BadInput
from tollbook.money import MAX_DECIMALS
from tollbook.records import KINDS

MAX_FEE = 1_000_000_000  # of any currency, for a period
WINDOW_KEYS = ("weekdays", "from_time", "until_time")
MAX_WINDOWS = 50  # of an allowance


def choice(whose: str, what: str, value: str, choices: type[models.TextChoices]) -> str:
    """One of the words that there are.

    Raises:
        BadInput: it is none of them.
    """
    if value not in choices.values:
        raise BadInput(
            f"{whose}: {what} {value!r}{nearest_name(value, choices.values)}; write one of {', '.join(choices.values)}"
        )
    return value


def usage_kind(whose: str, kind: str) -> str:
    """A kind of usage.

    Raises:
        BadInput: there is no such kind.
    """
    if kind not in KINDS:
        raise BadInput(f"{whose}: unknown kind {kind!r}{nearest_name(kind, KINDS)}; kinds are {', '.join(KINDS)}")
    return kind


def amount(whose: str, what: str, value: Decimal) -> Decimal:
    """An amount of money that is charged.

    Raises:
        BadInput: negative, too large, or with more decimals than are kept.
    """
    if not value.is_finite() or not 0 <= value <= MAX_FEE:
        raise BadInput(f"{whose}: {what} {value}; write an amount from 0 to {MAX_FEE}")
    if value != round(value, MAX_DECIMALS):
        raise BadInput(f"{whose}: {what} {value} has more than {MAX_DECIMALS} decimals")
    return value


def text(whose: str, model: type[models.Model], field: str, value: str, *, is_required: bool = False) -> str:
    """A text that fits into a field.

    Raises:
        BadInput: it is too long, empty although it is needed, or has characters that are none.
    """
    limit = model._meta.get_field(field).max_length  # type: ignore[union-attr]  # a field of our own
    if limit is not None and len(value) > limit:
        raise BadInput(f"{whose}: {field} has {len(value)} characters; the limit is {limit}")
    if is_required and not value.strip():
        raise BadInput(f"{whose}: {field} is empty")
    if "\0" in value:
        raise BadInput(f"{whose}: {field} has a NUL character; remove it")
    return value


def currency(whose: str, code: str) -> str:
    """A currency's code.

    Raises:
        BadInput: it is none.
    """
    if not re.fullmatch("[A-Z]{3}", code):
        raise BadInput(f"{whose}: currency {code!r}; write three capital letters like EUR")
    return code


def windows(whose: str, given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Windows, each cell as price lists write it. A window without any cell would be always, so it is refused.

    Raises:
        BadInput: an unknown key, or a cell that cannot be read.
    """
    if len(given) > MAX_WINDOWS:
        raise BadInput(f"{whose}: {len(given)} windows; the limit is {MAX_WINDOWS}")
    readers = {"weekdays": weekday_bits, "from_time": time_of_day_s, "until_time": time_of_day_s}
    checked = []
    for window in given:
        if not window or any(key not in WINDOW_KEYS for key in window):
            raise BadInput(f"{whose}: window {dict(window)!r}; it has {', '.join(WINDOW_KEYS)}, or some of them")
        for key, cell in window.items():
            try:
                value = readers[key](cell)
            except ValueError as error:
                raise BadInput(f"{whose}: window, {key} {cell!r} {error}") from None
            if key == "from_time" and value == time_of_day_s("24:00"):
                raise BadInput(f"{whose}: window, from_time {cell!r} is the end of a day")
        checked.append({key: window[key] for key in WINDOW_KEYS if key in window})
    return checked


def named_group(whose: str, name: str | None) -> DestinationGroup | None:
    """The destination group of that name; None for every destination.

    Raises:
        BadInput: there is none.
    """
    if name is None:
        return None
    found = DestinationGroup.objects.filter(name=name).first()
    if found is None:
        names = list(DestinationGroup.objects.values_list("name", flat=True))
        raise BadInput(
            f"{whose}: there is no destination group {name!r}{nearest_name(name, names)}; "
            "make it with `tollbook destinations set NAME PREFIX …`"
        )
    return found


def named_plan(whose: str, code: str) -> SubscriptionPlan:
    """The plan with that code.

    Raises:
        BadInput: there is none.
    """
    found = SubscriptionPlan.objects.filter(code=code).first()
    if found is None:
        codes = list(SubscriptionPlan.objects.values_list("code", flat=True))
        raise BadInput(
            f"{whose}: there is no plan {code!r}{nearest_name(code, codes)}; make it with `tollbook plans set`"
        )
    return found


def named_product(whose: str, code: str) -> Product:
    """The product with that code.

    Raises:
        BadInput: there is none.
    """
    found = Product.objects.filter(code=code).first()
    if found is None:
        codes = list(Product.objects.values_list("code", flat=True))
        raise BadInput(
            f"{whose}: there is no product {code!r}{nearest_name(code, codes)}; see `tollbook products list`"
        )
    return found


def once(whose: str, what: str, values: Iterable[str]) -> list[str]:
    """The values, each named once."""
    given = list(values)
    for value in given:
        if given.count(value) > 1:
            raise BadInput(f"{whose}: {what} {value!r} is named twice")
    return given
