"""Subscriptions that wait for a first use begin with it."""

from datetime import date

from django.db import connection

# The index of usage is by account and start, so each account costs a look into it.
ACCOUNTS_USED = """
    UPDATE customers_account a SET first_used_at = used.start
      FROM (SELECT DISTINCT s.account_id AS id, u.start
              FROM billing_subscription s
              JOIN customers_account w ON w.id = s.account_id AND w.first_used_at IS NULL
             CROSS JOIN LATERAL (SELECT start FROM usage_usagerecord
                    WHERE account_id = s.account_id AND outcome IN ('charged', 'free')
                    ORDER BY start LIMIT 1) u
             WHERE s.starts_on IS NULL AND s.ends_on IS NULL) used
     WHERE a.id = used.id
"""
SUBSCRIPTIONS_USED = """
    UPDATE billing_subscription s SET starts_on = used.day, due_on = used.day
      FROM (SELECT s.id, (min(u.start) AT TIME ZONE c.timezone)::date AS day
              FROM billing_subscription s
              JOIN customers_customer c ON c.id = s.customer_id
              JOIN customers_account a ON a.id = s.account_id OR s.account_id IS NULL AND a.customer_id = c.id
             CROSS JOIN LATERAL (SELECT start FROM usage_usagerecord
                    WHERE account_id = a.id AND start >= s.created_at AND outcome IN ('charged', 'free')
                    ORDER BY start LIMIT 1) u
             WHERE s.starts_on IS NULL AND s.ends_on IS NULL
             GROUP BY s.id, c.timezone) used
     WHERE s.id = used.id AND s.starts_on IS NULL AND used.day <= %s
"""


def begin_with_first_use(*, upto: date) -> int:
    """Let those begin whose account was used since they were made, on that day; how many did. Safe to repeat.

    A subscription of a customer as a whole begins with the first use of any account of theirs.
    """
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS_USED)
        cursor.execute(SUBSCRIPTIONS_USED, [upto])
        return int(cursor.rowcount)
