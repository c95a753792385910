"""Making the next thing while the last one is in use."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items. While one is in use, a thread makes the next, and never more than that."""
    end = object()
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]  # anything but `end` is an item


@contextmanager
def begun(items: Iterator[Item], most: int) -> Iterator[Iterator[Item]]:
    """The same items, made by a thread that begins at once and stays up to `most` ahead of whoever takes them.

    What is not taken when the block ends is not made.
    """
    end = object()
    thread = ThreadPoolExecutor(max_workers=1)
    coming = deque(thread.submit(next, items, end) for _ in range(most))

    def taken() -> Iterator[Item]:
        while (item := coming.popleft().result()) is not end:
            coming.append(thread.submit(next, items, end))
            yield item  # type: ignore[misc]  # anything but `end` is an item

    try:
        yield taken()
    finally:
        thread.shutdown(cancel_futures=True)
