"""The operator as it stands on invoices."""

from stdnum import iban

from tollbook.billing.models import Seller
from tollbook.errors import BadInput


def set_seller(*, name: str, country: str, logo: bytes | None, **details: str) -> Seller:
    """Make or change the one seller. `details` are the other fields of `Seller`; invoices issued keep theirs.

    Raises:
        BadInput: the country is not two letters, or the IBAN is wrong: customers would pay nobody, or somebody else.
    """
    written = details.get("iban", "")
    if written and not iban.is_valid(written):
        raise BadInput(
            f"{written!r} is not an IBAN: its length or its check digits are wrong; copy it from the bank"
        )
    if len(country) != 2 or not country.isalpha():
        raise BadInput(f"{country!r} is not a country; write two letters, as PL")
    details["iban"] = iban.compact(written)
    seller = Seller.objects.first() or Seller()
    for field, value in {"name": name, "country": country.upper(), "logo": logo, **details}.items():
        setattr(seller, field, value)
    seller.save()
    return seller
