"""Which Metroport: a connection that there is, or one that a configuration file describes."""

from configparser import ConfigParser, Error
from pathlib import Path

from tollbook.catalog.models import Product
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection, set_connection
from tollbook.connectors.metroport.options import USUAL_ZONE
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

SECTION = "metroportmvno"
USUAL_NAME = "metroport"
USUAL_TAG = "metroport-mvno"
COUNTRY = "PL"


def connection_there_is(name: str | None) -> Connection:
    """The connection of that name, or the only one of Metroport.

    Raises:
        BadInput: there is none, or there are several and none was named.
    """
    if name is not None:
        found = named_connection(name)
        if found.kind != "metroport":
            raise BadInput(f"connection {name!r} is of kind {found.kind}; name one of kind metroport")
        return found
    some = list(Connection.objects.filter(kind="metroport").order_by("name"))
    if len(some) == 1:
        return some[0]
    names = ", ".join(one.name for one in some)
    raise BadInput(
        f"there are several connections of kind metroport ({names}); name one with --connection"
        if some
        else "there is no connection of kind metroport; add one with `tollbook connection add NAME --kind metroport "
        f"--set login=…`, or give --config-file with a section [{SECTION}]"
    )


def connection_of_file(path: Path, name: str | None) -> Connection:
    """The connection as the file's section describes it: added when it is new, changed where the file says else.

    Raises:
        BadInput: the file or its section is not there, or a setting makes no sense.
    """
    section = _section(path)
    missing = [key for key in ("api_login", "api_password") if not section.get(key)]
    if missing:
        raise BadInput(f"{path}, section [{SECTION}]: {' and '.join(missing)} missing; both are needed")
    settings = {"login": section["api_login"]}
    if section.get("api_url"):
        settings["api_url"] = section["api_url"]
    name = name or USUAL_NAME
    known = Connection.objects.filter(name=name).first()
    is_new = known is None
    connection = set_connection(
        name=name,
        kind="metroport",
        settings=settings,
        secrets={"password": Secret(section["api_password"])},
        timezone=USUAL_ZONE if is_new else None,
        number_rules={"country": COUNTRY} if is_new else None,
        may_change=True,
    )
    tag = section.get("tariff_tag") or USUAL_TAG
    if not connection.account_product and Product.objects.filter(code=tag).exists():
        connection.account_product = tag
        connection.save(update_fields=["account_product"])
    return connection


def _section(path: Path) -> dict[str, str]:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text("utf-8-sig"), source=str(path))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}; name a file with -C") from None
    except (Error, UnicodeDecodeError):
        # What it says is not repeated: a password may stand in it.
        raise BadInput(
            f"{path} is no ini file; write [{SECTION}] and below it lines such as api_login = …"
        ) from None
    if not parser.has_section(SECTION):
        raise BadInput(f"{path} has no section [{SECTION}]; write api_url, api_login and api_password below it")
    return {key: value.strip().strip("\"'") for key, value in parser.items(SECTION)}
