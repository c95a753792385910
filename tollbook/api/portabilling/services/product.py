"""Products and add-ons. Customers see those of their agreement, as long as they are offered."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing
from tollbook.api.portabilling.fields import Id, Switch, YesNo
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import OWNERS, STAFF, Info, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.api.portabilling.shapes.account_info import ROLES
from tollbook.api.portabilling.shapes.products import ProductInfo, product_info, product_infos, shown_with
from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.catalog.operations import set_product
from tollbook.catalog.operations.removal import remove_product
from tollbook.catalog.queries import allowed_addons
from tollbook.customers.actors import Realm

CODE_LENGTH = 64
ROLE_OF_NUMBER = {number: role for role, number in ROLES.items()}


class ProductListRequest(ListRequest, kw_only=True):
    """Filters of the list of products."""

    name: str | None = None
    end_user_name: str | None = None
    i_product: Id | None = None
    i_customer: Id | None = None
    product_addon: YesNo | None = None
    hidden: YesNo | None = None


class ProductList(msgspec.Struct, kw_only=True):
    """Products of a page, by their number."""

    product_list: list[ProductInfo]
    total: int | UnsetType = UNSET


class ProductRequest(Request, kw_only=True):
    """Which product."""

    i_product: Id


class ProductAnswer(msgspec.Struct, kw_only=True):
    """The product; nothing when there is none."""

    product_info: ProductInfo | UnsetType = UNSET


@method("Product/get_product_list", realms=OWNERS)
def get_product_list(caller: Caller, asked: ProductListRequest) -> ProductList:
    """List products and add-ons; a customer sees those of their agreement."""
    products = _visible(caller)
    if (whose := caller.own_customer_id(asked.i_customer)) is not None:
        products = products.filter(agreements__customer=whose)
    products = products.filter(like("name", asked.name), like("end_user_name", asked.end_user_name))
    if asked.i_product is not None:
        products = products.filter(pk=asked.i_product)
    if asked.product_addon is not None:
        products = products.filter(is_addon=asked.product_addon.is_yes)
    if asked.hidden is not None:
        products = products.filter(is_hidden=asked.hidden.is_yes)
    rows, total = page(caller, shown_with(products.order_by("pk")), asked)
    return ProductList(product_list=product_infos(rows), total=total)


@method("Product/get_product_info", realms=OWNERS)
def get_product_info(caller: Caller, asked: ProductRequest) -> ProductAnswer:
    """Show one product."""
    found = shown_with(_visible(caller)).filter(pk=asked.i_product).first()
    return ProductAnswer() if found is None else ProductAnswer(product_info=product_info(found))


class AddonsRequest(ListRequest, kw_only=True):
    """Of which main product, and how much of each."""

    i_product: Id
    detailed_info: Switch | None = None
    with_subscription: Switch | None = None


@method("Product/get_allowed_addons", realms=OWNERS)
def get_allowed_addons(caller: Caller, asked: AddonsRequest) -> ProductList:
    """List the add-ons that an account with a main product may have."""
    main = _visible(caller).filter(pk=asked.i_product).first()
    if main is None:
        raise not_there(caller, f"product {asked.i_product}")
    addons = allowed_addons(main)
    if caller.realm is not Realm.STAFF:
        addons = addons.filter(agreements__customer=caller.customer_id)
    rows, total = page(caller, shown_with(addons.order_by("pk")), asked)
    return ProductList(
        product_list=product_infos(rows, with_subscription=bool(asked.with_subscription)), total=total
    )


def _visible(caller: Caller) -> QuerySet[Product]:
    """What the caller may see: customers only what is agreed and offered."""
    if caller.realm is Realm.STAFF:
        return Product.objects.all()
    return Product.objects.filter(agreements__customer=caller.customer_id, is_hidden=False)


class ProductGiven(Info, kw_only=True):
    """What a product is to be; what is not sent stays as it is."""

    i_product: Id | None = None
    name: str | None = None
    end_user_name: str | None = None
    description: str | None = None
    end_user_description: str | None = None
    iso_4217: str | None = None
    i_subscription: Id | UnsetType | None = UNSET
    product_addon: YesNo | None = None
    allowed_with_any_product: YesNo | None = None
    allowed_products: list[Id] | None = None
    i_account_role: Id | None = None
    hidden: YesNo | None = None


class ProductWrite(Request, kw_only=True):
    """A product to make or change."""

    product_info: ProductGiven


class ProductWritten(msgspec.Struct):
    """Its number."""

    i_product: Id


@method("Product/add_product", realms=(STAFF,), writes=True)
def add_product(caller: Caller, asked: ProductWrite) -> ProductWritten:
    """Make a product or an add-on. Its tariffs are named with `tollbook products set`."""
    given = asked.product_info
    if not given.name:
        raise missing(caller.method, "name", "product_info")
    product = set_product(code=_new_code(given.name), **_facts(caller, given, {"tariffs": {}}))
    _require_currency(caller, given, product)
    caller.made(f"product {product.pk}", _look(product))
    return ProductWritten(product.pk)


@method("Product/update_product", realms=(STAFF,), writes=True)
def update_product(caller: Caller, asked: ProductWrite) -> ProductWritten:
    """Change what is said of a product; what is not sent stays."""
    given = asked.product_info
    if given.i_product is None:
        raise missing(caller.method, "i_product", "product_info")
    product = _named(caller, given.i_product)
    with caller.changing(f"product {product.pk}", lambda: _look(Product.objects.get(pk=product.pk))):
        changed = set_product(code=product.code, **_facts(caller, given, _as_it_is(product)))
    _require_currency(caller, given, changed)
    return ProductWritten(product.pk)


@method("Product/delete_product", realms=(STAFF,), writes=True)
def delete_product(caller: Caller, asked: ProductRequest) -> Success:
    """Remove a product that nobody has used."""
    product = _named(caller, asked.i_product)
    before = _look(product)
    with caller.changing(f"product {asked.i_product}", lambda: before if product.pk else {}):
        remove_product(product)
    return Success()


def _named(caller: Caller, i_product: int) -> Product:
    found = Product.objects.filter(pk=i_product).first()
    if found is None:
        raise not_there(caller, f"product {i_product}")
    return found


def _new_code(name: str) -> str:
    """By which accounts name it: the name in small letters, with a number when that is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: CODE_LENGTH - 8] or "product"
    taken = set(Product.objects.filter(code__startswith=base).values_list("code", flat=True))
    return next(code for code in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)


