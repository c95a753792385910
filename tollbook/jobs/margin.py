"""What is left of what customers pay, once the platform is paid: by customer, destination or day."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection as database

from tollbook.connections.models import Connection, PriceIs
from tollbook.connections.queries import beginning_of, zone_of
from tollbook.errors import BadInput

BY = {
    "customer": "c.code",
    "destination": "coalesce(r.destination, '')",
    "day": "to_char(u.start AT TIME ZONE %(zone)s, 'YYYY-MM-DD')",
}

# A record whose cost is in another currency than its price has no margin: both stand in lines of their own.
MARGIN = """
    WITH money AS (
        SELECT {by} AS of, u.currency, {net} AS charged, NULL::bigint AS cost
          FROM {records} JOIN ledger_transaction t ON t.id = u.transaction_id
         WHERE {condition} AND u.outcome = 'charged'
        UNION ALL
        SELECT {by}, u.platform_currency, NULL, u.platform_price_nanos
          FROM {records} WHERE {condition} AND u.outcome IN ('charged', 'free', 'set_aside')
                           AND u.platform_price_nanos IS NOT NULL)
    SELECT of, currency, count(charged), coalesce(sum(charged), 0)::text, coalesce(sum(cost), 0)::text
      FROM money GROUP BY 1, 2 ORDER BY 2, 1
"""
RECORDS = """usage_usagerecord u LEFT JOIN customers_customer c ON c.id = u.customer_id
     LEFT JOIN catalog_tariffversion v ON v.id = u.tariff_version_id
     LEFT JOIN catalog_rate r ON r.version_id = coalesce(v.base_version_id, v.id) AND r.line = u.rate_line"""
# The tax in a gross price is no income of ours. As `ledger.operations.tax_of` has it: half up, away from zero.
NET = """(u.price_nanos - CASE WHEN t.is_gross THEN sign(u.price_nanos::numeric) * div(
            2 * abs(u.price_nanos::numeric) * t.tax_rate + 100 + t.tax_rate, 2 * (100 + t.tax_rate)) ELSE 0 END)"""
CONDITION = "u.connection_id = %(connection)s AND u.start >= %(since)s AND u.start < %(until)s"


@dataclass(frozen=True, slots=True)
class Margin:
    """One line: amounts of one currency, net, in nano-units."""

    of: str  # customer's code, destination or day; "" = nobody's, or no destination
    currency: str
    charged_records: int
    charged_nanos: int
    cost_nanos: int  # also of what was free or waits: the platform is paid for that too

    @property
    def margin_nanos(self) -> int:
        return self.charged_nanos - self.cost_nanos


def margin(connection: Connection, *, by: str, since: date, until: date) -> list[Margin]:
    """The lines of the days `[since, until)` of the connection's zone, by currency. Currencies are never mixed.

    Raises:
        BadInput: the connection's prices are no costs, or `by` is none of BY.
    """
    if connection.price_is != PriceIs.COST:
        raise BadInput(
            f"{connection.name}: its prices are not what you pay; if they are, say so with "
            f"`tollbook connection add {connection.quoted} --change --price-is cost`"
        )
    if by not in BY:
        raise BadInput(f"there is no margin by {by!r}; there is by {', '.join(BY)}")
    query = MARGIN.format(by=BY[by], net=NET, records=RECORDS, condition=CONDITION)
    params: dict[str, int | str | datetime] = {
        "connection": connection.pk,
        "since": beginning_of(since, connection),
        "until": beginning_of(until, connection),
        "zone": zone_of(connection).key,
    }
    with database.cursor() as cursor:
        cursor.execute(query, params)
        return [
            Margin(of or "", currency or "", count, int(charged), int(cost))
            for of, currency, count, charged, cost in cursor.fetchall()
        ]
