"""Who pays, what makes their usage, and who they are at the platforms, each over time."""

from tollbook.customers.models.accounts import (
    Account,
    AccountEvent,
    AccountLink,
    AccountMark,
    AccountProduct,
    AccountState,
    Approval,
    BlockedBy,
    ForeignNumber,
    FormerCode,
    MarkKind,
    Number,
)
from tollbook.customers.models.agreements import Agreement
from tollbook.customers.models.customers import (
    Customer,
    CustomerEvent,
    CustomerState,
    CustomField,
    Identity,
    TaxTreatment,
)
from tollbook.customers.models.extensions import DialCode, Extension, HuntGroup, HuntGroupMember
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
from tollbook.customers.models.stock import NumberGrant, StockNumber

__all__ = [
    "MAX_SPECIALS",
    "Account",
    "AccountEvent",
    "AccountLink",
    "AccountMark",
    "AccountProduct",
    "AccountState",
    "Agreement",
    "Approval",
    "BlockedBy",
    "CustomField",
    "Customer",
    "CustomerEvent",
    "CustomerState",
    "DialCode",
    "Extension",
    "ForeignCustomer",
    "ForeignNumber",
    "FormerCode",
    "HuntGroup",
    "HuntGroupMember",
    "Identity",
    "MarkKind",
    "Number",
    "NumberGrant",
    "Pairing",
    "PairingDeed",
    "PairingEvent",
    "SpecialTariff",
    "Standing",
    "StockNumber",
    "Suggestion",
    "SuggestionState",
    "TaxTreatment",
]
