"""Requests of a method, made from what it takes: each field that may name something names something of the other's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from msgspec import inspect

from tests.api.portabilling.two_houses import ALIASES
from tollbook.api.portabilling.fields import Amount, Day, Switch, Time, YesNo
from tollbook.api.portabilling.method import Method
from tollbook.api.portabilling.shapes import account_info, customer_info

Path = tuple[str | int, ...]

# Where fields lead by their names; those of other names are tried with ids from every table.
TABLES = {
    "i_customer": ("customers_customer",),
    "i_account": ("customers_account", "alias"),
    "i_master_account": ("customers_account",),
    "i_product": ("catalog_product",),
    "i_c_ext": ("customers_extension",),
    "i_c_group": ("customers_huntgroup",),
    "primary_i_c_group": ("customers_huntgroup",),
    "i_invoice": ("billing_invoice",),
    "i_account_subscription": ("billing_subscription",),
    "i_did_number": ("customers_stocknumber",),
    "i_tariff": ("catalog_tariff",),
    "i_subscription": ("catalog_subscriptionplan",),
    "i_xdr": ("xdr", "money"),
}
# These lead nowhere: they choose among a few values, or are kept as they were sent.
NO_NAMES = {"i_time_zone", "i_balance_control_type", "i_billing_period", "i_account_role", "i_customer_type"}
NO_NAMES |= account_info.KEPT | customer_info.KEPT
VALID = {"action": "Manual payment", "iso_4217": "EUR", "billing_model": 1, "old_password": "Wrong12345"}
TEXTS = ("abc123", "442071838750", "O", "77", "A", "csv")


@dataclass(frozen=True)
class Asked:
    """A request, and which foreign thing stands in it where; None = nothing foreign."""

    params: dict[str, Any]
    path: Path = ()
    foreign: int | str | None = None

    def with_value(self, value: int | str) -> dict[str, Any]:
        """The same with something else there."""
        params = deepcopy(self.params)
        _put(params, self.path, value)
        return params


def requests_of(
    method: Method, mine: Mapping[str, int | str], ids: Mapping[str, Sequence[int]], texts: Sequence[str]
) -> Iterator[Asked]:
    """Requests that hold together but for the one foreign thing, and one in which everything is foreign."""
    kind = inspect.type_info(method.request)
    assert isinstance(kind, inspect.StructType)
    plain = _filled(kind, mine)
    yield Asked(plain)
    yield Asked(plain | {"limit": 1000} | _switches(kind))
    everything = deepcopy(plain)
    for path, leaf in _leaves(kind, ()):
        name = str(path[-1])
        candidates: Sequence[int | str] = _texts(leaf, texts)
        if isinstance(leaf, inspect.IntType):
            candidates = _ids(name, ids) if name.startswith(("i_", "primary_i_")) and name not in NO_NAMES else ()
        for foreign in candidates:
            params = deepcopy(plain)
            _put(params, path, foreign, kind, mine)
            yield Asked(params, path, foreign)
        if candidates and isinstance(leaf, inspect.IntType):
            _put(everything, path, candidates[0], kind, mine)
    yield Asked(everything)


def _ids(name: str, ids: Mapping[str, Sequence[int]]) -> list[int]:
    if name not in TABLES:
        return sorted({one[0] for one in ids.values()})
    found = []
    for table in TABLES[name]:
        match table:
            case "alias":
                found += [ALIASES + one for one in ids["customers_number"][:1]]
            case "xdr":
                found += [2 * one for one in ids["usage_usagerecord"]]
            case "money":
                found += [2 * one + 1 for one in ids["ledger_transaction"]]
            case _:
                found += ids[table]
    return found


def _texts(leaf: Any, texts: Sequence[str]) -> list[str]:
    if not isinstance(leaf, inspect.StrType):
        return []
    fitting = [one for one in (*texts, "%") if leaf.pattern is None or re.search(leaf.pattern, one)]
    return [one for one in fitting if leaf.max_length is None or len(one) <= leaf.max_length]


def _leaves(kind: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every place in which a number or a text may stand."""
    kind = _plain(kind)
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _leaves(field.type, (*path, field.encode_name))
    elif isinstance(kind, inspect.ListType):
        yield from _leaves(kind.item_type, (*path, 0))
    elif isinstance(kind, (inspect.IntType, inspect.StrType)):
        # A list of plain numbers is called as its field is.
        yield path, kind


def _plain(kind: Any) -> Any:
    """Without annotations, and the first of several kinds that says something."""
    while isinstance(kind, (inspect.Metadata, inspect.UnionType)):
        if isinstance(kind, inspect.Metadata):
            kind = kind.type
        else:
            kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind


def _filled(kind: inspect.StructType, mine: Mapping[str, int | str]) -> dict[str, Any]:
    """What must be sent, and nothing else."""
    return {
        field.encode_name: _valid(field.encode_name, field.type, mine) for field in kind.fields if field.required
    }


def _switches(kind: inspect.StructType) -> dict[str, int]:
    return {
        field.encode_name: 1
        for field in kind.fields
        if isinstance(found := _plain(field.type), inspect.CustomType) and found.cls is Switch
    }


def _valid(name: str, kind: Any, mine: Mapping[str, int | str]) -> Any:
    kind = _plain(kind)
    value: Any = mine.get(name, VALID.get(name, 1))
    if name in mine or name in VALID:
        return value
    match kind:
        case inspect.StructType():
            value = _filled(kind, mine)
        case inspect.ListType():
            value = [_valid(name, kind.item_type, mine)]
        case inspect.LiteralType():
            value = kind.values[0]
        case inspect.CustomType():
            value = _of_its_kind(name, kind.cls)
        case inspect.StrType():
            value = next(one for one in TEXTS if kind.pattern is None or re.search(kind.pattern, one))
    return value


def _of_its_kind(name: str, kind: type) -> Any:
    if issubclass(kind, (Time, Day)):
        day = "2100-01-01" if re.search("to|until|before|end", name) else "2000-01-01"
        return day if kind is Day else f"{day} 00:00:00"
    return {Switch: 1, YesNo: "Y", Amount: "1"}[kind]


def _put(
    params: dict[str, Any], path: Path, value: Any, kind: Any = None, mine: Mapping[str, int | str] | None = None
) -> None:
    """Set what is at the end of a path; structures on the way are made with what they must have."""
    there: Any = params
    kind = _plain(kind) if kind is not None else None
    for step, following in pairwise(path):
        if kind is not None:
            kind = _step(kind, step)
        if isinstance(step, str) and step not in there:
            there[step] = _made(kind, following, mine)
        elif isinstance(step, int) and not there:
            there.append(_made(kind, following, mine))
        there = there[step]
    if isinstance(path[-1], int):
        there[:] = [value]
    else:
        there[path[-1]] = value


def _made(kind: Any, following: str | int, mine: Mapping[str, int | str] | None) -> Any:
    if isinstance(following, int):
        return []
    assert isinstance(kind, inspect.StructType)
    assert mine is not None
    return _filled(kind, mine)


def _step(kind: Any, step: str | int) -> Any:
    if isinstance(kind, inspect.StructType):
        return _plain(next(field.type for field in kind.fields if field.encode_name == step))
    assert isinstance(kind, inspect.ListType)
    return _plain(kind.item_type)
