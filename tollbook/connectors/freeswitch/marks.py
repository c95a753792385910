"""By what people say that records are an account's: the names that the settings make of channel variables."""

import re
from collections.abc import Mapping

from tollbook.connectors.base import AccountMarks, Setting
from tollbook.connectors.written import once, parts, with_hyphens
from tollbook.errors import BadInput

ACCOUNT, TRUNK, NUMBER, TEXT = "account", "trunk", "number", "text"
ACCOUNT_FIELDS: tuple[Setting, ...] = (
    Setting(name=ACCOUNT, help="Names as the setting account makes them, as 1001@lantern.example.net | ACME-1"),
    Setting(name=TRUNK, help="Gateways, as carrier-one | carrier-two"),
    Setting(name=NUMBER, help="DIDs, as +12505550131 | +12505550132"),
    Setting(name=TEXT, help="Words in the name of a caller who has no number"),
)
_NO_NAME = re.compile(r"[\x00-\x1f]")


def marks_of(fields: Mapping[str, str]) -> AccountMarks:
    """The marks that fields say.

    Raises:
        BadInput: a field that is not known, or a value that cannot be a name.
    """
    known = [setting.name for setting in ACCOUNT_FIELDS]
    for name, value in fields.items():
        if name not in known:
            raise BadInput(f"{name!r} says nothing about an account of FreeSWITCH; give {', '.join(known)}")
        if _NO_NAME.search(value):
            raise BadInput(f"{name} {value!r} has control characters, which no name has; write it on one line")
    return AccountMarks(
        accounts=once(parts(fields.get(ACCOUNT, ""))),
        trunks=once(parts(fields.get(TRUNK, ""))),
        numbers=once(map(with_hyphens, parts(fields.get(NUMBER, "")))),
        texts=once(parts(fields.get(TEXT, ""))),
    )
