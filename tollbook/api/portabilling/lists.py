"""Lists as clients ask for them: a page of so many from there on, how many there are, and SQL's patterns in texts."""

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.lookups import Lookup

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing
from tollbook.api.portabilling.fields import Count, Switch
from tollbook.api.portabilling.method import Request

PAGE_WITHOUT_LIMIT = 100
LARGEST_PAGE = 10_000  # refused beyond, not cut: a client takes a short page for the last one


M = TypeVar("M", bound=Model)


class ListRequest(Request):
    """What every list takes."""

    limit: Count | None = None
    offset: Count | None = None
    get_total: Switch | None = None


def span(caller: Caller, asked: ListRequest) -> tuple[int, int]:
    """Offset and limit of the page asked for.

    Raises:
        Fault: an offset other than 0 without limit, or a page larger than is served.
    """
    if asked.limit is None:
        if asked.offset:
            raise missing(caller.method, "limit", "a request with offset")
        return 0, PAGE_WITHOUT_LIMIT
    if asked.limit > LARGEST_PAGE:
        raise invalid(
            caller.method, "limit", f"{asked.limit} is more than the {LARGEST_PAGE} rows served at a time"
        )
    return asked.offset or 0, asked.limit


def page(caller: Caller, rows: QuerySet[M], asked: ListRequest) -> tuple[list[M], int | msgspec.UnsetType]:
    """The rows of the page, which `rows` has in an order that never changes, and how many there are if that is asked.

    Raises:
        Fault: as `span`.
    """
    offset, limit = span(caller, asked)
    total = rows.count() if asked.get_total else msgspec.UNSET
    return list(rows[offset : offset + limit]), total


class Like(Lookup):
    """SQL's LIKE with the pattern as given."""

    lookup_name = "sql_like"
    operator = "LIKE"

    def as_sql(self, compiler, connection):  # type: ignore[no-untyped-def]
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {self.operator} {right}", [*left_params, *right_params]


class LikeInAnyCase(Like):
    """The same, capitals or not."""

    lookup_name = "sql_ilike"
    operator = "ILIKE"


class AmongThem(Lookup):
    """Equal to one of an array, which is one parameter however long it is: a list of a thousand is slow to put in."""

    lookup_name = "among_them"
    prepare_rhs = False

    def as_sql(self, compiler, connection):  # type: ignore[no-untyped-def]
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*left_params, list(self.rhs)]


def among(field: str, ids: Iterable[int]) -> Q:
    """Rows whose field is one of these ids."""
    return Q(AmongThem(F(field), list(ids)))


def like(field: str | Combinable, pattern: str | None, *, any_case: bool = False) -> Q:
    r"""Rows whose field is as the pattern says: `%` any run, `_` one character, `\%` and `\_` these themselves.

    Without a pattern all rows are; of ids capitals count, of names they may not (`any_case`).
    """
    if pattern is None:
        return Q()
    kind = LikeInAnyCase if any_case else Like
    return Q(kind(F(field) if isinstance(field, str) else field, well_formed(pattern)))


def any_of(conditions: Iterable[Q]) -> Q:
    """Rows that one of them, at least, is true of; of none, no row."""
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def well_formed(pattern: str) -> str:
    """With backslashes that escape nothing doubled: the database would take the next character, or fail at the end."""
    return re.sub(r"\\([%_\\])|\\", lambda found: found[0] if found[1] else r"\\", pattern)
