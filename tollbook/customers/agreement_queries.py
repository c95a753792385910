"""What a customer may use, and how much of it is used."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tollbook.catalog.models import Product
from tollbook.customers.models import Account, AccountProduct, AccountState, Agreement, Customer


@dataclass(frozen=True, slots=True)
class Condition:
    """A product of an agreement."""

    product: Product
    quantity: int | None  # accounts that may have it at the same time; None = unlimited
    used: int  # accounts that have it, whoever made them

    @property
    def free(self) -> int | None:
        """How many more may have it; None = as many as wanted."""
        return None if self.quantity is None else max(self.quantity - self.used, 0)


def agreement_of(customer: Customer) -> list[Condition]:
    """What the customer and their accounts may use: main products by code, then add-ons."""
    rows = Agreement.objects.filter(customer=customer).select_related("product", "product__plan")
    in_order = rows.order_by("product__is_addon", "product__code")
    used = used_counts(customer, [row.product_id for row in in_order])
    return [Condition(row.product, row.quantity, used[row.product_id]) for row in in_order]


def used_counts(customer: Customer, product_ids: Iterable[int]) -> Counter[int]:
    """How many accounts of the customer have each product, as main product or add-on.

    Counted is every account that has not ended: blocked and inactive ones too. One that has changed to another product
    does not count any more.
    """
    wanted = set(product_ids)
    in_use = Account.objects.filter(customer=customer).exclude(state=AccountState.TERMINATED)
    counts = Counter(in_use.filter(product__in=wanted).values_list("product_id", flat=True))
    addons = AccountProduct.objects.filter(
        account__in=in_use, product__in=wanted, is_addon=True, active_until=None
    )
    counts.update(addons.values_list("product_id", flat=True))
    return counts
