"""What people have written down about their accounts at Les.net, in all the ways they write it."""

import pytest

from simulators.lesnet import operator
from tollbook.connectors.base import AccountMarks
from tollbook.connectors.lesnet.connector import LesNetConnector
from tollbook.errors import BadInput

PEER, OTHER = "D4E3CD2BFC791", "A09F61B7722E4"
DID, SECOND = "12046664021", "12046664022"
LINK = "https://portal.les.net/cdr/11330_0000.txt"


@pytest.mark.parametrize(
    ("fields", "peers", "dids", "links"),
    [
        ({"domain": f"{PEER} | {DID}"}, [PEER], [DID], []),
        ({"domain": f"{PEER}|{DID}"}, [PEER], [DID], []),
        ({"domain": f"  {PEER}   |{DID}  "}, [PEER], [DID], []),
        ({"domain": f"{DID} | {PEER}"}, [PEER], [DID], []),
        ({"domain": f"{PEER} | {DID} | {SECOND}"}, [PEER], [DID, SECOND], []),
        ({"domain": f"{PEER} | {DID} |"}, [PEER], [DID], []),
        ({"domain": PEER}, [PEER], [], []),
        ({"domain": PEER.lower()}, [PEER], [], []),
        ({"domain": f"{PEER}\u00a0|\u00a0{DID}"}, [PEER], [DID], []),
        ({"domain": f"{PEER} | +1 204-666-4021"}, [PEER], ["+12046664021"], []),
        ({"domain": f"{PEER} | 1 (204) 666.4021"}, [PEER], [DID], []),
        ({"username": DID}, [], [DID], []),
        ({"username": f" {DID}\n"}, [], [DID], []),
        ({"peer_id": PEER, "dids": f"{DID}, {SECOND}"}, [PEER], [DID, SECOND], []),
        ({"peer_id": f"{PEER} | {OTHER}", "dids": f"{DID}|{SECOND}"}, [PEER, OTHER], [DID, SECOND], []),
        ({"dids": f"{DID}\n{SECOND}\n"}, [], [DID, SECOND], []),
        ({"cdr_link": LINK}, [], [], [LINK]),
        ({"cdr_link": f"  {LINK} "}, [], [], [LINK]),
        ({"cdr_link": LINK.replace("portal.les.net", "Portal.LES.net")}, [], [], [LINK]),
        ({"cdr_link": "/cdr/11330_0000.txt"}, [], [], ["/cdr/11330_0000.txt"]),  # at the connection's portal
        # One account as the billing system has it, everything said twice.
        (
            {"domain": f"{PEER} | {DID}", "username": DID, "peer_id": PEER, "dids": DID, "cdr_link": LINK},
            [PEER],
            [DID],
            [LINK],
        ),
        ({"domain": "", "username": "", "peer_id": "", "dids": "", "cdr_link": ""}, [], [], []),
    ],
)
def test_a_description_is_read_as_it_is_written(
    fields: dict[str, str], peers: list[str], dids: list[str], links: list[str]
) -> None:
    expected = AccountMarks(trunks=tuple(peers), numbers=tuple(dids), links=tuple(links))
    assert LesNetConnector.marks(fields) == expected


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tenant": "acme"}, "'tenant' is no field of Les.net; there are domain, username"),
        ({"domain": "office main line"}, "domain: 'office main line' is not one of the peers and DIDs"),
        ({"domain": f"{PEER} | 12"}, "domain: '12' is not one of"),
        ({"username": PEER}, f"username: '{PEER}' is not one of the DIDs"),
        ({"peer_id": DID}, f"peer_id: '{DID}' is not one of the peers"),
        ({"cdr_link": "11330_0000.txt"}, "cdr_link: '11330_0000.txt' is no address"),
        ({"cdr_link": "//elsewhere.example/cdr/11330_0000.txt"}, "is no address"),
        ({"cdr_link": "ftp://portal.les.net/cdr/11330_0000.txt"}, "is no address"),
    ],
)
def test_what_makes_no_sense_is_named(fields: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        LesNetConnector.marks(fields)
    assert said in str(caught.value)


def test_the_services_of_the_pretended_operator_are_read() -> None:
    names = {field.name for field in LesNetConnector.account_fields}
    for service in operator.services():
        marks = LesNetConnector.marks({name: text for name, text in service.items() if name in names})
        assert marks.trunks == (service["peer_id"],)
        assert marks.numbers[0] == service["username"]
        assert marks.links == (service["cdr_link"],)
