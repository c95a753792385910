"""Taking products and tariffs out of the catalog that nobody has used."""

from django.db import transaction
from django.db.models import ProtectedError

from tollbook.catalog.models import Product, Rate, Tariff
from tollbook.errors import BadInput


@transaction.atomic
def remove_product(product: Product) -> None:
    """Remove a product that no account has, or had, and no agreement names.

    Raises:
        BadInput: it is in use.
    """
    try:
        with transaction.atomic():
            product.delete()
    except ProtectedError as error:
        raise BadInput(
            f"product {product.code!r} is in use ({_named(error)}) and stays; hide it, so that it is not offered"
        ) from None


@transaction.atomic
def remove_tariff(tariff: Tariff) -> None:
    """Remove a tariff without versions, or with versions of which nothing was priced.

    Raises:
        BadInput: it has versions, products name it, or others are derived from it.
    """
    if tariff.versions.exclude(rate_count=0).exists() or Rate.objects.filter(version__tariff=tariff).exists():
        raise BadInput(f"tariff {tariff.name!r} has price lists; they are kept, since charges cite them")
    try:
        with transaction.atomic():
            tariff.delete()
    except ProtectedError as error:
        raise BadInput(f"tariff {tariff.name!r} is in use ({_named(error)}) and stays") from None


def _named(error: ProtectedError) -> str:
    """What holds it, as `agreement`."""
    return ", ".join(sorted({str(one._meta.verbose_name) for one in error.protected_objects}))
