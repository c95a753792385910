"""What people say of an account of FreeSWITCH."""

import pytest

from tollbook.connectors.base import AccountMarks
from tollbook.connectors.freeswitch.connector import FreeSwitchConnector
from tollbook.errors import BadInput


def test_names_stand_between_bars() -> None:
    fields = {
        "account": " 1001@lantern.example.net|ACME-1 | |1001@lantern.example.net",
        "trunk": "carrier-one",
        "number": "+1 250 555 0131 | 12505550132",
        "text": "Lantern Hall",
    }
    assert FreeSwitchConnector.marks(fields) == AccountMarks(
        accounts=("1001@lantern.example.net", "ACME-1"),
        trunks=("carrier-one",),
        numbers=("+1 250 555 0131", "12505550132"),
        texts=("Lantern Hall",),
    )
    assert FreeSwitchConnector.marks({"trunk": ""}) == AccountMarks()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"extension": "1001"}, "'extension' says nothing about an account"),
        ({"account": "a\nb"}, "control characters"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        FreeSwitchConnector.marks(fields)
