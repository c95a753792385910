"""The strings that people have today of a service at FusionPBX are read exactly, or refused by name."""

import pytest

from tollbook.connectors.base import AccountMarks
from tollbook.connectors.fusionpbx.connector import FusionPbxConnector
from tollbook.errors import BadInput

TENANT = "tenant.example.ca"
DID = "5192229000"
NO_BREAK, ZERO_WIDTH = "\u00a0", "\u200b"


def extensions(*numbers: str) -> tuple[str, ...]:
    return tuple(f"{number}@{TENANT}" for number in numbers)


# domain, username → numbers, extensions of tenant.example.ca
READ = [
    ("tenant.example.ca | 5192229000", "2112 | 2113 | 2114", (DID,), extensions("2112", "2113", "2114")),
    ("tenant.example.ca|5192229000", "2112|2113", (DID,), extensions("2112", "2113")),
    ("  tenant.example.ca   |   5192229000  ", "  2112  ", (DID,), extensions("2112")),
    ("tenant.example.ca\t|\t5192229000", "2112\t|\t2113", (DID,), extensions("2112", "2113")),
    (
        f"tenant.example.ca{NO_BREAK}|{NO_BREAK}5192229000",
        f"2112{NO_BREAK}| 2113{NO_BREAK}",
        (DID,),
        extensions("2112", "2113"),
    ),
    (
        f"{ZERO_WIDTH}tenant.example.ca | 5192229000",
        f"2112{ZERO_WIDTH} | 2113",
        (DID,),
        extensions("2112", "2113"),
    ),
    ("TENANT.Example.CA | 5192229000", "2112", (DID,), extensions("2112")),
    ("tenant.example.ca | 5192229000 |", "2112 | 2113 |", (DID,), extensions("2112", "2113")),
    ("tenant.example.ca || 5192229000", "2112 || 2113", (DID,), extensions("2112", "2113")),
    ("tenant.example.ca | ", " | 2112", (), extensions("2112")),
    ("tenant.example.ca", "2112", (), extensions("2112")),
    ("tenant.example.ca | 5192229000", "", (DID,), ()),
    ("tenant.example.ca | +1 (519) 222-9000", "2112", ("+1 (519) 222-9000",), extensions("2112")),
    (f"tenant.example.ca | +1{NO_BREAK}519 222-9000", "2112", ("+1 519 222-9000",), extensions("2112")),
    ("tenant.example.ca | 15192229000 | 5192229001", "2112", ("15192229000", "5192229001"), extensions("2112")),
    ("tenant.example.ca | 5192229000", "2112 | 2112 | 2113", (DID,), extensions("2112", "2113")),
    ("tenant.example.ca | 5192229000", "2112 |\n2113", (DID,), extensions("2112", "2113")),
    ("tenant.example.ca | 5192229000", "007 | 201", (DID,), extensions("007", "201")),
    ("tenant.example.ca | 5192229000", "front-desk | lobby_2", (DID,), extensions("front-desk", "lobby_2")),
]
# domain, username → what the error names
REFUSED = [
    ("", "", "domain is empty"),
    (" | ", "2112", "'' is no domain"),
    ("| 5192229000", "2112", "'' is no domain"),
    ("5192229000 | tenant.example.ca", "2112", "'5192229000' is no domain"),
    ("tenant example.ca | 5192229000", "2112", "'tenant example.ca' is no domain"),
    ("519.222.9000 | 5192229001", "2112", "'519.222.9000' is no domain"),
    ("tenant.example.ca / 5192229000", "2112", "'tenant.example.ca / 5192229000' is no domain"),
    ("tenant.example.ca | 2112", "2112", "'2112' is no DID"),
    ("tenant.example.ca | ext 2112", "2112", "'ext 2112' is no DID"),
    ("tenant.example.ca | 5192229000 5192229001", "2112", "'5192229000 5192229001' is no DID"),
    ("tenant.example.ca | 5192229000", "5192229000", "'5192229000' is a number, no extension"),
    ("tenant.example.ca | 5192229000", "2112 | +1 (519) 222-9000", "is a number, no extension"),
    ("tenant.example.ca | 5192229000", "2112, 2113", "'2112, 2113' is no extension"),
    ("tenant.example.ca | 5192229000", "2112 2113", "'2112 2113' is a number, no extension"),
    ("tenant.example.ca | 5192229000", "2112@tenant.example.ca", "'2112@tenant.example.ca' is no extension"),
    ("", "2112 | 2113", "username has 2112, but domain is empty"),
]


@pytest.mark.req("W1")
@pytest.mark.parametrize(("domain", "username", "numbers", "accounts"), READ, ids=range(1, len(READ) + 1))
def test_a_service_is_read_as_people_wrote_it(
    domain: str, username: str, numbers: tuple[str, ...], accounts: tuple[str, ...]
) -> None:
    marks = FusionPbxConnector.marks({"domain": domain, "username": username})

    assert marks == AccountMarks(tenant=TENANT, numbers=numbers, accounts=accounts)


@pytest.mark.parametrize(("domain", "username", "what"), REFUSED, ids=range(1, len(REFUSED) + 1))
def test_what_cannot_be_meant_is_refused_by_name(domain: str, username: str, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        FusionPbxConnector.marks({"domain": domain, "username": username})
    assert what in str(caught.value)


def test_a_gateway_of_its_own_is_a_mark_too() -> None:
    uuid = "8D3F0F4E-0B3B-4C5C-9E07-2A6C1F6A4C11"

    assert FusionPbxConnector.marks({"gateway": f" {uuid} "}).trunks == (uuid.lower(),)
    with pytest.raises(BadInput, match="'maple-trunk' is no gateway's uuid"):
        FusionPbxConnector.marks({"gateway": "maple-trunk"})


def test_a_field_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="'password' is no field of FusionPBX"):
        FusionPbxConnector.marks({"domain": "tenant.example.ca", "password": "x"})
