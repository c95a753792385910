"""Changing customers: importing them, their accounts and numbers."""

from tollbook.customers.operations.import_accounts import AccountsReport, import_accounts
from tollbook.customers.operations.import_customers import import_customers

__all__ = ["AccountsReport", "import_accounts", "import_customers"]
