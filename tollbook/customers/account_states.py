"""What an account's state becomes when the platform says how it stands there. No database."""

from tollbook.connectors.base import State
from tollbook.customers.models import AccountState, BlockedBy

HOW_IT_STANDS = {
    State.ACTIVE: AccountState.ACTIVE,
    State.INACTIVE: AccountState.INACTIVE,
    State.BLOCKED: AccountState.BLOCKED,
    State.SUSPENDED: AccountState.BLOCKED,
    State.CLOSED: AccountState.TERMINATED,
}


def first_state(there: State, *, is_settled: bool) -> AccountState:
    """Of an account that is new here. What the platform has not carried out yet has not happened.

    Raises:
        KeyError: an unknown state: such an account is not made.
    """
    if is_settled:
        return HOW_IT_STANDS[there]
    not_yet = {State.ACTIVE: AccountState.INACTIVE, State.INACTIVE: AccountState.INACTIVE}
    still_in_use = dict.fromkeys((State.BLOCKED, State.SUSPENDED, State.CLOSED), AccountState.ACTIVE)
    return (not_yet | still_in_use)[there]


def next_state(state: str, blocked_by: str, there: State, *, is_settled: bool) -> AccountState | None:
    """The state of an account that is known here; null when it stays as it is.

    A block by staff, customer or credit is never lifted by what the platform says, nor is anything done on the word of
    a state that we do not know, or that the platform has not carried out yet.
    """
    if not is_settled or there == State.UNKNOWN or state == AccountState.TERMINATED:
        return None
    wanted = HOW_IT_STANDS[there]
    if wanted == state:
        return None
    if state == AccountState.BLOCKED and blocked_by != BlockedBy.PLATFORM and wanted != AccountState.TERMINATED:
        return None
    return wanted


def blocked_by(state: AccountState) -> str:
    """Who blocked an account that the platform brought into this state."""
    return BlockedBy.PLATFORM if state == AccountState.BLOCKED else ""
