"""What every platform must do on which accounts are made: told twice is told once, and read back is what was told."""

from dataclasses import replace

from tollbook.connectors.base import Connector
from tollbook.connectors.wanted import WantedAccount


def made(connector: Connector, wanted: WantedAccount) -> str:
    """Make an account that is not there, as a job does; its foreign id."""
    assert connector.account_there(wanted) is None
    connector.bring_account(wanted, None)
    there = connector.account_there(wanted)
    assert there is not None
    assert (there.customer_id, there.differs) == (wanted.customer_id, {})
    return there.foreign_id


def changed(connector: Connector, wanted: WantedAccount, foreign_id: str, differs: set[str]) -> None:
    """Change what differs, and nothing is left that does; the same account keeps its id."""
    there = connector.account_there(wanted, foreign_id)
    assert there is not None
    assert set(there.differs) == differs
    connector.bring_account(wanted, there)
    connector.bring_account(wanted, connector.account_there(wanted, foreign_id))
    again = connector.account_there(wanted, foreign_id)
    assert again is not None
    assert (again.foreign_id, again.differs) == (foreign_id, {})


def other_numbers(wanted: WantedAccount, *numbers: str) -> WantedAccount:
    gone = tuple(sorted(set(wanted.numbers) - set(numbers)))
    return replace(wanted, numbers=numbers, taken_off=gone)
