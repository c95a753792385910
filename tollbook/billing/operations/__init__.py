"""What changes in the books besides usage: invoices, and who issues them."""

from tollbook.billing.operations.invoices import issue_invoice
from tollbook.billing.operations.seller import set_seller

__all__ = ["issue_invoice", "set_seller"]
