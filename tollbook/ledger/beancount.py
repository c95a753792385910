"""The ledger as a Beancount file, for people who check it with a program that is not ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Self, TextIO

from tollbook.customers.models import Customer
from tollbook.database import one_moment, stream
from tollbook.ledger.beancount_text import account_name, amount, customer_names, decimals_needed, quoted
from tollbook.ledger.models import LedgerAccount, Transaction

ONE_DAY = timedelta(days=1)

Scope = dict[str, Any]  # customer's id or None, since, until

DAY = "(t.posted_at AT TIME ZONE 'UTC')::date"
BEFORE_UNTIL = "t.customer_id = coalesce(%(customer)s, t.customer_id) AND t.posted_at < %(until)s"

NARRATIONS = {
    Transaction.Kind.USAGE: "usage",
    Transaction.Kind.USAGE_REVERSAL: "usage taken back",
    Transaction.Kind.INVOICE_ROUNDING: "rounding of the invoice",
    Transaction.Kind.TIER: "tier reached",
    Transaction.Kind.FEE: "fee",
    Transaction.Kind.CHARGE: "charge by hand",
    Transaction.Kind.CREDIT: "credit by hand",
    Transaction.Kind.PAYMENT: "payment",
    Transaction.Kind.REFUND: "refund",
}


def export_beancount(
    out: TextIO, *, customer: Customer | None = None, since: date | None = None, until: date | None = None
) -> int:
    """Write what was posted in `[since, until)`, days in UTC, for all customers or one. How many transactions.

    What was posted before `since` is one opening transaction. At the end every account's balance is asserted,
    exactly. Memory grows with the number of accounts, not of transactions. The same ledger gives the same text.
    """
    written = 0
    with one_moment():
        names = _Names.current()
        scope = {
            "customer": customer and customer.pk,
            "since": _midnight(since or date.min),
            "until": _midnight(until or date.max),
        }
        sums = _sums(names, scope)
        out.write('option "title" "Tollbook ledger"\n\n')
        if not sums:
            return 0
        begin = since or min(one.first for one in sums)
        end = until or max(begin, *(one.last for one in sums)) + ONE_DAY
        out.writelines(_opens(sums, begin))
        out.writelines(_opening(sums, begin))
        for text in _transactions(names, scope):
            out.write(text)
            written += 1
        out.write("\n")
        out.writelines(f"{end} balance {one.account}  {_exact(one.closing)} ~ 0 {one.currency}\n" for one in sums)
    return written


@dataclass(frozen=True, slots=True)
class _Names:
    """What Beancount calls our accounts."""

    chart: dict[int, str]  # by id of LedgerAccount
    receivables: dict[int, str]  # by id of customer
    codes: dict[int, str]  # codes of customers

    @classmethod
    def current(cls) -> Self:
        codes = dict(Customer.objects.values_list("id", "code"))
        chart = {one.pk: account_name(one.kind, one.detail) for one in LedgerAccount.objects.all()}
        return cls(chart, customer_names(codes.items()), codes)

    def of(self, ledger_account_id: int, customer_id: int | None) -> str:
        """A customer's receivable, or the account of the chart."""
        return self.chart[ledger_account_id] if customer_id is None else self.receivables[customer_id]


@dataclass(frozen=True, slots=True)
class _Sum:
    """What an account holds of a currency before and after the transactions exported."""

    account: str
    currency: str
    customer_code: str | None
    opening: int
    closing: int
    first: date  # of its postings
    last: date


def _sums(names: _Names, scope: Scope) -> list[_Sum]:
    rows = stream(
        f"""
        SELECT p.ledger_account_id, p.customer_id, p.currency,
               coalesce(sum(p.amount_nanos) FILTER (WHERE t.posted_at < %(since)s), 0), sum(p.amount_nanos),
               min({DAY}), max({DAY})
          FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
         WHERE {BEFORE_UNTIL}
         GROUP BY 1, 2, 3
        """,
        scope,
    )
    sums = [
        _Sum(names.of(account, owner), currency, names.codes.get(owner), int(opening), int(closing), first, last)
        for account, owner, currency, opening, closing, first, last in rows
    ]
    return sorted(sums, key=lambda one: (one.account, one.currency))


def _opens(sums: list[_Sum], begin: date) -> Iterator[str]:
    for account, of_account in groupby(sums, key=lambda one: one.account):
        currencies = list(of_account)
        yield f"{begin} open {account} {','.join(one.currency for one in currencies)}\n"
        if code := currencies[0].customer_code:
            yield f"  customer: {quoted(code)}\n"


def _opening(sums: list[_Sum], begin: date) -> Iterator[str]:
    legs = [(one.account, one.opening, one.currency) for one in sums if one.opening]
    if legs:
        yield f'\n{begin} * "opening balances"\n' + _legs(legs)


def _transactions(names: _Names, scope: Scope) -> Iterator[str]:
    rows = stream(
        f"""
        SELECT t.id, {DAY}, t.kind, t.usage_kind, to_char(t.month, 'YYYY-MM'), t.customer_id, a.code,
               p.ledger_account_id, p.customer_id, p.amount_nanos, p.currency
          FROM ledger_transaction t
          JOIN ledger_posting p ON p.transaction_id = t.id
          LEFT JOIN customers_account a ON a.id = t.account_id
         WHERE {BEFORE_UNTIL} AND t.posted_at >= %(since)s
         ORDER BY t.id, p.leg
        """,
        scope,
    )
    for _, postings in groupby(rows, key=itemgetter(0)):
        legs = list(postings)
        transaction_id, day, kind, usage_kind, month, customer_id, account_code = legs[0][:7]
        code = quoted(names.codes[customer_id])
        narration = " ".join(filter(None, (NARRATIONS[kind], usage_kind, month)))
        yield (
            f'\n{day} * {code} "{narration}"\n  transaction: "{transaction_id}"\n  customer: {code}\n'
            + (f"  account: {quoted(account_code)}\n" if account_code else "")
            + _legs([(names.of(*leg[7:9]), leg[9], leg[10]) for leg in legs])
        )


def _legs(legs: list[tuple[str, int, str]]) -> str:
    decimals = decimals_needed(nanos for _, nanos, _ in legs)
    return "".join(f"  {account}  {amount(nanos, decimals)} {currency}\n" for account, nanos, currency in legs)


def _exact(nanos: int) -> str:
    return amount(nanos, decimals_needed([nanos]))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
