"""What people write about one service today, read exactly or refused by name."""

import pytest

from simulators.vodia import operator
from tollbook.connectors.base import AccountMarks
from tollbook.connectors.vodia.connector import VodiaConnector
from tollbook.errors import BadInput

T = "tenant.example.ca"


def marks(*, tenant: str = T, ext: str = "", did: str = "", text: str = "", trunk: str = "") -> AccountMarks:
    """Parts with commas between them; extensions and trunks without their tenant."""
    at_tenant = [tuple(f"{one}@{tenant}" for one in given.split(",") if one) for given in (ext, trunk)]
    plain = [tuple(one for one in given.split(",") if one) for given in (did, text)]
    return AccountMarks(
        tenant=tenant, accounts=at_tenant[0], trunks=at_tenant[1], numbers=plain[0], texts=plain[1]
    )


READ: dict[str, tuple[dict[str, str], AccountMarks]] = {
    "as in the manual": (
        {"domain": f"{T} | 5192229000 | 5192229001 | 8300", "username": "8300"},
        marks(did="5192229000,5192229001", ext="8300"),
    ),
    "the tenant alone": ({"domain": T}, marks()),
    "no blanks": ({"domain": f"{T}|5192229000|8300"}, marks(did="5192229000", ext="8300")),
    "blanks everywhere": (
        {"domain": f"   {T}   |    5192229000  |   8300   "},
        marks(did="5192229000", ext="8300"),
    ),
    "tabs and line ends": ({"domain": f"{T}\t|\t5192229000\r\n|\n8300"}, marks(did="5192229000", ext="8300")),
    "no-break blanks": (
        {"domain": f"{T}\u00a0|\u00a05192229000\u202f|\u20078300"},
        marks(did="5192229000", ext="8300"),
    ),
    "unseen characters": ({"domain": f"\ufeff{T} |\u200b 8300"}, marks(ext="8300")),
    "an empty part": ({"domain": f"{T} |  | 8300"}, marks(ext="8300")),
    "a double pipe": ({"domain": f"{T} || 8300"}, marks(ext="8300")),
    "a trailing pipe": ({"domain": f"{T} | 8300 |"}, marks(ext="8300")),
    "upper case": ({"domain": "Tenant.Example.CA | 8300"}, marks(ext="8300")),
    "a short tenant": ({"domain": "localhost | 200"}, marks(tenant="localhost", ext="200")),
    "a number as on paper": ({"domain": f"{T} | +1 (519) 222-9000"}, marks(did="+1 (519) 222-9000")),
    "dots in a number": ({"domain": f"{T} | 519.222.9000"}, marks(did="519.222.9000")),
    "extensions before DIDs": (
        {"domain": f"{T} | 8300 | 5192229000 | 8301"},
        marks(did="5192229000", ext="8300,8301"),
    ),
    "said twice": ({"domain": f"{T} | 8300 | 8300", "username": " 8300 "}, marks(ext="8300")),
    "a DID as username": ({"domain": T, "username": "5192229000"}, marks(did="5192229000")),
    "several in username": ({"domain": T, "username": "8300 | 8301"}, marks(ext="8300,8301")),
    "an extension with its tenant": ({"domain": T, "username": f"8300@{T}"}, marks(ext="8300")),
    "a first name": ({"domain": T, "profile_first_name": " Anna  Maria "}, marks(text="Anna Maria")),
    "an extension's number as first name": ({"domain": T, "profile_first_name": "8300"}, marks(ext="8300")),
    "several first names": ({"domain": T, "profile_first_name": "Ines | Bram|"}, marks(text="Ines,Bram")),
    "a search string": (
        {"domain": T, "profile_first_name": "Ines", "inbound_search": "Front Desk"},
        marks(text="Ines,Front Desk"),
    ),
    "trunks": ({"domain": T, "trunk": "1 | 2"}, marks(trunk="1,2")),
    "a DID alone": ({"username": "+44 20 7946 0100"}, marks(tenant="", did="+44 20 7946 0100")),
}

REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({"domain": " ", "username": ""}, "domain is empty"),
    "a number where the tenant stands": ({"domain": "5192229000 | 8300"}, "'5192229000' is no tenant"),
    "a pipe in front": ({"domain": f"| {T} | 8300"}, "'' is no tenant"),
    "two words as tenant": ({"domain": "tenant example | 8300"}, "'tenant example' is no tenant"),
    "an address": ({"domain": f"https://{T} | 8300"}, "is no tenant"),
    "a second tenant": ({"domain": f"{T} | other.example.ca"}, "'other.example.ca' is neither"),
    "a comma": ({"domain": f"{T} | 8300, 8301"}, "'8300, 8301' is neither"),
    "two numbers without a pipe": ({"domain": f"{T} | 5192229000 5192229001"}, "is neither"),
    "one digit": ({"domain": f"{T} | 8"}, "'8' is neither"),
    "too long": ({"domain": f"{T} | 1234567890123456"}, "is neither"),
    "letters": ({"domain": f"{T} | 83OO"}, "'83OO' is neither"),
    "digits of another script": ({"domain": f"{T} | ٨٣٠٠"}, "is neither"),
    "an extension of nobody": ({"username": "8300"}, "an extension is one of a tenant"),
    "an extension of another tenant": ({"domain": T, "username": "8300@other.example.ca"}, "of another tenant"),
    "a letter as a name": ({"domain": T, "profile_first_name": "A"}, "'A' cannot be told"),
    "no name at all": ({"domain": T, "inbound_search": "--"}, "'--' cannot be told"),
    "a story as a name": ({"domain": T, "inbound_search": "long " * 50}, "cannot be told"),
    "a trunk of nobody": ({"trunk": "1"}, "a trunk is one of a tenant"),
    "a trunk with blanks": ({"domain": T, "trunk": "main trunk"}, "'main trunk' is no id"),
    "an unknown field": ({"domain": T, "peer": "x"}, "'peer' is no field of Vodia"),
}


@pytest.mark.req("W1")
@pytest.mark.parametrize("case", READ)
def test_what_people_write_is_read_exactly(case: str) -> None:
    fields, expected = READ[case]
    assert VodiaConnector.marks(fields) == expected


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(case: str) -> None:
    fields, words = REFUSED[case]
    with pytest.raises(BadInput) as caught:
        VodiaConnector.marks(fields)
    assert words in str(caught.value)


def test_the_strings_of_the_simulated_operator_are_all_read() -> None:
    fields = {field.name for field in VodiaConnector.account_fields}
    for service in operator.services():
        found = VodiaConnector.marks({name: value for name, value in service.items() if name in fields})
        assert found.tenant == service["domain"].split("|")[0].strip()
        assert len(found.accounts) + len(found.numbers) >= service["domain"].count("|")
        assert found.texts
