"""Changing customers: importing them, their accounts and numbers; pairing them with those of platforms."""

from tollbook.customers.operations.import_accounts import AccountsReport, import_accounts
from tollbook.customers.operations.import_customers import import_customers
from tollbook.customers.operations.pair import (
    accept_suggestion,
    end_pairing,
    pair,
    reject_suggestion,
    set_ignored,
)

__all__ = [
    "AccountsReport",
    "accept_suggestion",
    "end_pairing",
    "import_accounts",
    "import_customers",
    "pair",
    "reject_suggestion",
    "set_ignored",
]
