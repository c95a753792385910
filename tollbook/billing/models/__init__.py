"""Documents, fees and money on top of the ledger."""

from tollbook.billing.models.invoices import (
    Invoice,
    InvoicedTransaction,
    InvoiceLine,
    InvoiceSeries,
    Seller,
    StoredDocument,
)
from tollbook.billing.models.money import MoneyAction, MoneyEntry
from tollbook.billing.models.subscriptions import FeeCharge, FeeKind, Subscription
from tollbook.billing.models.usage_counts import AllowancePool, AllowanceTaken, TierCount, TierTaken

__all__ = [
    "AllowancePool",
    "AllowanceTaken",
    "FeeCharge",
    "FeeKind",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "InvoicedTransaction",
    "MoneyAction",
    "MoneyEntry",
    "Seller",
    "StoredDocument",
    "Subscription",
    "TierCount",
    "TierTaken",
]