def _as_it_is(product: Product) -> dict[str, Any]:
    """All that `set_product` is told."""
    specials = product.specials.select_related("tariff").order_by("place")
    named = product.tariffs.select_related("tariff")
    return {
        "name": product.name,
        "tariffs": {one.kind: one.tariff.name if one.tariff else None for one in named},
        "on_net": product.on_net,
        "specials": [(one.kind, one.tariff.name) for one in specials],
        "number_rules": product.number_rules,
        "exclusions": product.exclusions,
        "is_addon": product.is_addon,
        "goes_with": [one.code for one in product.goes_with.all()],
        "goes_with_any": product.goes_with_any,
        "role": product.role,
        "plan": product.plan.code if product.plan else None,
        "description": product.description,
        "end_user_name": product.end_user_name,
        "end_user_description": product.end_user_description,
        "is_hidden": product.is_hidden,
        "needs_approval": product.needs_approval,
        "checklist": product.checklist,
        "features": product.features,
    }


def _facts(caller: Caller, given: ProductGiven, facts: dict[str, Any]) -> dict[str, Any]:
    """What there is, with what was sent in its place."""
    sent = {
        "name": given.name,
        "end_user_name": given.end_user_name,
        "description": given.description,
        "end_user_description": given.end_user_description,
        "is_addon": given.product_addon and given.product_addon.is_yes,
        "goes_with_any": given.allowed_with_any_product and given.allowed_with_any_product.is_yes,
        "is_hidden": given.hidden and given.hidden.is_yes,
    }
    facts |= {name: value for name, value in sent.items() if value is not None}
    if given.i_subscription is not UNSET:
        facts["plan"] = None if given.i_subscription is None else _plan(caller, given.i_subscription)
    if given.i_account_role is not None:
        if given.i_account_role not in ROLE_OF_NUMBER:
            raise invalid(caller.method, "product_info.i_account_role", f"{given.i_account_role} is no role here")
        facts["role"] = ROLE_OF_NUMBER[given.i_account_role]
    if given.allowed_products is not None:
        facts["goes_with"] = [_named(caller, number).code for number in dict.fromkeys(given.allowed_products)]
    return facts


def _plan(caller: Caller, i_subscription: int) -> str:
    found = SubscriptionPlan.objects.filter(pk=i_subscription).first()
    if found is None:
        raise not_there(caller, f"subscription {i_subscription}")
    return found.code


def _require_currency(caller: Caller, given: ProductGiven, product: Product) -> None:
    """Products have no currency of their own; one that is sent must be that of their prices."""
    has = product_info(shown_with(Product.objects.all()).get(pk=product.pk)).iso_4217
    if given.iso_4217 and has and given.iso_4217 != has:
        raise invalid(caller.method, "product_info.iso_4217", f"{given.iso_4217}, but its prices are in {has}")


def _look(product: Product) -> Mapping[str, Any]:
    shown = _as_it_is(product)
    return {name: shown[name] for name in ("name", "end_user_name", "is_addon", "goes_with", "plan", "is_hidden")}
