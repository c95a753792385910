"""Service Account: what makes usage, its numbers, and what is kept with it."""

from tollbook.api.portabilling.services.account import listing

__all__ = ["listing"]
