"""Changing customers: importing them, their accounts and numbers; pairing them with those of platforms."""

from tollbook.customers.operations.describe_account import Described, describe_account, end_mark
from tollbook.customers.operations.import_accounts import AccountsReport, import_accounts
from tollbook.customers.operations.import_customers import import_customers
from tollbook.customers.operations.import_services import ServicesReport, import_services
from tollbook.customers.operations.pair import (
    accept_suggestion,
    end_pairing,
    pair,
    reject_suggestion,
    set_ignored,
)
from tollbook.customers.operations.special_lists import remove_special, set_special

__all__ = [
    "AccountsReport",
    "Described",
    "ServicesReport",
    "accept_suggestion",
    "describe_account",
    "end_mark",
    "end_pairing",
    "import_accounts",
    "import_customers",
    "import_services",
    "pair",
    "reject_suggestion",
    "remove_special",
    "set_ignored",
    "set_special",
]
