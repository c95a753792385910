"""DATABASE_URL as Django wants it."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from tollbook.errors import BadInput

SCHEMES = ("postgresql://", "postgres://")
EXAMPLE = "postgresql://user:password@host:5432/tollbook?sslmode=require"


def database_from_url(url: str) -> dict[str, Any]:
    """Return Django's settings of the database that a PostgreSQL URL names.

    libpq itself reads the URL, so percent-encoding, several hosts, IPv6, a socket folder as host and every
    connection parameter mean what they mean to psql.

    Raises:
        BadInput: not a PostgreSQL URL, or one that libpq cannot read. The password is never in the message.
    """
    if not url.startswith(SCHEMES):
        scheme = url.partition("://")[0] if "://" in url else ""
        found = f"it begins with {scheme}://" if scheme else "it is not a URL"
        raise BadInput(f"DATABASE_URL: Tollbook keeps its data in PostgreSQL only, and {found}; give {EXAMPLE}")
    try:
        said = conninfo_to_dict(url)
    except ProgrammingError as unreadable:
        has_secret = "@" in url or "password" in url
        raise _unusable("PostgreSQL cannot read it" if has_secret else str(unreadable).strip()) from None
    host, port = str(said.get("host") or ""), str(said.get("port") or "")
    if "@" in host or "@" in str(said.get("dbname")):
        raise _unusable("user and password end at an @ that is not the last one, or at a /")
    if not all(one.isdigit() or not one for one in port.split(",")):
        raise _unusable(f"the port is {port!r}, not a number" if "@" not in url else "the port is not a number")
    if not said.get("dbname") and not said.get("service"):
        raise BadInput(f"DATABASE_URL: names no database; add it after the host, like {EXAMPLE}")
    return {
        "NAME": said.pop("dbname", ""),
        "USER": said.pop("user", ""),
        "PASSWORD": said.pop("password", ""),
        "HOST": said.pop("host", ""),
        "PORT": said.pop("port", ""),
        "OPTIONS": said,
    }


def _unusable(why: str) -> BadInput:
    return BadInput(
        f"DATABASE_URL: {why}; write it like {EXAMPLE}, with every special character of user and password"
        " percent-encoded (@ as %40, / as %2F, : as %3A)"
    )
