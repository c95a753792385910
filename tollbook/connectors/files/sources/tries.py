"""Again after a wait, when what went wrong may go by."""

from collections.abc import Callable
from typing import TypeVar

import stamina

from tollbook.connectors.http import MAX_WAIT_S, Passing, Patience

T = TypeVar("T")


def patiently(patience: Patience, ask: Callable[[], T]) -> T:
    """What asking gives, tried again, as often as patience allows, when it raises Passing. It changes nothing."""
    tries = stamina.retry_context(
        on=Passing,
        attempts=patience.attempts,
        timeout=None,  # bounded by the tries and their time limits
        wait_initial=patience.retry_wait_s,
        wait_max=MAX_WAIT_S,
        wait_jitter=patience.retry_wait_s,
    )
    for attempt in tries:
        with attempt:
            return ask()
    raise AssertionError("the last try gives an answer or raises")
