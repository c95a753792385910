"""Which xDRs are asked for, as conditions of the two tables they come from."""

from dataclasses import dataclass, field
from datetime import datetime

from tollbook.api.portabilling.xdrs.kinds import kinds_of_service, money_of_service

ON_INVOICE = "SELECT transaction_id FROM billing_invoicedtransaction WHERE invoice_id = %s"

# What is hidden from the bill, and what was taken back: it is not what the customer owes for.
NOT_HIDDEN = "u.outcome IN ('charged', 'free') AND coalesce(u.reason, '') <> 'hidden'"
SUCCESSFUL = "NOT (u.answered IS FALSE OR coalesce(u.reason, '') = 'unanswered')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A question about xDRs of one customer, or of one of their accounts. Times are of billing, `[since, until)`."""

    customer_id: int
    account_id: int | None = None
    since: datetime
    until: datetime
    service: int | None = None
    of_accounts: bool | None = None  # only what accounts, or only what the customer directly, was charged for
    cli: str | None = None  # LIKE patterns
    cld: str | None = None
    record_key: str | None = None
    invoice_id: int | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None
    with_unsuccessful: bool = False
    with_hidden: bool = False
    is_none: bool = False  # nothing here can be so


Param = int | str | datetime | list[str]


@dataclass(slots=True)
class Conditions:
    """Parts of a WHERE, with what fills them."""

    parts: list[str] = field(default_factory=list)
    params: list[Param] = field(default_factory=list)

    def add(self, part: str, *params: Param) -> None:
        self.parts.append(part)
        self.params.extend(params)

    def add_where_said(self, part: str, param: Param | None) -> None:
        """The part, unless what fills it is left open."""
        if param is not None:
            self.add(part, param)

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts)


def usage_conditions(wanted: Wanted) -> Conditions:
    """Of `usage_usagerecord u`."""
    where = Conditions()
    where.add("u.customer_id = %s", wanted.customer_id)
    where.add("u.billed_at >= %s AND u.billed_at < %s", wanted.since, wanted.until)
    if not wanted.with_hidden:
        where.add(NOT_HIDDEN)
    if not wanted.with_unsuccessful:
        where.add(SUCCESSFUL)
    where.add_where_said("u.account_id = %s", wanted.account_id)
    where.add_where_said("u.kind = ANY(%s)", wanted.service and kinds_of_service(wanted.service))
    where.add_where_said("u.cli LIKE %s", wanted.cli)
    where.add_where_said("u.cld LIKE %s", wanted.cld)
    where.add_where_said("u.record_key = %s", wanted.record_key)
    where.add_where_said(f"u.transaction_id IN ({ON_INVOICE})", wanted.invoice_id)
    where.add_where_said("u.start >= %s", wanted.started_from)
    where.add_where_said("u.start < %s", wanted.started_before)
    if wanted.of_accounts is False or wanted.is_none:
        where.add("FALSE")
    return where


def money_conditions(wanted: Wanted) -> Conditions:
    """Of `ledger_transaction t`: what is no usage. Its moment is that of its posting."""
    where = Conditions()
    where.add("t.customer_id = %s", wanted.customer_id)
    where.add("t.posted_at >= %s AND t.posted_at < %s", wanted.since, wanted.until)
    where.add("t.kind NOT IN ('usage', 'usage_reversal')")
    where.add_where_said("t.account_id = %s", wanted.account_id)
    where.add_where_said("t.kind = ANY(%s)", wanted.service and money_of_service(wanted.service))
    where.add_where_said(f"t.id IN ({ON_INVOICE})", wanted.invoice_id)
    where.add_where_said("t.posted_at >= %s", wanted.started_from)
    where.add_where_said("t.posted_at < %s", wanted.started_before)
    if wanted.of_accounts is not None:
        where.add("t.account_id IS NOT NULL" if wanted.of_accounts else "t.account_id IS NULL")
    if wanted.is_none or (wanted.cli, wanted.cld, wanted.record_key) != (None, None, None):
        where.add("FALSE")  # money has no numbers
    return where
