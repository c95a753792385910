"""A platform in memory: calls of customers with ids that grow, pages, late records, corrections and bad days."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import polars as pl

from tollbook.connectors.base import (
    Connector,
    DayTotal,
    Failed,
    Feature,
    Finished,
    Piece,
    Scope,
    UsageBatch,
    UsageEvent,
)
from tollbook.connectors.errors import ConnectorError
from tollbook.money import nanos_of
from tollbook.records import USAGE

OVERLAP = timedelta(hours=1)  # asked for again each time, since a call is written down when it ends
PAGE = 2


class Killed(BaseException):
    """The process dies here: nothing may catch it and tidy up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    id: int
    customer: str
    start: str
    seconds: int = 60
    cli: str = "48221000001"
    cld: str = "442079460000"
    price: str = ""
    currency: str = "EUR"
    written_at: str = ""  # when the platform had it ready; "" = at its start
    fee: bool = False

    @property
    def ready_at(self) -> datetime:
        return datetime.fromisoformat(self.written_at or self.start)


@dataclass
class Platform:
    """What it has, what goes wrong, and what it was asked."""

    calls: list[Call] = field(default_factory=list)
    down: ConnectorError | None = None
    failing: dict[str, ConnectorError] = field(default_factory=dict)  # of some customers
    kill_after_pieces: int | None = None
    asked: list[Scope] = field(default_factory=list)

    def correct(self, id: int, **fields: object) -> None:
        self.calls = [replace(call, **fields) if call.id == id else call for call in self.calls]  # type: ignore[arg-type]

    def of(self, scope: Scope) -> list[Call]:
        since = max(scope.since - OVERLAP, scope.earliest) if scope.earliest else scope.since
        return [
            call
            for call in sorted(self.calls, key=lambda call: (call.ready_at, call.id))
            if since <= call.ready_at < scope.until and scope.customer_id in {"", call.customer}
        ]


PLATFORMS: dict[str, Platform] = {}  # by the name of the connection


class ToyConnector(Connector):
    kind = "toy"
    title = "Toy"
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.CUSTOMERS, Feature.USAGE})
    usage_by_customer = True

    @property
    def platform(self) -> Platform:
        return PLATFORMS[self.site.name]

    def usage(self, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
        self.platform.asked += scopes
        if self.platform.down is not None:
            raise self.platform.down
        pieces = 0
        for scope in scopes:
            found = self.platform.of(scope)
            for begin in range(0, len(found), PAGE):
                if pieces == self.platform.kill_after_pieces:
                    raise Killed
                pieces += 1
                yield Piece(b"".join(_line(call) for call in found[begin : begin + PAGE]))
            if scope.customer_id in self.platform.failing:
                yield Failed(scope, self.platform.failing[scope.customer_id])
            else:
                yield Finished(scope, cursor=scope.until.isoformat(), records=len(found))

    def read_usage(
        self, file: Path, *, name: str, batch_rows: int, is_complete: bool = True
    ) -> Iterator[UsageBatch]:
        del name, is_complete  # its lines are always whole, and say everything themselves
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for begin in range(0, max(len(rows), 1), batch_rows):
            part = rows[begin : begin + batch_rows]
            is_last = begin + batch_rows >= len(rows)
            yield UsageBatch(usage=_usage(part, begin), bytes_read=begin + len(part), is_last=is_last)


class WholeToyConnector(ToyConnector):
    kind = "whole-toy"
    usage_by_customer = False


class AddingToyConnector(ToyConnector):
    """It adds up itself, all kinds in one; and has counted one second too many."""

    kind = "adding-toy"
    offers: ClassVar[frozenset[Feature]] = ToyConnector.offers | {Feature.TOTALS}

    def totals(self, since: datetime, until: datetime, customer_ids: Sequence[str]) -> Iterator[DayTotal]:
        calls = [call for call in self.platform.calls if call.customer in customer_ids and not call.fee]
        assert all(since <= call.ready_at < until for call in calls)
        yield DayTotal(
            day="2017-06-18", records=len(calls), quantity=sum(call.seconds for call in calls) + 1, amount_nanos=0
        )


def _line(call: Call) -> bytes:
    words = {
        name: getattr(call, name)
        for name in ("id", "customer", "start", "seconds", "cli", "cld", "price", "currency", "fee")
    }
    return json.dumps(words).encode() + b"\n"


def _usage(rows: Iterable[dict[str, object]], before: int) -> pl.DataFrame:
    records = [_record(row, line) for line, row in enumerate(rows, start=before + 1)]
    return pl.DataFrame(records, schema=USAGE)


def _record(row: dict[str, object], line: int) -> dict[str, object]:
    price = str(row["price"])
    return {
        "line": line,
        "record_key": f"{row['id']:08d}",
        "kind": "voice_out",
        "start": datetime.fromisoformat(str(row["start"])),
        "answered": True,
        "duration_us": int(str(row["seconds"])) * 1_000_000,
        "cli": row["cli"],
        "cld": row["cld"],
        "tenant_ref": row["customer"],
        "platform_price_nanos": nanos_of(Decimal(price)) if price else None,
        "platform_currency": row["currency"] if price else None,
        "defect": "fee" if row["fee"] else None,
    }
