"""Changing the catalog: new versions of price lists, tariffs derived from them, products and what they name."""

from tollbook.catalog.operations.derive import derive_tariff, derived_name, read_markup
from tollbook.catalog.operations.products import put_markups, set_product, special_list
from tollbook.catalog.operations.versions import import_tariff_version, require_same_money, set_platform_tariff

__all__ = [
    "derive_tariff",
    "derived_name",
    "import_tariff_version",
    "put_markups",
    "read_markup",
    "require_same_money",
    "set_platform_tariff",
    "set_product",
    "special_list",
]
