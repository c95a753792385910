"""A connector beside its simulator, and ways to ask it that look at every answer."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from simulators.faults import Faults
from tollbook.connectors.base import Connector, Failed, Feature, Finished, Piece, Scope, UsageBatch
from tollbook.connectors.errors import ConnectorError
from tollbook.connectors.pushed import Pushed, pack
from tollbook.records import USAGE


@dataclass
class Bench:
    """A connector beside its simulator.

    `connector(**settings)` opens a new one with these settings besides those of the bench; it should not wait between
    tries.
    """

    connector: Callable[..., Connector]
    faults: Faults
    secrets: Sequence[str] = ()  # texts that nobody may see
    with_wrong_secret: Callable[[], Connector] | None = None
    customers: int = 0  # how many the simulator has; likewise the others
    accounts: int = 0
    numbers: int = 0
    scopes: Sequence[Scope] = ()
    records: int = 0  # in these scopes
    small_pages: Mapping[str, str] = field(default_factory=dict)  # settings under which usage takes many requests
    match_of: Callable[[Scope], str] = lambda scope: scope.customer_id  # what stands in the requests of a scope
    usage_match: str = ""  # what stands in every request for usage
    is_record: Callable[[bytes], bool] = lambda _line: True  # a line of the evidence; others are notes
    account_to_suspend: str = ""  # the foreign id of an active one
    messages: Sequence[Pushed] = ()  # what the platform sends by itself of some calls
    calls: int = 0  # in these messages

    def offers(self, feature: Feature) -> bool:
        with_connector = self.connector()
        with_connector.close()
        return feature in with_connector.offers


@dataclass
class Fetched:
    """What `usage` gave."""

    lines: list[bytes] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)

    @property
    def evidence(self) -> bytes:
        return b"".join(self.lines)


def fetch(connector: Connector, scopes: Sequence[Scope]) -> Fetched:
    """All of it. Every piece is whole lines."""
    fetched = Fetched()
    for event in connector.usage(scopes):
        match event:
            case Piece(body):
                assert body.endswith(b"\n"), f"not whole lines: {body[-80:]!r}"
                fetched.lines += body.splitlines(keepends=True)
            case Finished():
                fetched.finished.append(event)
            case Failed():
                fetched.failed.append(event)
    connector.close()
    return fetched


def read(connector: Connector, evidence: bytes, folder: Path, *, batch_rows: int = 100_000) -> pl.DataFrame:
    """All records of some evidence, after a look at every batch."""
    batches = read_batches(connector, evidence, folder, batch_rows=batch_rows)
    assert batches, "there is always at least one batch"
    assert [batch.is_last for batch in batches] == [*[False] * (len(batches) - 1), True]
    assert batches[-1].bytes_read == len(evidence)
    read_so_far = [batch.bytes_read for batch in batches]
    assert read_so_far == sorted(read_so_far)
    for batch in batches:
        assert batch.usage.schema == USAGE
    return pl.concat([batch.usage for batch in batches])


def packed(connector: Connector, messages: Iterable[Pushed]) -> list[bytes]:
    """The lines of evidence in which messages stand: those of a call together, one line each."""
    calls: dict[str, list[Pushed]] = {}
    for place, message in enumerate(messages):
        calls.setdefault(connector.call_of(message) or f"\0{place}", []).append(message)
    return [pack(of_call) for of_call in calls.values()]


def read_batches(
    connector: Connector, evidence: bytes, folder: Path, *, batch_rows: int, is_complete: bool = True
) -> list[UsageBatch]:
    file = folder / "evidence"
    file.write_bytes(evidence)
    found = list(connector.read_usage(file, name="evidence", batch_rows=batch_rows, is_complete=is_complete))
    connector.close()
    return found


def by_key(records: pl.DataFrame) -> pl.DataFrame:
    """The same records in an order of their own, each once, without where they stood."""
    return records.drop("line").unique().sort("record_key")


def told(error: BaseException) -> str:
    """Everything that anybody would be shown of an error."""
    return "\n".join([str(error), repr(error), *traceback.format_exception(error)])


def is_said_well(error: ConnectorError, platform: str) -> bool:
    """It names the platform, and after a semicolon what to do."""
    return str(error).startswith(f"{platform}: ") and ";" in str(error)


def lazily(stream: Iterator[Any]) -> list[Any]:
    """The stream's things, after seeing that it is a stream."""
    assert iter(stream) is stream, "a list where a stream was asked for"
    return list(stream)


def outcome(stream: Iterator[Any]) -> tuple[ConnectorError | None, list[Any]]:
    """The error that a stream ended with, if any, and what it gave."""
    given: list[Any] = []
    try:
        given.extend(stream)
    except ConnectorError as error:
        return error, given
    return None, given


def requests(bench: Bench) -> int:
    return sum(bench.faults.requests()["counts"].values())
