"""What billing systems hold today of a service on a switch, on one page: each string is read exactly as it stands.

`T` is tenant.example.ca, `-` no tenant. Marks are `EXTENSION@`, `#NUMBER`, `trunk:ID`, `"words"` and `link:ADDRESS`.
"""

import re

import pytest

from tollbook.connectors.base import AccountMarks
from tollbook.connectors.registry import connector_class
from tollbook.errors import BadInput

PORTAL = "https://portal.les.net/cdr"
# In a string, ~ is a no-break blank, > a tab, · a blank of no width, ^ a mark of the direction in which is written.
UNTYPED = str.maketrans({"~": "\u00a0", ">": "\t", "·": "\u200b", "^": "\u200e"})

# platform; field, string; … ; what it says
READ = """
fusionpbx; domain, tenant.example.ca | 5192229000; username, 2112 | 2113 | 2114; T 2112@ 2113@ 2114@ #5192229000
fusionpbx; domain, tenant.example.ca|5192229000; username, 2112|2113; T 2112@ 2113@ #5192229000
fusionpbx; domain,   tenant.example.ca   |   5192229000  ; username,   2112  ; T 2112@ #5192229000
fusionpbx; domain, Tenant.Example.CA |5192229000; username, 2112 |2113; T 2112@ 2113@ #5192229000
fusionpbx; domain, tenant.example.ca~|~5192229000; username, 2112~|~2113; T 2112@ 2113@ #5192229000
fusionpbx; domain, tenant.example.ca>|>5192229000; username, 2112>|>2113; T 2112@ 2113@ #5192229000
fusionpbx; domain, ·tenant.example.ca | 5192229000^; username, ^2112 | 2113·; T 2112@ 2113@ #5192229000
fusionpbx; domain, tenant.example.ca | 5192229000 |; username, | 2112 || 2113 |; T 2112@ 2113@ #5192229000
fusionpbx; domain, tenant.example.ca | 519-222-9000; username, 2112; T 2112@ #519-222-9000
fusionpbx; domain, tenant.example.ca | 519–222–9000; username, 2112; T 2112@ #519-222-9000
fusionpbx; domain, tenant.example.ca | 15192229000 | 5192229001; username, 2112; T 2112@ #15192229000 #5192229001
fusionpbx; domain, tenant.example.ca; username, 2112 | 2112 | 2113; T 2112@ 2113@
fusionpbx; domain, tenant.example.ca | +15192229000; T #+15192229000
fusionpbx; domain, acme | 5192229000; username, 101; acme 101@ #5192229000
fusionpbx; domain, north_office.example.ca; username, 007 | front-desk; north_office.example.ca 007@ front-desk@
fusionpbx; domain, 192.0.2.10 | 5192229000; username, 2112; 192.0.2.10 2112@ #5192229000
vodia; domain, tenant.example.ca | 5192229000 | 5192229001 | 8300; T 8300@ #5192229000 #5192229001
vodia; domain, tenant.example.ca|5192229000|8300; username, 8300; T 8300@ #5192229000
vodia; domain,   tenant.example.ca |  8300|5192229000 ; T 8300@ #5192229000
vodia; domain, TENANT.example.ca | 8300 | 8301 |; T 8300@ 8301@
vodia; domain, tenant.example.ca~|~5192229000~|~8300; T 8300@ #5192229000
vodia; domain, tenant.example.ca^ | 5192229000^ |· 8300; T 8300@ #5192229000
vodia; domain, tenant.example.ca || 8300; T 8300@
vodia; domain, tenant.example.ca | 519–222–9000; T #519-222-9000
vodia; domain, tenant.example.ca; username, 5192229000; T #5192229000
vodia; domain, tenant.example.ca; username,  8300@Tenant.Example.CA ; T 8300@
vodia; domain, tenant.example.ca; profile_first_name, Ines; T "Ines"
vodia; domain, tenant.example.ca; profile_first_name, 8300; T 8300@
vodia; domain, tenant.example.ca | 8300; inbound_search,  Front~Desk | José ; T 8300@ "Front Desk" "José"
vodia; domain, localhost | 200; localhost 200@
vodia; domain, 192.0.2.10 | 200; 192.0.2.10 200@
vodia; domain, tenant_1.example.ca | 8300; trunk, 1 | 2; tenant_1.example.ca 8300@ trunk:1@ trunk:2@
lesnet; domain, D4E3CD2BFC791 | 12046664021; - trunk:D4E3CD2BFC791 #12046664021
lesnet; domain, D4E3CD2BFC791|12046664021; - trunk:D4E3CD2BFC791 #12046664021
lesnet; domain,  d4e3cd2bfc791   |12046664021 |; - trunk:D4E3CD2BFC791 #12046664021
lesnet; domain, ·D4E3CD2BFC791~|~12046664021^; - trunk:D4E3CD2BFC791 #12046664021
lesnet; domain, D4E3CD2BFC791 | 1 204–666–4021; - trunk:D4E3CD2BFC791 #12046664021
lesnet; domain, 12046664021 | D4E3CD2BFC791; - trunk:D4E3CD2BFC791 #12046664021
lesnet; username, 12046664021; - #12046664021
lesnet; peer_id,  D4E3CD2BFC791; dids, 12046664021 | 12046664022; - trunk:D4E3CD2BFC791 #12046664021 #12046664022
lesnet; dids, 1 (204) 666-4021, +12046664022; - #12046664021 #+12046664022
lesnet; cdr_link, PORTAL/11330_0000.txt; - link:PORTAL/11330_0000.txt
lesnet; cdr_link,  PORTAL/11330_0000.txt^; - link:PORTAL/11330_0000.txt
lesnet; cdr_link, PORTAL/11330_0000.txt | PORTAL/11331_0000.txt; - link:PORTAL/11330_0000.txt link:PORTAL/11331_0000.txt
kamailio; user, 100~|^101 |; trunk, 192.0.2.7·; - 100@ 101@ trunk:192.0.2.7
freeswitch; account, ^ACME-1 |~ACME-2; number, 519–222–9000; text, ·Desk; - ACME-1@ ACME-2@ #519-222-9000 "Desk"
"""

