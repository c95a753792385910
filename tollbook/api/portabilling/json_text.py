"""JSON as clients send it: decimals stay exact, nothing is so deep or so doubtful that two readers would differ."""

import json
import re
from decimal import Decimal
from typing import Any

NO_TEXT = re.compile(r"[\0\ud800-\udfff]")  # what no database keeps and no answer can say
DEEPEST = 32  # structures within structures; the deepest known request has 5


def read_json(text: str) -> Any:
    """The value that a JSON text says.

    Raises:
        ValueError: it is none, too deep, or names something twice.
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_each_once)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    _see_through(value)
    return value


def read_object(value: Any, what: str) -> dict[str, Any]:
    """An object: as it is, as JSON in a text, or nothing at all (absent, empty, an empty list) as an empty one.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, str):
        value = read_json(value) if value.strip() else {}
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not a JSON object")
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number in JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:60]!r} stands there twice")
    return found


def _see_through(value: Any) -> None:
    """Layer by layer, so that no depth is too deep to find out."""
    layer, depth = [value], 0
    while layer:
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST}")
        inner: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                inner += one.values()
                inner += one
            elif isinstance(one, list):
                inner += one
            elif isinstance(one, str) and NO_TEXT.search(one):
                raise ValueError("a text has a character that is none: NUL, or half of one")
        layer, depth = inner, depth + 1
