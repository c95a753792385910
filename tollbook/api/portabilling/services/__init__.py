"""The services: importing this package serves every method."""

from tollbook.api.portabilling.services import account, customer, generic, session, xdrs

__all__ = ["account", "customer", "generic", "session", "xdrs"]
