"""Customers, accounts and products, as people name them on the command line."""

from tollbook.catalog.models import Product
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput


def named_customer(code: str) -> Customer:
    """The customer of that code.

    Raises:
        BadInput: there is none.
    """
    found = Customer.objects.filter(code=code).first()
    if found is None:
        raise BadInput(f"there is no customer {code!r}; see `tollbook customers list`")
    return found


def named_account(code: str) -> Account:
    """The account of that code.

    Raises:
        BadInput: there is none.
    """
    found = Account.objects.filter(code=code).select_related("customer", "product").first()
    if found is None:
        raise BadInput(f"there is no account {code!r}; see `tollbook accounts list`")
    return found


def named_product(code: str) -> Product:
    """The product or add-on of that code.

    Raises:
        BadInput: there is none.
    """
    found = Product.objects.filter(code=code).select_related("plan").first()
    if found is None:
        raise BadInput(f"there is no product {code!r}; see `tollbook products list`")
    return found
