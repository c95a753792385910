"""Which products an account may have together, and in which currency."""

from collections.abc import Sequence

from tollbook.catalog.models import Product
from tollbook.customers.errors import DoesNotGoWith
from tollbook.customers.models import Customer

MAX_ADDONS = 50  # of an account


def demand_fitting(customer: Customer, product: Product, addons: Sequence[Product]) -> None:
    """See that the product is a main one, that each add-on goes with it, and that all are in the customer's currency.

    Raises:
        DoesNotGoWith: they are not.
    """
    if product.is_addon:
        raise DoesNotGoWith(f"{product.code} is an add-on; name the main product that the account has it with")
    if len(addons) > MAX_ADDONS:
        raise DoesNotGoWith(f"an account has at most {MAX_ADDONS} add-ons, not {len(addons)}; leave some out")
    if len({addon.pk for addon in addons}) < len(addons):
        raise DoesNotGoWith("an add-on is named twice; an account has it once")
    for addon in addons:
        if not addon.is_addon:
            raise DoesNotGoWith(f"{addon.code} is a main product; an account has one, and add-ons besides it")
        if not (addon.goes_with_any or addon.goes_with.filter(pk=product.pk).exists()):
            raise DoesNotGoWith(
                f"{addon.code} does not go with {product.code}; leave it out, or choose another product"
            )
    for one in (product, *addons):
        if one.plan is not None and one.plan.currency != customer.currency:
            raise DoesNotGoWith(
                f"{one.code} costs {one.plan.currency}, and customer {customer.code} is kept in {customer.currency}; "
                "choose a product in that currency"
            )
