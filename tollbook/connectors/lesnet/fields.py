"""What people write down about an account at Les.net: `D4E3CD2BFC791 | 12046664021`, a DID, a link to its file."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tollbook.connectors.base import AccountMarks, Setting
from tollbook.connectors.written import bare, once, parts, with_hyphens
from tollbook.errors import BadInput

FIELDS = (
    Setting(name="domain", help="Peer and DID, as D4E3CD2BFC791 | 12046664021"),
    Setting(name="username", help="The DID, as 12046664021"),
    Setting(name="peer_id", help="The peer, as D4E3CD2BFC791; several with | or a comma between"),
    Setting(name="dids", help="DIDs attached to the peer, with | or a comma between"),
    Setting(
        name="cdr_link",
        help="Where its file of calls is, as https://portal.les.net/cdr/11330_0000.txt, or as "
        "/cdr/11330_0000.txt at the portal of the connection",
    ),
)

PEER = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z]{8,20}", re.ASCII)  # 13 hexadecimal digits wherever one was seen
DID = re.compile(r"\+?\d{7,15}", re.ASCII)
_BETWEEN = "|,;\n"
_SIGNS = re.compile(r"[\s().\-]")  # within a number
_KNOWN = {field.name for field in FIELDS}


def read_marks(fields: Mapping[str, str]) -> AccountMarks:
    """The marks that these fields describe. A number of 7 to 15 digits is a DID, else letters and digits are a peer.

    Raises:
        BadInput: a field that is not known, or a part of one that is neither, or not what the field is for.
    """
    for name in fields:
        if name not in _KNOWN:
            raise BadInput(
                f"{name!r} is no field of Les.net; there are {', '.join(field.name for field in FIELDS)}"
            )
    peers: list[str] = []
    dids: list[str] = []
    for name, taken in (
        ("domain", "peers and DIDs"),
        ("username", "DIDs"),
        ("peer_id", "peers"),
        ("dids", "DIDs"),
    ):
        for part in parts(fields.get(name, ""), _BETWEEN):
            number = _SIGNS.sub("", with_hyphens(part))
            if DID.fullmatch(number) and "DIDs" in taken:
                dids.append(number)
            elif PEER.fullmatch(part) and "peers" in taken:
                peers.append(part.upper())
            else:
                raise BadInput(
                    f"{name}: {part!r} is not one of the {taken} that stand there; correct {fields[name]!r}"
                )
    return AccountMarks(
        trunks=once(peers),
        numbers=once(dids),
        links=once(_link(part) for part in bare(fields.get("cdr_link", "")).replace(" | ", " ").split()),
    )


def peer_and_did(foreign_id: str) -> tuple[str, str]:
    """Of what an order names: a peer, a DID, or both as in the field `domain`; "" for what is not named."""
    marks = read_marks({"domain": foreign_id})
    return next(iter(marks.trunks), ""), next(iter(marks.numbers), "")


def _link(link: str) -> str:
    """As it is compared; one that begins with a slash is the portal's."""
    parts = urlsplit(link)
    if link.startswith("/") and not parts.netloc:
        return parts._replace(fragment="").geturl()
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise BadInput(f"cdr_link: {link!r} is no address; write it as https://portal.les.net/cdr/11330_0000.txt")
    return parts._replace(netloc=parts.netloc.lower(), fragment="").geturl()
