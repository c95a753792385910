"""Service Customer: who pays, their PBX, and what they may have."""

from tollbook.api.portabilling.services.customer import (
    accounts_subscriptions,
    agreement,
    custom_fields,
    dial_codes,
    extensions,
    features,
    hunt_groups,
    keeping,
    listing,
    payment_methods,
    standing,
    transactions,
    uploads,
)

__all__ = [
    "accounts_subscriptions",
    "agreement",
    "custom_fields",
    "dial_codes",
    "extensions",
    "features",
    "hunt_groups",
    "keeping",
    "listing",
    "payment_methods",
    "standing",
    "transactions",
    "uploads",
]
