"""Special price lists: which there are, and in which order they are asked."""

from datetime import datetime

import polars as pl
from django.db.models import QuerySet

from tollbook.catalog.models import ProductSpecial
from tollbook.catalog.queries import SPECIALS
from tollbook.customers.models import Account, Customer, SpecialTariff


def special_tariffs() -> dict[str, pl.DataFrame]:
    """Special price lists as SPECIALS, by the column that names their owner: the most specific first."""
    columns = ("kind", "tariff_id", "place", "active_from", "active_until")
    return {
        owner: pl.DataFrame(
            list(SpecialTariff.objects.exclude(**{owner: None}).values_list(owner, *columns)),
            schema=SPECIALS,
            orient="row",
        )
        for owner in ("account_id", "customer_id")
    }


def price_order(owner: Customer | Account) -> list[dict[str, object]]:
    """The special lists of an owner in the order in which they are asked.

    Those of an account are followed by its customer's, its product's, and the product's tariffs.
    """
    if isinstance(owner, Customer):
        return _special_rows("customer", SpecialTariff.objects.filter(customer=owner))
    product = owner.product
    return [
        *_special_rows("account", SpecialTariff.objects.filter(account=owner)),
        *_special_rows("customer", SpecialTariff.objects.filter(customer=owner.customer)),
        *_special_rows("product", product.specials.all()),
        *(
            _price_row("product's tariff", one.kind, one.tariff.name if one.tariff else "not billed")
            for one in product.tariffs.select_related("tariff").order_by("kind")
        ),
    ]


def _special_rows(of: str, lists: QuerySet[SpecialTariff] | QuerySet[ProductSpecial]) -> list[dict[str, object]]:
    return [
        _price_row(
            of, one.kind, one.tariff.name, getattr(one, "active_from", None), getattr(one, "active_until", None)
        )
        for one in lists.select_related("tariff").order_by("kind", "place")
    ]


def _price_row(
    of: str, kind: str, tariff: str, since: datetime | None = None, until: datetime | None = None
) -> dict[str, object]:
    return {"of": of, "kind": kind, "tariff": tariff, "from": since, "until": until}
