"""A saved column mapping: how a price list in another layout is read as ours. Kept in a TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import polars as pl

from tollbook.catalog.price_list.columns import COLUMNS, nearest_name
from tollbook.errors import BadInput

# Beside our own columns a mapping may name this one: digits before every prefix of the row.
COUNTRY_CODE = "country_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceListMapping:
    """Where our columns come from in a price list of another layout."""

    columns: Mapping[str, str] = field(default_factory=dict)  # their column (or position) → ours
    constants: Mapping[str, str] = field(default_factory=dict)  # our column → its text in every row
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # our column → their text → ours
    ignore: frozenset[str] = frozenset()  # their columns that say nothing about prices
    ignore_other_columns: bool = False
    header: bool = True  # without one, columns are called 1, 2, 3 …
    skip_lines: int = 0  # lines above the header
    separator: str | None = None  # null = found out from the first line
    encoding: str = "utf-8"
    decimal_mark: str | None = None  # null = the first one found in a price
    price_per: str = "minute"  # or "second"
    money_unit: Decimal = Decimal(1)  # 0.01 when amounts are in cents
    date_format: str | None = None  # as strptime has it; null = ISO
    prefix_lists: bool = False  # "44,4420;4477" and "4420-4422" in one cell
    prefix_remove: str = ""  # taken off the front of each prefix, as a national 0
    prefix_add: str = ""  # put before each prefix, as a country code

    @property
    def per_minute_factor(self) -> Decimal:
        """What a price of the file is multiplied with to be a price per minute in whole currency."""
        return self.money_unit * (60 if self.price_per == "second" else 1)


def read_mapping(path: Path) -> PriceListMapping:
    """The mapping in a TOML file.

    Raises:
        BadInput: not TOML, an unknown key or column, or a value of the wrong kind, each named.
    """
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path} is not a TOML file: {error}") from None
    for key, value in keys.items():
        if key not in _KINDS:
            raise BadInput(
                f"{path}: unknown key {key!r}{nearest_name(key, _KINDS)}; there are {', '.join(_KINDS)}"
            )
        if not isinstance(value, _KINDS[key]) or isinstance(value, bool) != (_KINDS[key] is bool):
            raise BadInput(f"{path}: {key} = {value!r} is not a {_KINDS[key].__name__}")
    _check_targets(path, keys)
    _check_choices(path, keys)
    if "ignore" in keys:
        keys["ignore"] = frozenset(str(name) for name in keys["ignore"])
    if "money_unit" in keys:
        keys["money_unit"] = _positive_decimal(path, keys["money_unit"])
    keys["constants"] = {column: str(text) for column, text in keys.get("constants", {}).items()}
    return PriceListMapping(**keys)


_KINDS: Mapping[str, type] = {
    "columns": dict,
    "constants": dict,
    "values": dict,
    "ignore": list,
    "ignore_other_columns": bool,
    "header": bool,
    "skip_lines": int,
    "separator": str,
    "encoding": str,
    "decimal_mark": str,
    "price_per": str,
    "money_unit": str,  # text, so that 0.01 is exactly that
    "date_format": str,
    "prefix_lists": bool,
    "prefix_remove": str,
    "prefix_add": str,
}


def _check_targets(path: Path, keys: Mapping[str, Any]) -> None:
    targets = (*COLUMNS, COUNTRY_CODE)
    named = [*keys.get("columns", {}).values(), *keys.get("constants", {}), *keys.get("values", {})]
    for column in named:
        if column not in targets:
            raise BadInput(f"{path}: {column!r} is no column of ours{nearest_name(str(column), targets)}")
    sources = [*keys.get("columns", {}).values(), *keys.get("constants", {})]
    for column in sources:
        if sources.count(column) > 1:
            raise BadInput(f"{path}: {column!r} is filled twice; name one source for it")
    for column, texts in keys.get("values", {}).items():
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise BadInput(f"{path}: values.{column} is not a table of their text = our text")


def _check_choices(path: Path, keys: Mapping[str, Any]) -> None:
    choices = {"decimal_mark": (".", ","), "price_per": ("minute", "second")}
    for key, allowed in choices.items():
        if key in keys and keys[key] not in allowed:
            raise BadInput(f"{path}: {key} = {keys[key]!r}; write {' or '.join(map(repr, allowed))}")
    if len(keys.get("separator", ",")) != 1 or not keys.get("separator", ",").isascii():
        raise BadInput(f"{path}: separator = {keys['separator']!r} is not one ASCII character")
    for key in ("prefix_remove", "prefix_add"):
        if keys.get(key) and not (keys[key].isascii() and keys[key].isdigit()):
            raise BadInput(f"{path}: {key} = {keys[key]!r} is not digits")


def _positive_decimal(path: Path, text: str) -> Decimal:
    try:
        unit = Decimal(text)
    except InvalidOperation:
        unit = Decimal(0)
    if not unit.is_finite() or unit <= 0:
        raise BadInput(f"{path}: money_unit = {text!r} is not a positive number")
    return unit


def our_columns(cells: pl.DataFrame, mapping: PriceListMapping, path: Path) -> pl.DataFrame:
    """The cells under our column names, with constants and translated values.

    A column that neither is ours nor is mapped nor ignored is an error: a typing mistake in `connect_fee` would
    otherwise give that fee away.
    """
    theirs = [name for name in cells.columns if name != "line"]
    for name in (*mapping.columns, *mapping.ignore):
        if name not in theirs:
            raise BadInput(
                f"{path} has no column {name!r}{nearest_name(name, theirs)}; it has {', '.join(theirs)}"
            )
    known = (*COLUMNS, COUNTRY_CODE) if mapping.columns else tuple(COLUMNS)
    chosen: dict[str, pl.Expr] = {}
    for name in theirs:
        ours = mapping.columns.get(name) or _as_ours(name)
        if name in mapping.ignore or (ours not in known and mapping.ignore_other_columns):
            continue
        if ours not in known:
            raise BadInput(
                f"{path}: unknown column {name!r}{nearest_name(ours, known)}; "
                "rename it, remove it, or list it under `ignore` in a mapping"
            )
        if ours in chosen or ours in mapping.constants:
            raise BadInput(f"{path}: column {ours!r} is filled twice; `ignore` one of its sources in the mapping")
        chosen[ours] = _translated(pl.col(name), mapping.values.get(ours, {})).alias(ours)
    constants = [pl.lit(text).alias(column) for column, text in mapping.constants.items()]
    return cells.select("line", *chosen.values(), *constants)


def _translated(column: pl.Expr, texts: Mapping[str, str]) -> pl.Expr:
    return column.replace(dict(texts)) if texts else column


def _as_ours(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
