"""Products: what they name for each kind of usage."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from tollbook.catalog.models import Product, ProductSpecial, ProductTariff, Tariff
from tollbook.catalog.operations.derive import derive_tariff, derived_name
from tollbook.catalog.queries import named_tariff
from tollbook.errors import BadInput
from tollbook.phone import NumberRules
from tollbook.records import KINDS


def set_product(
    *,
    code: str,
    name: str,
    tariffs: Mapping[str, str | None],
    on_net: str = "charged",
    specials: Sequence[tuple[str, str]] = (),
    number_rules: Mapping[str, Any] | None = None,
    exclusions: Sequence[Mapping[str, Any]] = (),
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

    Raises:
        BadInput: an unknown kind or tariff, a special list in another currency or without rates, wrong number rules.
    """
    for kind in (*tariffs, *(kind for kind, _ in specials)):
        if kind not in KINDS:
            raise BadInput(f"product {code!r}: unknown kind {kind!r}; kinds are {', '.join(KINDS)}")
    named = {kind: tariff and _tariff(code, tariff) for kind, tariff in tariffs.items()}
    lists = [(kind, special_list(f"product {code!r}", tariff)) for kind, tariff in dict.fromkeys(specials)]
    for kind, special in lists:
        usual = named.get(kind)
        if usual and usual.currency != special.currency:
            raise BadInput(
                f"product {code!r}: special list {special.name!r} is in {special.currency}, and {kind} of the product "
                f"in {usual.currency}; name lists of one currency"
            )
    NumberRules.from_mapping(number_rules or {})
    with transaction.atomic():
        facts = {
            "name": name,
            "on_net": on_net,
            "number_rules": number_rules or {},
            "exclusions": list(exclusions),
        }
        product, _ = Product.objects.update_or_create(code=code, defaults=facts)
        ProductTariff.objects.filter(product=product).exclude(kind__in=tariffs).delete()
        for kind, tariff in named.items():
            ProductTariff.objects.update_or_create(product=product, kind=kind, defaults={"tariff": tariff or None})
        ProductSpecial.objects.filter(product=product).delete()
        ProductSpecial.objects.bulk_create(
            ProductSpecial(product=product, kind=kind, tariff=special, place=place)
            for place, (kind, special) in enumerate(lists)
        )
    return product


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