# platform; field, string; … ; the part that the refusal shows
REFUSED = """
fusionpbx; domain, 519.222.9000 | tenant.example.ca; '519.222.9000' is no domain
fusionpbx; domain, tenant.example.ca | 2112; '2112' is no DID
fusionpbx; domain, tenant.example.ca; username, 2112, 2113; '2112, 2113' is no extension
vodia; domain, 519.222.9000 | 8300; '519.222.9000' is no tenant
vodia; domain, tenant.example.ca | 8300, 8301; '8300, 8301' is neither
lesnet; domain, D4E3CD2BFC791 12046664021; 'D4E3CD2BFC791 12046664021' is not one of
lesnet; cdr_link, 11330_0000.txt; '11330_0000.txt' is no address
"""


def taken_apart(line: str) -> tuple[str, dict[str, str], str]:
    """The platform, its fields, and what they say."""
    kind, *pairs, said = line.replace("PORTAL", PORTAL).split("; ")
    fields = dict(pair.split(", ", 1) for pair in pairs)
    return kind, {name: text.translate(UNTYPED) for name, text in fields.items()}, said


def marks(said: str) -> AccountMarks:
    first, _, rest = said.partition(" ")
    tenant = {"T": "tenant.example.ca", "-": ""}.get(first, first)
    words = re.findall(r'"[^"]+"|\S+', rest)

    def of(sign: str) -> tuple[str, ...]:
        return tuple(word.removeprefix(sign) for word in words if word.startswith(sign))

    return AccountMarks(
        tenant=tenant,
        accounts=tuple(
            word + tenant if tenant else word.removesuffix("@")
            for word in words
            if word.endswith("@") and ":" not in word
        ),
        numbers=of("#"),
        trunks=tuple(id + tenant if id.endswith("@") else id for id in of("trunk:")),
        texts=tuple(text.strip('"') for text in of('"')),
        links=of("link:"),
    )


@pytest.mark.req("W1")
@pytest.mark.parametrize("line", READ.strip().splitlines())
def test_what_stands_in_billing_systems_today_is_read_exactly(line: str) -> None:
    kind, fields, said = taken_apart(line)
    assert connector_class(kind).marks(fields) == marks(said)


@pytest.mark.req("W1")
@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_what_cannot_be_meant_is_shown(line: str) -> None:
    kind, fields, said = taken_apart(line)
    with pytest.raises(BadInput) as caught:
        connector_class(kind).marks(fields)
    assert said in str(caught.value)
