"""Which of our products an account gets: by the platform's product, else the connection's usual one."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tollbook.catalog.models import Product
from tollbook.connections.models import Connection
from tollbook.errors import BadInput


@dataclass(frozen=True, slots=True)
class AccountProducts:
    """The connection's choice."""

    by_name: Mapping[str, Product]  # pattern of the platform's product name → ours; the first that fits counts
    usual: Product | None

    def of(self, name: str) -> Product | None:
        """Our product for one of the platform's; None = none is chosen."""
        return next((ours for pattern, ours in self.by_name.items() if fnmatchcase(name, pattern)), self.usual)


def account_products(connection: Connection) -> AccountProducts:
    """As the connection says.

    Raises:
        BadInput: it names a product that is not there.
    """
    usual = connection.account_product
    by_name = {pattern: _product(connection, code) for pattern, code in connection.account_products.items()}
    return AccountProducts(by_name, _product(connection, usual) if usual else None)


def _product(connection: Connection, code: str) -> Product:
    product = Product.objects.filter(code=code).first()
    if product is None:
        raise BadInput(
            f"{connection.name}: there is no product {code!r} for its new accounts; see `tollbook products list`"
        )
    return product
