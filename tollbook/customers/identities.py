"""Identities of customers: what a NIP, a PESEL or a VAT id must look like.

Checksums are those of `python-stdnum`, which cites the offices that give the numbers out.
"""

from collections.abc import Callable, Mapping

from stdnum.exceptions import ValidationError
from stdnum.pl import nip as polish_nip
from stdnum.pl import pesel as polish_pesel
from stdnum.util import get_cc_module


def nip(text: str) -> str:
    """A Polish tax number: ten digits, the last one a checksum."""
    try:
        return str(polish_nip.validate(text))
    except ValidationError as error:
        raise ValueError(f"is not a NIP ({_reason(error)})") from None


def pesel(text: str) -> str:
    """A Polish personal number: eleven digits with a date of birth and a checksum."""
    try:
        return str(polish_pesel.validate(text))
    except ValidationError as error:
        raise ValueError(f"is not a PESEL ({_reason(error)})") from None


def vat_id(text: str) -> str:
    """A VAT id with its country's letters, as PL1234563218, checked by that country's rule."""
    compact = text.replace(" ", "").replace("-", "").upper()
    country = {"EL": "gr"}.get(compact[:2], compact[:2].lower())
    rule = get_cc_module(country, "vat") if country.isalpha() and country.isascii() else None
    if rule is None:
        raise ValueError("is not a VAT id; write it with its country's letters, as PL1234563218")
    try:
        digits = str(rule.validate(compact))
    except ValidationError as error:
        raise ValueError(f"is not a VAT id of {compact[:2]} ({_reason(error)})") from None
    return digits if digits.startswith(compact[:2]) else compact[:2] + digits


SCHEMES: Mapping[str, Callable[[str], str]] = {"nip": nip, "pesel": pesel, "vat_id": vat_id}


def _reason(error: ValidationError) -> str:
    return str(error).rstrip(".").lower()
