"""Service Customer: who pays, their PBX, and what they may have."""

from tollbook.api.portabilling.services.customer import listing

__all__ = ["listing"]
