"""A least pace for what comes. Whoever sends a byte a minute is never silent, and never done."""

import time
from collections.abc import Callable, Iterable, Iterator

LEAST_BYTES_PER_S = 1_000


def at_pace(pieces: Iterable[bytes], grace_s: float, too_slow: Callable[[str], Exception]) -> Iterator[bytes]:
    """The pieces as they come, until more time has been waited for them than `grace_s` and the least pace allow.

    What whoever takes the pieces does in between does not count. `too_slow` makes the error, told how slow it was.
    """
    coming = iter(pieces)
    waited, done = 0.0, 0
    while True:
        begun = time.monotonic()
        piece = next(coming, None)
        if piece is None:
            return
        waited += time.monotonic() - begun
        done += len(piece)
        if waited > grace_s + done / LEAST_BYTES_PER_S:
            raise too_slow(f"{done} bytes came in {waited:.0f} s")
        yield piece
