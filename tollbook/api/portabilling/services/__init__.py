"""The services: importing this package serves every method."""

from tollbook.api.portabilling.services import (
    access_control,
    account,
    cdr,
    customer,
    customer_class,
    generic,
    session,
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
    "generic",
    "session",
    "user",
    "web_log",
    "xdrs",
]
