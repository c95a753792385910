"""Products: what they name for each kind of usage, their fees, and which go together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from tollbook.catalog.models import Product, ProductSpecial, ProductTariff, Role, SubscriptionPlan, Tariff
from tollbook.catalog.operations import checks
from tollbook.catalog.operations.derive import derive_tariff, derived_name
from tollbook.catalog.queries import named_tariff
from tollbook.errors import BadInput
from tollbook.phone import NumberRules
from tollbook.records import KINDS

MAX_CHECKLIST = 50
MAX_ITEM = 200  # characters of one


@transaction.atomic
def set_product(
    *,
    code: str,
    name: str,
    tariffs: Mapping[str, str | None],
    on_net: str = "charged",
    specials: Sequence[tuple[str, str]] = (),
    number_rules: Mapping[str, Any] | None = None,
    exclusions: Sequence[Mapping[str, Any]] = (),
    is_addon: bool = False,
    goes_with: Sequence[str] = (),
    goes_with_any: bool = False,
    role: str = Role.UNIVERSAL,
    plan: str | None = None,
    description: str = "",
    end_user_name: str = "",
    end_user_description: str = "",
    is_hidden: bool = False,
    needs_approval: bool = False,
    checklist: Sequence[str] = (),
    features: Mapping[str, Any] | None = None,
) -> Product:
    """Make or change a product. Safe to repeat. What is not named any more is taken out of it.

    Args:
        code: by which accounts name it.
        name: for people.
        tariffs: usage kind to tariff name; None = the kind is not billed.
        on_net: one of `models.OnNet`.
        specials: usage kind and tariff name of special price lists, in the order in which they are asked.
        number_rules: instead of the connection's for the number called (`phone.NumberRules`).
        exclusions: what costs nothing besides the connection's, {pattern, is_hidden}, checked by the caller.
        is_addon: it is had besides a main product.
        goes_with: codes of the main products that an add-on goes with.
        goes_with_any: it goes with every one.
        role: one of `models.Role`, of accounts that have it.
        plan: code of the plan of its fees.
        description: for people.
        end_user_name: as customers see it; "" = the name.
        end_user_description: as customers see it.
        is_hidden: not offered any more; who has it keeps it.
        needs_approval: an account that a customer makes waits for staff.
        checklist: what staff see to before they activate one.
        features: service features of accounts that say nothing else.

    Raises:
        BadInput: an unknown kind, tariff, plan, role or product; a special list without rates; lists or a plan in
            several currencies; wrong number rules; an add-on of add-ons; or accounts have it as what it was.
    """
    whose = f"product {code!r}"
    for kind in (*tariffs, *(kind for kind, _ in specials)):
        if kind not in KINDS:
            raise BadInput(f"product {code!r}: unknown kind {kind!r}; kinds are {', '.join(KINDS)}")
    named = {kind: tariff and _tariff(code, tariff) for kind, tariff in tariffs.items()}
    lists = [(kind, special_list(whose, tariff)) for kind, tariff in dict.fromkeys(specials)]
    for kind, special in lists:
        usual = named.get(kind)
        if usual and usual.currency != special.currency:
            raise BadInput(
                f"product {code!r}: special list {special.name!r} is in {special.currency}, and {kind} of the product "
                f"in {usual.currency}; name lists of one currency"
            )
    NumberRules.from_mapping(number_rules or {})
    fees = None if plan is None else checks.named_plan(whose, plan)
    if fees is not None:
        _require_currency(
            whose, fees, [*(tariff for tariff in named.values() if tariff), *(one for _, one in lists)]
        )
    facts = {
        "name": checks.text(whose, Product, "name", name, is_required=True),
        "on_net": on_net,
        "number_rules": number_rules or {},
        "exclusions": list(exclusions),
        "is_addon": is_addon,
        "goes_with_any": goes_with_any,
        "role": checks.choice(whose, "role", role, Role),
        "plan": fees,
        "description": checks.text(whose, Product, "description", description),
        "end_user_name": checks.text(whose, Product, "end_user_name", end_user_name),
        "end_user_description": checks.text(whose, Product, "end_user_description", end_user_description),
        "is_hidden": is_hidden,
        "needs_approval": needs_approval,
        "checklist": _checklist(whose, checklist),
        "features": dict(features or {}),
    }
    main_products = _goes_with(whose, goes_with, is_addon=is_addon, with_any=goes_with_any)
    _stay_what_it_is(whose, code, is_addon=is_addon)
    product, _ = Product.objects.update_or_create(code=code, defaults=facts)
    product.goes_with.set(main_products)
    ProductTariff.objects.filter(product=product).exclude(kind__in=tariffs).delete()
    for kind, tariff in named.items():
        ProductTariff.objects.update_or_create(product=product, kind=kind, defaults={"tariff": tariff or None})
    ProductSpecial.objects.filter(product=product).delete()
    ProductSpecial.objects.bulk_create(
        ProductSpecial(product=product, kind=kind, tariff=special, place=place)
        for place, (kind, special) in enumerate(lists)
    )
    return product


def _require_currency(whose: str, plan: SubscriptionPlan, tariffs: Sequence[Tariff]) -> None:
    for tariff in tariffs:
        if tariff.currency != plan.currency:
            raise BadInput(
                f"{whose}: plan {plan.code!r} is in {plan.currency}, tariff {tariff.name!r} in {tariff.currency}; "
                "name a plan and tariffs of one currency"
            )


def _goes_with(whose: str, codes: Sequence[str], *, is_addon: bool, with_any: bool) -> list[Product]:
    """The main products that an add-on goes with."""
    if not is_addon:
        if codes or with_any:
            raise BadInput(f"{whose}: it is a main product, and only an add-on goes with others")
        return []
    found = [checks.named_product(whose, one) for one in checks.once(whose, "product", codes)]
    for one in found:
        if one.is_addon:
            raise BadInput(f"{whose}: {one.code!r} is an add-on; an add-on goes with main products")
    return found


def _stay_what_it_is(whose: str, code: str, *, is_addon: bool) -> None:
    """A product that somebody has as their main one is no add-on tomorrow, and the other way round."""
    known = Product.objects.select_for_update().filter(code=code).first()
    if known is None or known.is_addon == is_addon:
        return
    if known.is_addon:
        in_use = known.accounts_over_time.filter(is_addon=True).exists()
    else:
        in_use = known.accounts.exists() or known.accounts_over_time.exists() or known.addons.exists()
        in_use = in_use or known.tier_schemes.exists()
    if in_use:
        was = "an add-on" if known.is_addon else "a main product"
        raise BadInput(f"{whose} is in use as {was} and stays one; make the other one with a code of its own")


def _checklist(whose: str, items: Sequence[str]) -> list[str]:
    if len(items) > MAX_CHECKLIST or any(not item.strip() or len(item) > MAX_ITEM for item in items):
        raise BadInput(f"{whose}: a checklist has at most {MAX_CHECKLIST} texts of 1 to {MAX_ITEM} characters")
    return checks.once(whose, "checklist item", items)


def put_markups(
    tariffs: Mapping[str, str | None], markups: Mapping[str, Decimal], *, recorded_at: datetime
) -> dict[str, str | None]:
    """The tariffs by kind, those with a markup replaced by the tariff derived so, which is made where it is new.

    Raises:
        BadInput: a markup of a kind without a tariff, or of a tariff that can have none (`derive_tariff`).
    """
    marked_up = dict(tariffs)
    for kind, percent in markups.items():
        base = tariffs.get(kind)
        if base is None:
            raise BadInput(f"markup of {kind}: the kind has no tariff; name one with --tariff {kind}=NAME")
        if percent:
            derived = derive_tariff(
                name=derived_name(base, percent), base=base, markup_percent=percent, recorded_at=recorded_at
            )
            marked_up[kind] = derived.name
    return marked_up


def special_list(whose: str, name: str) -> Tariff:
    """The tariff that a special price list is.

    Raises:
        BadInput: there is none, or it takes the platform's price and so has no prefixes.
    """
    tariff = named_tariff(name)
    if tariff is None:
        raise BadInput(f"{whose}: there is no tariff {name!r}; import it first")
    if tariff.versions.exclude(markup_basis_points=None).filter(base_version=None).exists():
        raise BadInput(f"{whose}: {name!r} takes the platform's price; a special list is one with prefixes")
    return tariff


def _tariff(code: str, name: str) -> Tariff:
    tariff = named_tariff(name)
    if tariff is None:
        raise BadInput(f"product {code!r}: there is no tariff {name!r}; import it first")
    return tariff
