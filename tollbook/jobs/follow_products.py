"""Whatever gave accounts their products, a sheet, a platform or a person: their subscriptions follow."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction

from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import bring_in_line
from tollbook.customers.models import Account, Customer

BATCH = 5_000  # accounts of one transaction

HAS = """
        SELECT a.id, a.product_id FROM customers_account a
         WHERE a.state NOT IN ('inactive', 'terminated')
        UNION ALL
        SELECT a.id, o.product_id FROM customers_account a
          JOIN customers_accountproduct o ON o.account_id = a.id AND o.is_addon AND o.active_until IS NULL
         WHERE a.state NOT IN ('inactive', 'terminated')
"""
# Products with fees that an account has and does not pay for; and subscriptions whose product it has no more.
STRAYED = f"""
    WITH has AS ({HAS}), strayed AS (
        SELECT h.id FROM has h JOIN catalog_product p ON p.id = h.product_id AND p.plan_id IS NOT NULL
         WHERE NOT EXISTS (SELECT FROM billing_subscription s WHERE s.account_id = h.id
                              AND s.product_id = h.product_id AND s.ends_on IS NULL)
        UNION
        SELECT s.account_id FROM billing_subscription s
         WHERE s.ends_on IS NULL AND s.product_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM has h WHERE h.id = s.account_id AND h.product_id = s.product_id)
    )
    SELECT a.id FROM strayed JOIN customers_account a USING (id)
     WHERE a.customer_id = coalesce(%s, a.customer_id) AND a.id = coalesce(%s, a.id) ORDER BY a.id
"""
# Of such accounts: those who have a product that costs another currency than their customer is kept in.
IN_ANOTHER_CURRENCY = f"""
    SELECT h.id, format('account %%s has product %%s, which costs %%s, and customer %%s is kept in %%s: its fees wait;'
                        ' give it a product in %%s', a.code, p.code, s.currency, c.code, c.currency, c.currency)
      FROM ({HAS}) h JOIN customers_account a ON a.id = h.id JOIN customers_customer c ON c.id = a.customer_id
      JOIN catalog_product p ON p.id = h.product_id JOIN catalog_subscriptionplan s ON s.id = p.plan_id
     WHERE h.id = ANY(%s) AND s.currency <> c.currency ORDER BY h.id, p.id
"""


def follow_everybody(
    *, now: datetime, customer: Customer | None = None, account: Account | None = None
) -> list[str]:
    """Bring subscriptions in line with products, from the customers' today on. Safe to repeat.

    Nothing is charged: what changed is due. Accounts with a product in another currency than their customer's are left
    as they are, and come back, each a sentence.
    """
    with connection.cursor() as cursor:
        cursor.execute(STRAYED, [customer.pk if customer else None, account.pk if account else None])
        ids = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(IN_ANOTHER_CURRENCY, [ids])
        problems = dict(cursor.fetchall())
    possible = [pk for pk in ids if pk not in problems]
    for done in range(0, len(possible), BATCH):
        _follow(possible[done : done + BATCH], now)
    return list(problems.values())


@transaction.atomic
def _follow(ids: Sequence[int], now: datetime) -> None:
    """Two who find the same accounts at once do it one after the other, and the second has nothing left to do."""
    rows = Account.objects.filter(pk__in=ids).select_related("customer")
    by_day: dict[date, list[Account]] = {}
    for one in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        by_day.setdefault(today_of(one.customer, now), []).append(one)
    for day, accounts in by_day.items():
        bring_in_line(accounts, on=day, now=now)
