"""Who pays, what makes their usage, and who they are at the platforms, each over time."""

from tollbook.customers.models.accounts import (
    Account,
    AccountEvent,
    AccountLink,
    AccountMark,
    AccountState,
    BlockedBy,
    ForeignNumber,
    MarkKind,
    Number,
)
from tollbook.customers.models.customers import Customer, CustomerState, Identity, TaxTreatment
from tollbook.customers.models.pairing import (
    ForeignCustomer,
    Pairing,
    PairingDeed,
    PairingEvent,
    Standing,
    Suggestion,
    SuggestionState,
)
from tollbook.customers.models.special_tariffs import MAX_SPECIALS, SpecialTariff

__all__ = [
    "MAX_SPECIALS",
    "Account",
    "AccountEvent",
    "AccountLink",
    "AccountMark",
    "AccountState",
    "BlockedBy",
    "Customer",
    "CustomerState",
    "ForeignCustomer",
    "ForeignNumber",
    "Identity",
    "MarkKind",
    "Number",
    "Pairing",
    "PairingDeed",
    "PairingEvent",
    "SpecialTariff",
    "Standing",
    "Suggestion",
    "SuggestionState",
    "TaxTreatment",
]
