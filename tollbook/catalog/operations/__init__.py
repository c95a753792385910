"""Changing the catalog: price lists, tariffs derived from them, plans, tiers, products and what they name."""

from tollbook.catalog.operations.derive import derive_tariff, derived_name, read_markup
from tollbook.catalog.operations.plans import remove_allowance, set_allowance, set_destination_group, set_plan
from tollbook.catalog.operations.products import put_markups, set_product, special_list
from tollbook.catalog.operations.tiers import TierPrice, remove_tiers, set_tiers
from tollbook.catalog.operations.versions import import_tariff_version, require_same_money, set_platform_tariff

__all__ = [
    "TierPrice",
    "derive_tariff",
    "derived_name",
    "import_tariff_version",
    "put_markups",
    "read_markup",
    "remove_allowance",
    "remove_tiers",
    "require_same_money",
    "set_allowance",
    "set_destination_group",
    "set_plan",
    "set_platform_tariff",
    "set_product",
    "set_tiers",
    "special_list",
]
