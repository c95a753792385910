"""Pages by offset, as clients ask for them, found by place: the last page of a million costs what the first does.

Where a page ended is remembered for the next one. What is not remembered, as where somebody begins in the middle, is
counted from the first xDR on.
"""

from collections import OrderedDict
from threading import Lock

from tollbook.api.portabilling.xdrs.select import Page, Place, page_of, place_at
from tollbook.api.portabilling.xdrs.wanted import Wanted

PLACES_REMEMBERED = 10_000  # of all clients, the most recent

_places: OrderedDict[tuple[Wanted, int], Place] = OrderedDict()
_lock = Lock()


def page_from(wanted: Wanted, *, offset: int, limit: int) -> Page:
    """The xDRs from `offset` on, at most `limit`.

    A record that is billed while somebody turns pages moves none of the next: they go on where the last one ended.
    """
    after = None
    if offset:
        after = _remembered(wanted, offset) or place_at(wanted, offset)
        if after is None:
            return Page(b"[]", 0, None)
    page = page_of(wanted, after=after, limit=limit)
    if page.end is not None:
        _remember(wanted, offset + page.count, page.end)
    return page


def _remembered(wanted: Wanted, offset: int) -> Place | None:
    with _lock:
        return _places.get((wanted, offset))


def _remember(wanted: Wanted, offset: int, place: Place) -> None:
    with _lock:
        _places[wanted, offset] = place
        _places.move_to_end((wanted, offset))
        while len(_places) > PLACES_REMEMBERED:
            _places.popitem(last=False)
