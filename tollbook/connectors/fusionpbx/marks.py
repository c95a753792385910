"""What people write down today of one service at FusionPBX: `tenant.example.ca | 5192229000` and `2112 | 2113`."""

import re
from collections.abc import Mapping

from tollbook.connectors.base import AccountMarks, Setting
from tollbook.connectors.written import bare, is_tenant, once, parts, with_hyphens
from tollbook.errors import BadInput

MAX_EXTENSION_DIGITS = 6  # more digits are a number of somebody outside
LEAST_DID_DIGITS, MOST_DID_DIGITS = 7, 15
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DID = re.compile(r"\+?[0-9 ().-]+", re.ASCII)

ACCOUNT_FIELDS = (
    Setting(name="domain", help="the tenant's domain, and its numbers: tenant.example.ca | 5192229000"),
    Setting(name="username", help="the extensions of this service: 2112 | 2113 | 2114"),
    Setting(name="gateway", help="uuids of gateways that this service alone uses"),
)


def read_marks(fields: Mapping[str, str]) -> AccountMarks:
    """The fields of a service, exactly. Blanks of any kind around a part, and empty parts, mean nothing.

    Raises:
        BadInput: a field or a part of one that cannot be what stands there.
    """
    if unknown := sorted(fields.keys() - {field.name for field in ACCOUNT_FIELDS}):
        raise BadInput(f"{unknown[0]!r} is no field of FusionPBX; there are domain, username and gateway")
    tenant, numbers = _domain(fields.get("domain", ""))
    extensions = once(_extension(part) for part in parts(fields.get("username", "")))
    trunks = once(_gateway(part) for part in parts(fields.get("gateway", "")))
    if extensions and not tenant:
        raise BadInput(f"username has {extensions[0]}, but domain is empty: an extension is one of a tenant")
    if not (tenant or trunks):
        raise BadInput("domain is empty; write the tenant's domain, as tenant.example.ca | 5192229000")
    return AccountMarks(
        tenant=tenant,
        accounts=tuple(f"{extension}@{tenant}" for extension in extensions),
        numbers=numbers,
        trunks=trunks,
    )


def _domain(text: str) -> tuple[str, tuple[str, ...]]:
    if not bare(text):
        return "", ()
    first, _, rest = text.partition("|")
    tenant = bare(first).lower()
    if not is_tenant(tenant):
        raise BadInput(
            f"domain {text!r}: {bare(first)!r} is no domain; write the tenant first, as tenant.example.ca"
        )
    return tenant, once(_did(part) for part in parts(rest))


def _did(part: str) -> str:
    text = with_hyphens(part)
    digits = sum(character.isdigit() for character in text)
    if not _DID.fullmatch(text) or not LEAST_DID_DIGITS <= digits <= MOST_DID_DIGITS:
        raise BadInput(
            f"domain: {text!r} is no DID of {LEAST_DID_DIGITS} to {MOST_DID_DIGITS} digits; extensions go to username"
        )
    return text


def _extension(text: str) -> str:
    if _DID.fullmatch(text) and sum(character.isdigit() for character in text) > MAX_EXTENSION_DIGITS:
        raise BadInput(f"username: {text!r} is a number, no extension; write DIDs behind the domain")
    if not _EXTENSION.fullmatch(text):
        raise BadInput(f"username: {text!r} is no extension; write them as 2112 | 2113")
    return text


def _gateway(text: str) -> str:
    if not _UUID.fullmatch(text.lower()):
        raise BadInput(f"gateway: {text!r} is no gateway's uuid; FusionPBX shows it in the address of its page")
    return text.lower()
