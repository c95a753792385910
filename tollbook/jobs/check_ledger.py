"""Whether the books are right: every law that ledger, usage and invoices must keep, looked up in the tables.

The database and the operations keep these laws by themselves. The check believes neither: it adds everything up
again, in SQL and with its own arithmetic of tax, and names by id what does not hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from tollbook.database import one_moment
from tollbook.usage.queries import broken_equations

SHOWN_PER_LAW = 20  # problems; of further ones it is only said that there are more

POSTINGS = """
    ledger_transaction t
    JOIN ledger_posting p ON p.transaction_id = t.id
    JOIN ledger_ledgeraccount a ON a.id = p.ledger_account_id
"""
POSTINGS_COME_TO = """
    coalesce(sum(p.amount_nanos) FILTER (WHERE a.kind = 'receivable'), 0) AS owed,
    coalesce(-sum(p.amount_nanos) FILTER (WHERE a.kind = 'tax'), 0) AS tax
"""
# Every record that a transaction charged, with its tax: half up away from zero, in integers of any size.
RECORDS = """(
    SELECT t.*, u.outcome, u.price_nanos,
           sign(u.price_nanos) * div(2 * abs(u.price_nanos::numeric) * t.points + t.base, 2 * t.base) AS record_tax
      FROM usage_usagerecord u
      JOIN (SELECT *, tax_rate * 100 AS points, 10000 + CASE WHEN is_gross THEN tax_rate * 100 ELSE 0 END AS base
              FROM ledger_transaction) t ON t.id = u.transaction_id
) t"""
RECORDS_COME_TO = (
    "sum(price_nanos + CASE WHEN is_gross THEN 0 ELSE record_tax END) AS owed, sum(record_tax) AS tax"
)
# What records that are charged together have in common.
GROUP = "customer_id, account_id, month, usage_kind, tax_rate, is_gross, currency"
GROUP_OF_T = ", ".join(f"t.{name}" for name in GROUP.split(", "))

# Of an amount as it was charged or entered: what the transaction says of its tax, and the tax by that.
SALE = """t.customer_id, t.account_id, t.is_gross, t.tax_rate * 100 AS points,
    10000 + CASE WHEN t.is_gross THEN t.tax_rate * 100 ELSE 0 END AS base"""
TAX_OF_AMOUNT = "sign(f.amount) * div(2 * abs(f.amount) * p.points + p.base, 2 * p.base)"

# Each law with a query that selects one sentence for every place where it does not hold.
LAWS = {
    "the postings of a transaction sum to zero in every currency": """
        SELECT format('transaction %s is off balance by %s nano-%s', transaction_id, sum(amount_nanos), currency)
          FROM ledger_posting GROUP BY transaction_id, currency HAVING sum(amount_nanos) <> 0
         ORDER BY transaction_id, currency
    """,
    "a transaction has postings, and a posting its transaction": """
        SELECT DISTINCT CASE WHEN p.transaction_id IS NULL THEN format('transaction %s has no postings', t.id)
                             ELSE format('transaction %s has postings and does not exist', p.transaction_id) END
          FROM ledger_transaction t FULL JOIN ledger_posting p ON p.transaction_id = t.id
         WHERE t.id IS NULL OR p.transaction_id IS NULL ORDER BY 1
    """,
    "a posting is in its transaction's currency, and a receivable its customer's": f"""
        SELECT format('posting %s/%s is %s of customer %s in %s; its transaction is of customer %s in %s', t.id, p.leg,
                      a.kind, coalesce(p.customer_id::text, 'nobody'), p.currency, t.customer_id, t.currency)
          FROM {POSTINGS}
         WHERE p.currency <> t.currency OR a.currency <> t.currency
            OR p.customer_id IS DISTINCT FROM CASE WHEN a.kind = 'receivable' THEN t.customer_id END
         ORDER BY t.id, p.leg
    """,
    "a charged record has its transaction": """
        SELECT format('usage record %s of customer %s, account %s, says that transaction %s charged it, which is %s',
                      u.id, u.customer_id, u.account_id, u.transaction_id,
                      CASE WHEN t.id IS NULL THEN 'missing' ELSE 'about something else' END)
          FROM usage_usagerecord u LEFT JOIN ledger_transaction t ON t.id = u.transaction_id
         WHERE u.outcome = 'charged' AND (t.kind, t.customer_id, t.account_id, t.usage_kind, t.currency)
               IS DISTINCT FROM ('usage', u.customer_id, u.account_id, u.kind, u.currency)
         ORDER BY u.id
    """,
    # A record that waits again because its correction was undone has left its transaction; then only the sum over
    # charges and reversals, the next law, can tell.
    "the records behind a usage transaction come to its postings": f"""
        WITH posted AS (SELECT t.id, {GROUP_OF_T}, {POSTINGS_COME_TO} FROM {POSTINGS}
                         WHERE t.kind = 'usage' GROUP BY t.id),
             records AS (SELECT id, {RECORDS_COME_TO} FROM {RECORDS} GROUP BY id),
             reversed AS (SELECT DISTINCT {GROUP} FROM ledger_transaction WHERE kind = 'usage_reversal')
        SELECT format('transaction %s posts %s nano-%s with %s of tax, its records come to %s with %s',
                      id, p.owed, p.currency, p.tax, coalesce(r.owed, 0), coalesce(r.tax, 0))
          FROM posted p LEFT JOIN records r USING (id) LEFT JOIN reversed v USING ({GROUP})
         WHERE v.customer_id IS NULL AND (p.owed, p.tax) IS DISTINCT FROM (r.owed, r.tax) ORDER BY id
    """,
    "what is charged comes to what was posted less what was taken back": f"""
        WITH posted AS (SELECT {GROUP_OF_T}, {POSTINGS_COME_TO}, min(t.id) AS first FROM {POSTINGS}
                         WHERE t.kind IN ('usage', 'usage_reversal') GROUP BY {GROUP_OF_T}),
             records AS (SELECT {GROUP}, {RECORDS_COME_TO} FROM {RECORDS} WHERE outcome = 'charged' GROUP BY {GROUP})
        SELECT format('customer %s, account %s, %s of %s at %s %% %s (transaction %s …): %s nano-%s are posted'
                      ' with %s of tax, the charged records come to %s with %s', customer_id, account_id, usage_kind,
                      to_char(month, 'YYYY-MM'), tax_rate, CASE WHEN is_gross THEN 'gross' ELSE 'net' END, p.first,
                      p.owed, currency, p.tax, coalesce(r.owed, 0), coalesce(r.tax, 0))
          FROM posted p LEFT JOIN records r USING ({GROUP})
         WHERE (p.owed, p.tax) IS DISTINCT FROM (coalesce(r.owed, 0), coalesce(r.tax, 0)) ORDER BY p.first
    """,
    "a fee is charged by one transaction, with its tax": f"""
        WITH posted AS (SELECT t.id, {SALE}, {POSTINGS_COME_TO} FROM {POSTINGS} WHERE t.kind = 'fee' GROUP BY t.id),
             fees AS (SELECT c.id, c.transaction_id, c.amount * 1000000000 AS amount, s.customer_id, s.account_id
                        FROM billing_feecharge c JOIN billing_subscription s ON s.id = c.subscription_id)
        SELECT format('fee charge %s of %s nano-units is of customer %s, account %s; transaction %s posts %s with %s of'
                      ' tax, for customer %s, account %s', f.id, trunc(f.amount), f.customer_id, f.account_id,
                      coalesce(p.id, f.transaction_id), p.owed, p.tax, p.customer_id, p.account_id)
          FROM posted p FULL JOIN fees f ON f.transaction_id = p.id
         WHERE (f.customer_id, f.account_id, f.amount, {TAX_OF_AMOUNT}) IS DISTINCT FROM
               (p.customer_id, p.account_id, p.owed - CASE WHEN p.is_gross THEN 0 ELSE p.tax END, p.tax)
         ORDER BY f.id
    """,
    "money entered is booked by one transaction, with its tax": f"""
        WITH posted AS (SELECT t.id, t.kind, {SALE}, {POSTINGS_COME_TO} FROM {POSTINGS}
                         WHERE t.kind IN ('payment', 'refund', 'charge', 'credit') GROUP BY t.id),
             entered AS (SELECT *, amount * CASE WHEN action IN ('payment', 'credit') THEN -1000000000
                                                 ELSE 1000000000 END AS owed FROM billing_moneyentry)
        SELECT format('money entry %s of customer %s is a %s of %s %s; transaction %s is a %s of %s with %s of tax, of'
                      ' customer %s', f.id, f.customer_id, f.action, f.amount, f.currency,
                      coalesce(p.id, f.transaction_id), p.kind, p.owed, p.tax, p.customer_id)
          FROM posted p FULL JOIN (SELECT id, customer_id, account_id, action, owed AS amount, currency, transaction_id
                                     FROM entered) f ON f.transaction_id = p.id
         WHERE (f.customer_id, f.account_id, f.action, f.amount, {TAX_OF_AMOUNT}) IS DISTINCT FROM
               (p.customer_id, p.account_id, p.kind, p.owed, p.tax)
         ORDER BY f.id
    """,
    "a pool has given what usage records took of it": """
        SELECT format('pool %s has given %s, and usage records took %s of it', coalesce(p.id, t.pool_id), p.taken,
                      coalesce(t.amount, 0))
          FROM billing_allowancepool p
          FULL JOIN (SELECT pool_id, sum(amount) AS amount FROM billing_allowancetaken GROUP BY pool_id) t
            ON t.pool_id = p.id
         WHERE p.taken IS DISTINCT FROM coalesce(t.amount, 0) ORDER BY 1
    """,
    "a count of tiers is what usage records were counted for": """
        SELECT format('count %s has %s units worth %s, and usage records were counted for %s worth %s',
                      coalesce(c.id, t.count_id), c.units, c.value_sixtieths, coalesce(t.units, 0),
                      coalesce(t.value, 0))
          FROM billing_tiercount c
          FULL JOIN (SELECT count_id, sum(units) AS units, sum(value_sixtieths) AS value
                       FROM billing_tiertaken GROUP BY count_id) t ON t.count_id = c.id
         WHERE (c.units, c.value_sixtieths) IS DISTINCT FROM (coalesce(t.units, 0), coalesce(t.value, 0)) ORDER BY 1
    """,
    "what tiers made of usage posted before is posted": f"""
        WITH posted AS (SELECT t.customer_id, t.account_id, t.month, t.usage_kind, t.is_gross, {POSTINGS_COME_TO}
                          FROM {POSTINGS} WHERE t.kind = 'tier' GROUP BY 1, 2, 3, 4, 5),
             sums AS (SELECT customer_id, account_id, month, usage_kind,
                             sum(owed - CASE WHEN is_gross THEN 0 ELSE tax END) AS nanos
                        FROM posted GROUP BY 1, 2, 3, 4),
             counts AS (SELECT c.customer_id, c.account_id, c.since AS month, s.kind AS usage_kind,
                               sum(c.difference_nanos) AS nanos
                          FROM billing_tiercount c JOIN catalog_tierscheme s ON s.id = c.scheme_id GROUP BY 1, 2, 3, 4)
        SELECT format('customer %s, account %s, %s of %s: tiers changed %s nano-units, and %s are posted',
                      coalesce(c.customer_id, p.customer_id), coalesce(c.account_id, p.account_id),
                      coalesce(c.usage_kind, p.usage_kind), to_char(coalesce(c.month, p.month), 'YYYY-MM'),
                      coalesce(c.nanos, 0), coalesce(p.nanos, 0))
          FROM counts c FULL JOIN sums p
            ON (p.customer_id, p.month, p.usage_kind) = (c.customer_id, c.month, c.usage_kind)
           AND coalesce(p.account_id, 0) = coalesce(c.account_id, 0)
         WHERE coalesce(c.nanos, 0) <> coalesce(p.nanos, 0) ORDER BY 1
    """,
    "an invoice is for its customer's transactions, in its currency": """
        SELECT format('invoice %s of customer %s in %s has transaction %s, which is %s', i.number, i.customer_id,
                      i.currency, it.transaction_id, CASE WHEN t.id IS NULL THEN 'missing'
                      ELSE format('of customer %s in %s', t.customer_id, t.currency) END)
          FROM billing_invoicedtransaction it
          JOIN billing_invoice i ON i.id = it.invoice_id
          LEFT JOIN ledger_transaction t ON t.id = it.transaction_id
         WHERE (t.customer_id, t.currency) IS DISTINCT FROM (i.customer_id, i.currency::text)
         ORDER BY i.number, it.transaction_id
    """,
    "an invoice asks for what its transactions post": f"""
        WITH posted AS (SELECT it.invoice_id, {POSTINGS_COME_TO} FROM {POSTINGS}
                          JOIN billing_invoicedtransaction it ON it.transaction_id = t.id GROUP BY it.invoice_id)
        SELECT format('invoice %s is %s %s with %s of tax, its transactions post %s nano-%s with %s', i.number, i.gross,
                      i.currency, i.tax, coalesce(p.owed, 0), i.currency, coalesce(p.tax, 0))
          FROM billing_invoice i LEFT JOIN posted p ON p.invoice_id = i.id
         WHERE (i.gross * 1000000000, i.tax * 1000000000) IS DISTINCT FROM (p.owed, p.tax) ORDER BY i.number
    """,
    "the lines of an invoice add up to it": """
        SELECT format('invoice %s is %s net and %s tax, its lines are %s and %s', i.number, i.net, i.tax,
                      coalesce(sum(l.net), 0), coalesce(sum(l.tax), 0))
          FROM billing_invoice i LEFT JOIN billing_invoiceline l ON l.invoice_id = i.id
         GROUP BY i.id HAVING (i.net, i.tax) IS DISTINCT FROM (sum(l.net), sum(l.tax)) ORDER BY i.number
    """,
}
INTAKE_EQUATION = "records in are charged, free, set aside, duplicate, not usage, superseded or undone"


@dataclass(frozen=True, slots=True)
class Finding:
    """A law, and where it does not hold: the first places, by id. Empty is what it must be."""

    law: str
    problems: tuple[str, ...]
    has_more: bool


def check_ledger() -> Iterator[Finding]:
    """Look up every law, as things stand at one moment. Changes nothing."""
    with one_moment():
        for law, query in LAWS.items():
            with connection.cursor() as cursor:
                cursor.execute(f"{query} LIMIT {SHOWN_PER_LAW + 1}")
                yield _finding(law, [sentence for (sentence,) in cursor.fetchall()])
        yield _finding(INTAKE_EQUATION, broken_equations())


def _finding(law: str, problems: list[str]) -> Finding:
    return Finding(law, tuple(problems[:SHOWN_PER_LAW]), len(problems) > SHOWN_PER_LAW)
