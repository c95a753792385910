"""Layouts as people write them, in TOML, turned into `Layout` and checked."""

import codecs
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from zoneinfo import ZoneInfo

import polars as pl

from tollbook.connectors.files.layout import (
    AMOUNT_UNITS,
    TEXTS,
    TIME_UNITS_US,
    AmountField,
    AnsweredField,
    Column,
    Condition,
    FileForm,
    Identity,
    KindField,
    KindRule,
    Layout,
    TextField,
    TimeField,
)
from tollbook.connectors.files.times import EPOCHS_US
from tollbook.errors import BadInput

T = TypeVar("T")
_CHOICES = {
    "format": {"csv", "jsonl", "parquet", "auto"},
    "quoting": {"doubled", "unescaped", "none"},
    "compression": {"auto", "none", "gz", "zip", "zst"},
    "ambiguous": {"earliest", "latest", "refuse"},
    "unit": {*TIME_UNITS_US, *AMOUNT_UNITS},
}
_PATTERNS = {"extract", "matches"}


def built_in_layouts() -> tuple[str, ...]:
    """Names of the layouts that come with Tollbook."""
    folder = resources.files("tollbook.connectors.files") / "layouts"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load_layout(name_or_path: str | Path) -> Layout:
    """A built-in layout by its name, or one from a TOML file.

    Raises:
        BadInput: neither; or the file is no layout.
    """
    if str(name_or_path) in built_in_layouts():
        folder = resources.files("tollbook.connectors.files") / "layouts"
        text, name = (folder / f"{name_or_path}.toml").read_text("utf-8"), str(name_or_path)
    else:
        path = Path(name_or_path)
        if not path.is_file():
            raise BadInput(
                f"{name_or_path}: neither a file nor a built-in layout; those are {', '.join(built_in_layouts())}"
            )
        try:
            text, name = path.read_text("utf-8-sig"), path.stem
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{name_or_path}: cannot be read as UTF-8 text ({error})") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name_or_path}: is no TOML: {error}") from None
    return layout_from_mapping(data, name=name)


def layout_from_mapping(data: Mapping[str, Any], *, name: str = "layout") -> Layout:
    """A layout from plain data, as TOML or JSON gives it.

    Raises:
        BadInput: an unknown key, or a value that makes no sense; named, with what could stand there.
    """
    name = str(data.get("name", name))
    return _Reading(name).layout(data)


