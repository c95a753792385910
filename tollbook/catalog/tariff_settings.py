"""What holds for a whole tariff: from options, else from the TOML beside the price list, else the default."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tollbook.catalog.calendars import own_calendars
from tollbook.catalog.price_list.columns import nearest_name
from tollbook.errors import BadInput
from tollbook.money import MAX_DECIMALS, Rounding
from tollbook.rating.frames import Fraction, TariffSettings

# The keys of the TOML; options of the command line have the same names.
KEYS = ("currency", "timezone", "decimals", "rounding", "fraction", "prices", "country", "holidays")


@dataclass(frozen=True, slots=True)
class TariffSheet:
    """The settings of a tariff, and the holiday calendars given with them."""

    settings: TariffSettings
    own_calendars: Mapping[str, frozenset[date]] = field(default_factory=dict)


def tariff_sheet(
    price_list: Path, options: Mapping[str, object], defaults: TariffSettings | None = None
) -> TariffSheet:
    """Settings of the tariff whose price list this is: `rates.csv` has its settings in `rates.toml`.

    Options that are None are not given. `prices` is "net" or "gross". What nothing says is as in `defaults`.

    Raises:
        BadInput: an unknown key or a value that cannot be, with the place it comes from.
    """
    beside = price_list.with_suffix(".toml")
    saved = _saved(beside) if beside.is_file() else {}
    given = {key: value for key, value in options.items() if value is not None}
    read: dict[str, object] = {}
    for source, values in ((str(beside), saved), ("option", given)):
        for key, value in values.items():
            if key != "holidays":
                name, setting = _setting(source, key, value)
                read[name] = setting
    holidays = saved.get("holidays", {})
    if not isinstance(holidays, dict):
        raise BadInput(
            f"{beside}: holidays is not a table; write [holidays] and a line like Company = [2026-12-24]"
        )
    return TariffSheet(
        replace(defaults or TariffSettings(), **read),  # type: ignore[arg-type]  # each checked by its reader
        own_calendars(holidays, where=f"{beside}, holidays"),
    )


def _saved(path: Path) -> dict[str, object]:
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path} is not a TOML file: {error}") from None
    for key in keys:
        if key not in KEYS:
            raise BadInput(f"{path}: unknown key {key!r}{nearest_name(key, KEYS)}; there are {', '.join(KEYS)}")
    return keys


def _setting(source: str, key: str, value: object) -> tuple[str, object]:
    where = f"{source} {key}" if source == "option" else f"{source}: {key}"
    if key == "prices":
        return "is_gross", _one_of(where, value, ("net", "gross")) == "gross"
    return key, _READERS[key](where, value)


def _matching(where: str, value: object, pattern: str, expected: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise BadInput(f"{where} = {value!r}; write {expected}")
    return value


def _timezone(where: str, value: object) -> str:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"{where} = {value!r} is not a time zone; write it as Europe/Warsaw or UTC") from None
    return str(value)


def _decimals(where: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_DECIMALS:
        raise BadInput(f"{where} = {value!r}; write a whole number from 0 to {MAX_DECIMALS}")
    return value


def _one_of(where: str, value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise BadInput(f"{where} = {value!r}; write one of {', '.join(allowed)}")
    return str(value)


_READERS: Mapping[str, Callable[[str, object], object]] = {
    "currency": lambda where, value: _matching(where, value, "[A-Z]{3}", "three capital letters like EUR"),
    "country": lambda where, value: _matching(where, value, "[A-Z]{2}", "two capital letters like PL"),
    "timezone": _timezone,
    "decimals": _decimals,
    "rounding": lambda where, value: Rounding(_one_of(where, value, tuple(Rounding))),
    "fraction": lambda where, value: Fraction(_one_of(where, value, tuple(Fraction))),
}
