"""Keys: what names one person or company for certain. Written in many ways, compared in one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tollbook.customers.identities import SCHEMES, is_placeholder

PLATFORM_SCHEME = "platform"  # an identity of ours that is an id or code at a platform; so is a connection's name
NAMES = {
    "nip": "NIP",
    "pesel": "PESEL",
    "id_card": "identity card",
    "vat_id": "VAT id",
    PLATFORM_SCHEME: "id there",
}
PERSONAL = ("pesel", "id_card")  # shown by their end only
SHOWN_END = 4
NIP_DIGITS = 10


class Key(NamedTuple):
    """A key in its one form."""

    scheme: str
    value: str

    def __str__(self) -> str:
        return f"{NAMES[self.scheme]} {shown(self.scheme, self.value)}"


@dataclass(slots=True)
class Keys:
    """What was made of somebody's identities."""

    good: list[Key] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # "NIP 123 is not a NIP (…)"
    zeros: list[str] = field(default_factory=list)  # "NIP 0000000000", in place of one that nobody has


def read_keys(identities: Iterable[tuple[str, str]], *, country: str = "") -> Keys:
    """The keys among some identities; other schemes are left out.

    A Polish VAT id is a NIP with its country's letters, so it is compared as a NIP. A VAT id without letters gets
    those of the country.
    """
    keys = Keys()
    for scheme, text in identities:
        if scheme not in SCHEMES or not text.strip():
            continue
        if is_placeholder(text):
            keys.zeros.append(f"{NAMES[scheme]} {text.strip()}")
            continue
        try:
            key = read_key(scheme, text, country=country)
        except ValueError as error:
            keys.wrong.append(f"{NAMES[scheme]} {shown(scheme, text.strip())} {error}")
            continue
        if key not in keys.good:
            keys.good.append(key)
    return keys


def read_key(scheme: str, text: str, *, country: str = "") -> Key:
    """One key in its one form.

    Raises:
        ValueError: it is none; says why, to be read after the text.
    """
    if scheme == "vat_id" and country and not text.strip()[:2].isalpha():
        text = country + text.strip()
    value = SCHEMES[scheme](text)
    if scheme == "vat_id" and value.startswith("PL") and len(value) == NIP_DIGITS + 2:
        return Key("nip", value[2:])
    return Key(scheme, value)


def shown(scheme: str, text: str) -> str:
    """As a report shows it: what belongs to a person only by its end."""
    return f"…{text[-SHOWN_END:]}" if scheme in PERSONAL else text
