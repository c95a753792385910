"""Products and add-ons as they are shown: a page in a fixed number of queries."""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.fields import YN, Id, yes_no
from tollbook.api.portabilling.shapes.account_info import ROLES
from tollbook.api.portabilling.shapes.plans import ProductPlan, product_plan
from tollbook.api.portabilling.xdrs.kinds import SERVICE_OF_KIND
from tollbook.catalog.models import Product, Role


class ProductInfo(msgspec.Struct, kw_only=True):
    """A product, or an add-on (`product_addon` Y)."""

    i_product: Id
    name: str
    end_user_name: str
    description: str
    end_user_description: str
    iso_4217: str | None  # null: it names no price of its own
    i_product_group: Id | None
    product_group_name: str | None
    i_subscription: Id | None
    i_vd_plan: Id | None
    volume_discount_plan_name: str | None
    addon_priority: int | None
    product_addon: YN
    allowed_with_any_product: YN
    allowed_products: list[int]
    included_services: list[int]
    i_account_role: Id
    realm: str | None
    managed_by_user: YN
    hidden: YN
    shared: YN
    breakage: int | None
    fraud_protection: str | None
    notepad: str | None
    info_url: str | None
    service_flag_locks: str | None
    default_i_acl: Id | None
    product_subscription: ProductPlan | UnsetType = UNSET


def shown_with(products: QuerySet[Product]) -> QuerySet[Product]:
    """The products with what `product_info` looks at."""
    return products.select_related("plan").prefetch_related("goes_with", "tariffs__tariff")


def product_infos(products: Iterable[Product], *, with_subscription: bool = True) -> list[ProductInfo]:
    """Products of `shown_with` as they are shown, in the same order."""
    return [product_info(product, with_subscription=with_subscription) for product in products]


def product_info(product: Product, *, with_subscription: bool = True) -> ProductInfo:
    """One of them."""
    info = ProductInfo(**_facts(product))
    if with_subscription and product.plan is not None:
        info.product_subscription = product_plan(product.plan)
    return info


def _facts(product: Product) -> dict[str, Any]:
    named = list(product.tariffs.all())
    services = {SERVICE_OF_KIND[one.kind].number for one in named}
    return {
        "i_product": product.pk,
        "name": product.name,
        "end_user_name": product.end_user_name or product.name,
        "description": product.description,
        "end_user_description": product.end_user_description,
        "iso_4217": _currency(product),
        "i_product_group": None,
        "product_group_name": None,
        "i_subscription": product.plan_id,
        # What is included is kept with the plan.
        "i_vd_plan": product.plan_id,
        "volume_discount_plan_name": product.plan.name if product.plan else None,
        "addon_priority": 1 if product.is_addon else None,
        "product_addon": yes_no(product.is_addon),
        "allowed_with_any_product": yes_no(product.goes_with_any),
        "allowed_products": sorted(one.pk for one in product.goes_with.all()),
        "included_services": sorted(services),
        "i_account_role": ROLES[Role(product.role)],
        "realm": None,
        "managed_by_user": "Y",
        "hidden": yes_no(product.is_hidden),
        "shared": "N",
        "breakage": None,
        "fraud_protection": None,
        "notepad": None,
        "info_url": None,
        "service_flag_locks": None,
        "default_i_acl": None,
    }


def _currency(product: Product) -> str | None:
    """The currency of its fees, or of its tariffs."""
    if product.plan is not None:
        return product.plan.currency
    tariffs = (one.tariff for one in product.tariffs.all())
    return next((tariff.currency for tariff in tariffs if tariff is not None), None)
