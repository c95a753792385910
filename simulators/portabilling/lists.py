"""Lists: filters, patterns, pages, counts."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from simulators.portabilling.call import Call
from simulators.portabilling.transport import Record

CAP = 100  # rows of a page whose size nobody asked for


def like(pattern: str) -> Callable[[object], bool]:
    """SQL's LIKE: `%` is any run of characters, `_` is one; letters match in either case."""
    expression = _expression(pattern)
    return lambda value: expression.fullmatch("" if value is None else str(value)) is not None


def matching(
    call: Call, rows: Iterable[Record], *, patterns: Sequence[str], exact: Sequence[str] = ()
) -> list[Record]:
    """The rows that fit every filter that is set."""
    left = list(rows)
    for name in patterns:
        if (pattern := call.text(name)) is not None:
            fits = like(pattern)
            left = [row for row in left if fits(row.get(name))]
    for name in exact:
        if (wanted := call.text(name)) is not None:
            left = [row for row in left if str(row.get(name)) == wanted]
    return left


def bounds(call: Call) -> tuple[int, int]:
    """Offset and limit of the page that is asked for."""
    limit, offset = call.integer("limit"), call.integer("offset") or 0
    if offset and limit is None:
        call.missing("limit")
    if offset < 0:
        call.invalid("offset", offset)
    if limit is not None and limit < 0:
        call.invalid("limit", limit)
    return offset, CAP if limit is None else limit


def page(call: Call, name: str, rows: Sequence[Record], show: Callable[[Record], Record] = dict) -> Record:
    offset, limit = bounds(call)
    answer: Record = {name: [show(row) for row in rows[offset : offset + limit]]}
    if call.flag("get_total"):
        answer["total"] = len(rows)
    return answer


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    words = {"%": ".*", "_": "."}
    return re.compile("".join(words.get(sign) or re.escape(sign) for sign in pattern), re.DOTALL | re.IGNORECASE)
