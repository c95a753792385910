"""A platform's list, taken in batches. One that breaks off is known to be incomplete: then nothing in it is gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Generic, TypeVar

from django.db import transaction

from tollbook.connectors.errors import ConnectorError

Listed = TypeVar("Listed")

BATCH_ROWS = 5_000


class Listing(Generic[Listed]):
    """What a platform lists, once."""

    def __init__(self, ask: Callable[[], Iterator[Listed]], *, is_held: bool) -> None:
        """`is_held`: it is read whole before the first batch, so that no transaction waits for a platform."""
        self._ask = ask
        self._is_held = is_held
        self._held: list[Listed] | None = None
        self.count = 0
        self.error = ""
        self.failure: ConnectorError | None = None

    def hold(self) -> None:
        """Read it whole now, if it is to be held. Safe to repeat."""
        if self._is_held and self._held is None:
            self._held = list(self._until_it_breaks())

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[list[Listed]]:
        """All of it, or all up to where it broke off; then `error` says why."""
        self.hold()
        stream = self._until_it_breaks() if self._held is None else iter(self._held)
        while batch := list(islice(stream, rows)):
            self.count += len(batch)
            yield batch

    def _until_it_breaks(self) -> Iterator[Listed]:
        try:
            yield from self._ask()
        except ConnectorError as error:
            self.error, self.failure = str(error), error


@contextmanager
def nothing_written(dry_run: bool) -> Iterator[None]:
    """In a dry run everything is done as ever, and taken back at the end: it reports what would happen."""
    if not dry_run:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
