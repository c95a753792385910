"""What customers made by the sync get where their platform says nothing."""

from collections.abc import Iterable

from tollbook.cli.connection.words import pairs
from tollbook.customers.customer_sheet import COLUMNS
from tollbook.customers.identities import SCHEMES
from tollbook.errors import BadInput

OPTION = "--customer-default"
THEIR_OWN = {"code", "name", *SCHEMES}  # two customers never share them
DEFAULTS = {column.name: column.read for column in COLUMNS if column.name not in THEIR_OWN}


def read_customer_defaults(texts: Iterable[str] | None) -> dict[str, str]:
    """Columns of a sheet of customers with what may stand in them, as written. An empty value takes one out.

    Raises:
        BadInput: no such column, or a value it cannot have.
    """
    given = pairs(OPTION, texts, example=f"{OPTION} currency=PLN")
    for name, value in given.items():
        if name not in DEFAULTS:
            raise BadInput(f"{OPTION} {name!r} is nothing that customers share; there are {', '.join(DEFAULTS)}")
        try:
            if value:
                DEFAULTS[name](value)
        except ValueError as error:
            raise BadInput(f"{OPTION} {name} {value!r} {error}") from None
    return given
