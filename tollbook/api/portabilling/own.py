"""Finding what a request names, if it is the caller's to touch."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import Fault, denied, refused
from tollbook.catalog.models import Product
from tollbook.customers.actors import Realm

M = TypeVar("M", bound=Model)


def own(caller: Caller, rows: QuerySet[M], number: int, what: str) -> M:
    """The row of that id among `rows`, which have a customer; for all but staff only their own.

    Raises:
        Fault: it is not theirs, or there is none. For all but staff these are the same.
    """
    if caller.realm is not Realm.STAFF:
        rows = rows.filter(customer=caller.customer_id)
    if caller.realm is Realm.ACCOUNT:
        rows = rows.filter(account=caller.account_id)
    if (found := rows.filter(pk=number).first()) is None:
        raise not_there(caller, f"{what} {number}")
    return found


def not_there(caller: Caller, what: str) -> Fault:
    """There is none, or none of theirs; only staff are told what."""
    if caller.realm is not Realm.STAFF:
        return denied(caller.method)
    return refused(caller.method, "not_found", f"there is no {what}")


def product(caller: Caller, i_product: int) -> Product:
    """The product of that id; for customers and accounts only one of the customer's agreement.

    Raises:
        Fault: there is none, or it is not in the agreement.
    """
    return products(caller, [i_product])[i_product]


def products(caller: Caller, numbers: Sequence[int]) -> Mapping[int, Product]:
    """The products of these ids, by id.

    Raises:
        Fault: as `product`.
    """
    rows = Product.objects.filter(pk__in=list(numbers))
    if caller.realm is not Realm.STAFF:
        rows = rows.filter(agreements__customer=caller.customer_id)
    found = {one.pk: one for one in rows.distinct()}
    for number in numbers:
        if number not in found:
            raise _not_offered(caller, number)
    return found


def _not_offered(caller: Caller, number: int) -> Fault:
    """Whether there is such a product at all is nobody's business but the staff's."""
    if caller.realm is Realm.STAFF:
        return not_there(caller, f"product {number}")
    text = f"product {number} is not in your agreement; choose one that is, or ask your operator"
    return refused(caller.method, "product_not_in_agreement", text)
