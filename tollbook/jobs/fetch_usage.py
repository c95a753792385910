"""Fetch a platform's usage of some scopes into one file, as it was received."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tollbook.connectors.base import Connector, Failed, Finished, Piece, Scope
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.usage.collecting import Problem
from tollbook.usage.evidence import MAX_FILE_BYTES

FETCHING, READING = "fetching", "reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a visit is, for whoever watches."""

    doing: str  # FETCHING or READING
    done: int  # scopes or files; bytes when reading
    of: int
    count: int  # bytes fetched, or records read


Progress = Callable[[Step], None]


def unwatched(_: Step) -> None:
    """The progress of what nobody watches."""


def reading(size_bytes: int, progress: Progress) -> Callable[[int, int], None]:
    """The progress of an import, as steps."""
    return lambda done, records: progress(Step(doing=READING, done=done, of=size_bytes, count=records))


@dataclass(slots=True)
class Fetched:
    """What is in the file: all of the finished scopes, and of the others as much as came."""

    size_bytes: int = 0
    finished: list[Finished] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def fetch_usage(
    connector: Connector, scopes: Sequence[Scope], into: Path, *, progress: Progress = unwatched
) -> Fetched:
    """Write what the platform gives, and say which scopes are whole. No error of a connector is raised.

    One that stops everything is the problem of every scope that was not settled before it.
    """
    fetched = Fetched()
    error: ConnectorError = NeedsAttention(
        "the connector ended without saying that this is all; report it with the connector's name",
        platform=connector.site.name,
    )
    with into.open("wb") as file:
        try:
            for event in connector.usage(scopes):
                match event:
                    case Piece(body):
                        file.write(body)
                        fetched.size_bytes += len(body)
                        _check_size(fetched.size_bytes, connector)
                    case Finished():
                        fetched.finished.append(event)
                    case Failed(scope, reason):
                        fetched.problems.append(Problem.of(scope.customer_id, reason))
                settled = len(fetched.finished) + len(fetched.problems)
                progress(Step(doing=FETCHING, done=settled, of=len(scopes), count=fetched.size_bytes))
        except ConnectorError as stopped:
            error = stopped
    settled_ids = {one.scope.customer_id for one in fetched.finished} | {one.scope for one in fetched.problems}
    fetched.problems += [
        Problem.of(one.customer_id, error) for one in scopes if one.customer_id not in settled_ids
    ]
    return fetched


def _check_size(size_bytes: int, connector: Connector) -> None:
    if size_bytes > MAX_FILE_BYTES:
        raise NeedsAttention(
            f"this is more than {MAX_FILE_BYTES >> 30} GiB at once; collect shorter periods with --from and --to",
            platform=connector.site.name,
        )
