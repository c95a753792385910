"""Fields of a service as people have typed and pasted them for years, cut into their parts."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator

_NAME = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_TENANT = re.compile(rf"(?=.{{1,253}}$)(?=.*[a-z]){_NAME}(\.{_NAME})*")
_DASHES = re.compile("[\u2010-\u2015\u2212]")  # what text programs make of a hyphen


def bare(text: str) -> str:
    """Without blanks around it, no-break ones among them, with single plain ones inside, and nothing that is unseen."""
    return " ".join("".join(character for character in text if unicodedata.category(character) != "Cf").split())


def parts(text: str, between: str = "|") -> Iterator[str]:
    """What stands between the signs of `between`, bare; empty parts mean nothing."""
    return filter(None, map(bare, re.split(f"[{re.escape(between)}]", text)))


def with_hyphens(number: str) -> str:
    """A number on paper, its dashes as hyphens."""
    return _DASHES.sub("-", number)


def is_tenant(name: str) -> bool:
    """A name of a host or an IPv4 address, in lower case. Not a number, not even one with dots in it."""
    if _TENANT.fullmatch(name):
        return True
    try:
        return bool(ipaddress.IPv4Address(name))
    except ValueError:
        return False


def once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
