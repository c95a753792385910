"""Many months of billed calls, written by the database itself: what an API reads is measured, not how it came there."""

from datetime import UTC, datetime

from bench.office import Office

CUSTOMERS = 1_000  # who call; the others have none
RECORDS_A_MONTH = 1_000_000
FIRST_MONTH = 2025 * 12  # January 2025, counted in months

# By the hour, as an hourly collect brings them: a batch is sorted by account, and billed an hour later.
RECORDS = """
INSERT INTO usage_usagerecord (
    id, connection_id, run_id, line, record_key, kind, start, answered, duration_us, cli, cld, account_id, customer_id,
    outcome, tariff_version_id, rate_line, billed, exact_sixtieths, price_nanos, currency, transaction_id, billed_at)
SELECT {first} + n, 1, 0, n, 'x' || ({first} + n), 'voice_out', hour + interval '1 second' * (n % 3600), TRUE, 61000000,
       '48221000001', '442079460000', a.id, a.customer_id, 'charged', v.id, 2, 120, 0, 24000000, 'EUR',
       {transactions} + day * {customers} + place, hour + interval '1 hour'
  FROM (SELECT n, date_trunc('hour', timestamptz '{since}' + interval '28 days' * n / {count}) AS hour,
               n * 28 / {count} AS day,
               ((n * 672 % {count}) * {customers} / {count})::int AS place
          FROM generate_series(0::bigint, {count} - 1) AS n) AS call
  JOIN (SELECT DISTINCT ON (customer_id) id, customer_id,
               dense_rank() OVER (ORDER BY customer_id) - 1 AS nth FROM customers_account) AS a ON a.nth = place
 CROSS JOIN (SELECT id FROM catalog_tariffversion ORDER BY id LIMIT 1) AS v
 ORDER BY n / ({count} / 672 + 1), place
"""
CHART = """
INSERT INTO ledger_ledgeraccount (kind, detail, currency)
VALUES ('receivable', '', 'EUR'), ('revenue', 'voice_out', 'EUR') ON CONFLICT DO NOTHING
"""
# One a day and customer.
TRANSACTIONS = """
INSERT INTO ledger_transaction (id, kind, posted_at, customer_id, month, usage_kind, tax_rate, is_gross, currency)
SELECT {transactions} + day * {customers} + nth, 'usage', timestamptz '{since}' + interval '1 day' * (day + 1), id,
       date '{since}', 'voice_out', 23, FALSE, 'EUR'
  FROM generate_series(0, 27) AS day
 CROSS JOIN (SELECT id, dense_rank() OVER (ORDER BY id) - 1 AS nth FROM customers_customer) AS c
 WHERE nth < {customers}
"""
# What each owes and what was sold; a tax leg more would be a row more to read past.
POSTINGS = """
INSERT INTO ledger_posting (transaction_id, leg, ledger_account_id, customer_id, amount_nanos, currency)
SELECT t.id, leg, a.id, CASE leg WHEN 0 THEN t.customer_id END, 24000000 * (1 - 2 * leg), 'EUR'
  FROM ledger_transaction t CROSS JOIN generate_series(0, 1) AS leg
  JOIN ledger_ledgeraccount a ON a.kind = CASE leg WHEN 0 THEN 'receivable' ELSE 'revenue' END
 WHERE t.id >= {transactions} AND t.id < {transactions} + 28 * {customers}
 ORDER BY t.id, leg
"""


def add_month(office: Office, number: int, *, count: int, customers: int) -> None:
    """A month of so many records; months are counted from 0."""
    year, month = divmod(FIRST_MONTH + number, 12)
    since = datetime(year, month + 1, 1, tzinfo=UTC)
    facts = {
        "first": 1_000_000_000 + number * RECORDS_A_MONTH,
        "transactions": 1_000_000_000 + number * 28 * CUSTOMERS,
        "count": count,
        "customers": customers,
        "since": f"{since:%Y-%m-%d}",
    }
    office.execute(f"SELECT usage_ensure_month('{since:%Y-%m-%d}')")
    office.execute(TRANSACTIONS.format(**facts))
    office.execute(CHART)
    office.execute(POSTINGS.format(**facts))
    office.execute(RECORDS.format(**facts))
    office.execute(f"VACUUM ANALYZE usage_usagerecord_{since:%Y_%m}")
