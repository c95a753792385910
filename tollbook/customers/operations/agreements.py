"""Agreements: which products a customer may use, and the taking of slots by those who are bound by it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from tollbook.catalog.models import Product
from tollbook.customers.actors import Actor
from tollbook.customers.agreement_queries import used_counts
from tollbook.customers.errors import AgreementExceeded, NotInAgreement
from tollbook.customers.models import Agreement, Customer, CustomerEvent
from tollbook.customers.operations.permits import lock_customer
from tollbook.errors import BadInput

MAX_QUANTITY = 1_000_000
MAX_DETAIL = 500


@transaction.atomic
def set_agreement(
    *,
    customer: Customer,
    conditions: Mapping[Product, int | None],
    by: str,
    now: datetime,
    replaces: bool = False,
) -> None:
    """Say of how many accounts each product may be; None = of any number. For staff alone. Safe to repeat.

    `replaces`: what is not named is taken out. A quantity below what is used is possible: what is used stays, and
    nothing is added before enough is free.

    Raises:
        BadInput: a quantity that is none.
    """
    lock_customer(customer)
    for product, quantity in conditions.items():
        if quantity is not None and not 0 < quantity <= MAX_QUANTITY:
            raise BadInput(
                f"{product.code}: {quantity} is not a quantity from 1 to {MAX_QUANTITY}; leave the product out of the "
                "agreement to allow none, or say unlimited"
            )
    was = {one.product_id: one for one in Agreement.objects.filter(customer=customer).select_related("product")}
    said = []
    for product, quantity in sorted(conditions.items(), key=lambda one: one[0].code):
        known = was.get(product.pk)
        if known is None or known.quantity != quantity:
            Agreement.objects.update_or_create(customer=customer, product=product, defaults={"quantity": quantity})
            said.append(
                f"{product.code}: {_shown(quantity)}" + (f", was {_shown(known.quantity)}" if known else "")
            )
    if replaces:
        named = {product.pk for product in conditions}
        gone = [one for pk, one in was.items() if pk not in named]
        said += [f"{one.product.code}: taken out" for one in gone]
        Agreement.objects.filter(pk__in=[one.pk for one in gone]).delete()
    CustomerEvent.objects.bulk_create(
        CustomerEvent(customer=customer, what="agreement", detail=text[:MAX_DETAIL], by=by[:150], at=now)
        for text in said
    )


def take_slots(*, actor: Actor, customer: Customer, products: Iterable[Product]) -> None:
    """See that accounts may have these products, each as often as it is named, besides what is used now.

    Part of the transaction that is open, in which the customer is locked and the accounts are written after. Staff are
    not bound.

    Raises:
        NotInAgreement: a product is not in the agreement, or not offered any more.
        AgreementExceeded: not enough is free.
    """
    if actor.is_staff:
        return
    named = list(products)
    wanted = {product.pk: product for product in named}
    times = Counter(product.pk for product in named)
    agreed = {
        one.product_id: one.quantity for one in Agreement.objects.filter(customer=customer, product__in=wanted)
    }
    used = used_counts(customer, wanted)
    for pk, product in wanted.items():
        if pk not in agreed or product.is_hidden:
            raise NotInAgreement(
                f"{shown_name(product)} is not in your agreement; choose a product that is, or ask your operator"
            )
        quantity = agreed[pk]
        if quantity is not None and used[pk] + times[pk] > quantity:
            raise AgreementExceeded(
                f"{shown_name(product)}: {used[pk]} of {quantity} agreed are used, so no {times[pk]} more; end one, "
                "change its product, or ask your operator for more"
            )


def shown_name(product: Product) -> str:
    """As customers know it."""
    return product.end_user_name or product.name


def _shown(quantity: int | None) -> str:
    return "unlimited" if quantity is None else str(quantity)
