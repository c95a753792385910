"""The services: importing this package serves every method."""

from tollbook.api.portabilling.services import (
    access_control,
    account,
    cdr,
    customer,
    customer_class,
    did,
    did_stock,
    discount_plan,
    generic,
    product,
    session,
    subscription,
    user,
    web_log,
    xdrs,
)

__all__ = [
    "access_control",
    "account",
    "cdr",
    "customer",
    "customer_class",
    "did",
    "did_stock",
    "discount_plan",
    "generic",
    "product",
    "session",
    "subscription",
    "user",
    "web_log",
    "xdrs",
]
