"""Whether something stands at a platform as it shall. Pure."""

from enum import StrEnum

from tollbook.connectors.base import Standing, State
from tollbook.credit.models import Wanted

STOPPED = frozenset({State.BLOCKED, State.SUSPENDED})


class Verdict(StrEnum):
    """What the platform's word means for what is wanted."""

    SO = "so"
    NOT_SO = "not so"
    NOT_YET = "accepted, and not carried out everywhere yet"
    UNKNOWN = "the platform does not say"
    OVER = "closed there, so that it cannot be active again"


def verdict(wanted: str, standing: Standing) -> Verdict:
    """Hold what the platform says against what is wanted.

    What was never in use is not stopped, and what is closed makes no calls.
    """
    if standing.state is State.UNKNOWN:
        return Verdict.UNKNOWN
    if standing.state is State.CLOSED:
        return Verdict.OVER if wanted == Wanted.ACTIVE else Verdict.SO
    if stands(standing) != wanted:
        return Verdict.NOT_SO
    return Verdict.SO if standing.is_settled else Verdict.NOT_YET


def stands(standing: Standing) -> str:
    """How it stands, in the words of what can be wanted."""
    if standing.state not in STOPPED:
        return Wanted.ACTIVE
    return Wanted.OUTBOUND_ONLY if standing.is_outbound_only else Wanted.SUSPENDED


def in_words(standing: Standing) -> str:
    """As people read it: `blocked (the platform says “B”): takes effect later`."""
    outgoing = ", outgoing calls only" if standing.is_outbound_only and standing.state in STOPPED else ""
    word = f" (“{standing.state_word}”)" if standing.state_word not in ("", standing.state.value) else ""
    return f"{standing.state.value}{outgoing}{word}" + (f": {standing.says}" if standing.says else "")
