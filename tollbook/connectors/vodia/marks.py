"""What people write down today of one service at Vodia: `tenant.example.ca | DID | DID | ext`, `8300`, first names."""

import re
from collections.abc import Iterable, Mapping

from tollbook.connectors.base import AccountMarks, Setting
from tollbook.connectors.written import bare, is_tenant, once, parts, with_hyphens
from tollbook.errors import BadInput

LEAST_EXTENSION_DIGITS, MOST_EXTENSION_DIGITS = 2, 6
LEAST_DID_DIGITS, MOST_DID_DIGITS = 7, 15
MOST_TEXT_CHARACTERS = 200
LEAST_TEXT_CHARACTERS = 2  # a single letter stands in too many names
_EXTENSION = re.compile(rf"[0-9]{{{LEAST_EXTENSION_DIGITS},{MOST_EXTENSION_DIGITS}}}")
_DID = re.compile(r"\+?[0-9 ().-]+")
_TRUNK = re.compile(r"[A-Za-z0-9_-]{1,64}")

ACCOUNT_FIELDS = (
    Setting(
        name="domain", help="The tenant, then its DIDs and extensions, as tenant.example.ca | 5192229000 | 8300"
    ),
    Setting(name="username", help="One DID or extension of the service, as 8300; or several with | between"),
    Setting(
        name="profile_first_name",
        help="First name of the extension's profile, or its number: what incoming calls show in place of a DID",
    ),
    Setting(name="inbound_search", help="Words that incoming calls of this service show in place of a DID"),
    Setting(name="trunk", help="Ids of trunks that this service alone uses, as 1 | 2"),
)


def read_marks(fields: Mapping[str, str]) -> AccountMarks:
    """The fields of a service, exactly. Blanks of any kind around a part, and empty parts, mean nothing.

    Raises:
        BadInput: a field that is not known, or a part that cannot be what stands there.
    """
    known = [field.name for field in ACCOUNT_FIELDS]
    if unknown := sorted(fields.keys() - set(known)):
        raise BadInput(f"{unknown[0]!r} is no field of Vodia; there are {', '.join(known)}")
    tenant, own = _domain(fields.get("domain", ""))
    texts: list[str] = []
    own += [("username", part) for part in parts(fields.get("username", ""))]
    for name in ("profile_first_name", "inbound_search"):
        for part in parts(fields.get(name, "")):
            if _EXTENSION.fullmatch(part):
                own.append((name, part))
            else:
                texts.append(_text(name, part))
    accounts, numbers = _sorted_out(own, tenant)
    trunks = [_trunk(part, tenant) for part in parts(fields.get("trunk", ""))]
    if not (tenant or numbers):
        raise BadInput("domain is empty; write the tenant first, as tenant.example.ca | 5192229000 | 8300")
    return AccountMarks(
        tenant=tenant, accounts=once(accounts), numbers=once(numbers), trunks=once(trunks), texts=once(texts)
    )


def _domain(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The tenant, and what follows it."""
    if not bare(text):
        return "", []
    first, _, rest = text.partition("|")
    tenant = bare(first).lower()
    if not is_tenant(tenant):
        raise BadInput(
            f"domain {text!r}: {bare(first)!r} is no tenant; write the tenant first, as tenant.example.ca | 5192229000"
        )
    return tenant, [("domain", part) for part in parts(rest)]


def _sorted_out(own: Iterable[tuple[str, str]], tenant: str) -> tuple[list[str], list[str]]:
    """Extensions with their tenant, and DIDs."""
    accounts, numbers = [], []
    for name, part in own:
        number, _, of_tenant = part.partition("@")
        if of_tenant and of_tenant.lower() != tenant:
            raise BadInput(f"{name}: {part!r} is of another tenant than domain says ({tenant or 'nothing'})")
        if _EXTENSION.fullmatch(number):
            if not tenant:
                raise BadInput(f"{name} has {part!r}, but domain is empty: an extension is one of a tenant")
            accounts.append(f"{number}@{tenant}")
        elif not of_tenant and _is_did(part):
            numbers.append(with_hyphens(part))
        else:
            raise BadInput(
                f"{name}: {part!r} is neither an extension of {LEAST_EXTENSION_DIGITS} to {MOST_EXTENSION_DIGITS} "
                f"digits nor a DID of {LEAST_DID_DIGITS} to {MOST_DID_DIGITS}; put | between parts"
            )
    return accounts, numbers


def _is_did(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return bool(_DID.fullmatch(with_hyphens(text))) and LEAST_DID_DIGITS <= digits <= MOST_DID_DIGITS


def _text(name: str, part: str) -> str:
    letters = sum(character.isalnum() for character in part)
    if letters < LEAST_TEXT_CHARACTERS or len(part) > MOST_TEXT_CHARACTERS:
        raise BadInput(
            f"{name}: {part!r} cannot be told from other names; write {LEAST_TEXT_CHARACTERS} to "
            f"{MOST_TEXT_CHARACTERS} characters, as Reception"
        )
    return part


def _trunk(part: str, tenant: str) -> str:
    id, _, of_tenant = part.partition("@")
    if not _TRUNK.fullmatch(id) or (of_tenant and of_tenant.lower() != tenant):
        raise BadInput(f"trunk: {part!r} is no id of a trunk of {tenant or 'the tenant'}; write them as 1 | 2")
    if not tenant:
        raise BadInput(f"trunk has {part!r}, but domain is empty: a trunk is one of a tenant")
    return f"{id}@{tenant}"