class _Reading:
    """Reads one layout; knows its name for messages."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fail(self, where: str, what: str) -> BadInput:
        return BadInput(f"layout {self._name!r}: {where}: {what}")

    def layout(self, data: Mapping[str, Any]) -> Layout:
        parts: dict[str, Any] = {"name": self._name, "description": str(data.get("description", ""))}
        readers: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
            "file": self._file,
            "start": lambda d, w: self._checked_time(self._fill(TimeField, d, w), w),
            "duration": lambda d, w: self._fill(AmountField, d, w),
            "quantity": lambda d, w: self._fill(AmountField, d, w),
            "answered": lambda d, w: self._fill(AnsweredField, d, w),
            "kind": self._kind,
            "identity": lambda d, w: self._fill(Identity, d, w),
        }
        for key, value in data.items():
            if key in ("name", "description"):
                continue
            if key in readers:
                parts[key] = readers[key](self._table(value, key), key)
            elif key in TEXTS:
                parts.setdefault("texts", {})[key] = self._fill(TextField, self._text_table(value, key), key)
            else:
                known = ", ".join(["name", "description", *readers, *TEXTS])
                raise self.fail(key, f"is no part of a layout; those are {known}")
        return Layout(**parts)

    def _file(self, data: Mapping[str, Any], where: str) -> FileForm:
        form = self._fill(FileForm, data, where)
        if not form.header and form.format in ("csv", "auto") and not form.columns:
            raise self.fail(f"{where}.columns", "without a header the columns must be named")
        if form.delimiter != "auto" and (len(form.delimiter) != 1 or not form.delimiter.isascii()):
            raise self.fail(f"{where}.delimiter", f"{form.delimiter!r} is neither one ASCII character nor 'auto'")
        if not form.header and form.delimiter == "auto":
            raise self.fail(f"{where}.delimiter", "without a header it must be given")
        for encoding in {form.encoding, form.fallback_encoding} - {"none"}:
            try:
                codecs.lookup(encoding)
            except LookupError:
                raise self.fail(
                    f"{where}.encoding", f"{encoding!r} is no encoding; for example utf-8, cp1250"
                ) from None
        return form

    def _checked_time(self, time: TimeField, where: str) -> TimeField:
        try:
            ZoneInfo(time.zone)
        except (KeyError, ValueError, OSError):
            raise self.fail(f"{where}.zone", f"{time.zone!r} is no time zone; for example Europe/Warsaw") from None
        for form in time.formats:
            if form != "iso" and form not in EPOCHS_US and not _is_time_pattern(form):
                raise self.fail(
                    f"{where}.formats", f"{form!r} is no time format; iso, epoch_s, or as %d.%m.%Y %H:%M:%S"
                )
        return time

    def _kind(self, data: Mapping[str, Any], where: str) -> KindField:
        rules = []
        for number, rule in enumerate(data.get("rules", ()), start=1):
            here = f"{where}.rules {number}"
            table = self._table(rule, here)
            if set(table) != {"kind", "when"}:
                raise self.fail(here, f"has {', '.join(table)}; it needs kind and when")
            when = self._table(table["when"], f"{here}.when")
            conditions = tuple(self._condition(column, test, f"{here}.{column}") for column, test in when.items())
            rules.append(KindRule(kind=str(table["kind"]), when=conditions))
        filled = self._fill(KindField, {k: v for k, v in data.items() if k not in ("rules", "names")}, where)
        names = {str(k).lower(): str(v) for k, v in self._table(data.get("names", {}), f"{where}.names").items()}
        return KindField(rules=tuple(rules), column=filled.column, names=names, value=filled.value)

    def _condition(self, column: Column, test: Any, where: str) -> Condition:
        table = {"one_of": [test]} if isinstance(test, str) else self._table(test, where)
        return self._fill(Condition, {"column": column, **table}, where)

    def _text_table(self, value: Any, where: str) -> Mapping[str, Any]:
        return {"column": value} if isinstance(value, (str, int)) else self._table(value, where)

    def _table(self, value: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.fail(where, f"{value!r} is not a table")
        return value

    def _fill(self, kind: type[T], data: Mapping[str, Any], where: str) -> T:
        """An object of a dataclass, each value turned into its field's type."""
        hints = get_type_hints(kind)
        known = [f.name for f in fields(kind)]  # type: ignore[arg-type]
        if "columns" in known and "column" not in known and "column" in data:  # one column is a list of one
            data = {**{k: v for k, v in data.items() if k != "column"}, "columns": [data["column"]]}
        values = {}
        for key, value in data.items():
            if key not in known:
                raise self.fail(f"{where}.{key}", f"is not known; there are {', '.join(known)}")
            values[key] = self._value(hints[key], key, value, f"{where}.{key}")
        return kind(**values)

    def _value(self, hint: Any, key: str, value: Any, where: str) -> Any:
        try:
            made = _CONVERTERS[str(hint).replace("typing.", "")](value)
        except (TypeError, ValueError):
            raise self.fail(where, f"{value!r} cannot stand here") from None
        if key in _CHOICES and made is not None and made not in _CHOICES[key]:
            raise self.fail(where, f"{value!r} is none of {', '.join(sorted(_CHOICES[key]))}")
        if key in _PATTERNS and made is not None:
            self._check_pattern(key, made, where)
        return made

    def _check_pattern(self, key: str, pattern: str, where: str) -> None:
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise self.fail(where, f"{pattern!r} is no regular expression: {error}") from None
        if key == "extract" and groups < 1:
            raise self.fail(where, f"{pattern!r} has no group in brackets to take")


def _is_time_pattern(pattern: str) -> bool:
    """Whether a time written by the pattern is read back by it."""
    moment = pl.Series([datetime(2024, 5, 31, 13, 58, 59, tzinfo=UTC)])
    try:
        written = moment.dt.strftime(pattern.replace("%#z", "%z"))  # %#z only reads
        return written.str.to_datetime(pattern, strict=False).null_count() == 0
    except pl.exceptions.PolarsError:
        return False


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _column(value: Any) -> Column:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or (isinstance(value, int) and value < 1):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError
    return value


def _listed(value: Any) -> list[Any]:
    """A list; one thing alone is a list of it."""
    if isinstance(value, (str, int)):
        return [value]
    if not isinstance(value, (list, tuple)):
        raise TypeError
    return list(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(v) for v in _listed(value))


def _name_lists(value: Any) -> tuple[tuple[str, ...], ...]:
    """Lists of column names. Names without blanks may be written as one text; one list alone is the only one."""
    if isinstance(value, str):
        return (tuple(value.split()),)
    lists = _listed(value)
    if all(isinstance(v, str) and len(v.split()) == 1 for v in lists):
        return (_texts(lists),)
    return tuple(tuple(v.split()) if isinstance(v, str) else _texts(v) for v in lists)


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "<class 'str'>": _text,
    "<class 'bool'>": _flag,
    "<class 'int'>": _whole,
    "str | None": _text,
    "str | int": _column,
    "str | int | None": _column,
    "tuple[str | int, ...]": lambda v: tuple(_column(c) for c in _listed(v)),
    "tuple[str, ...]": _texts,
    "tuple[tuple[str, ...], ...]": _name_lists,
    "frozenset[str]": lambda v: frozenset(_texts(v)),
    "frozenset[str] | None": lambda v: frozenset(_texts(v)),
}
