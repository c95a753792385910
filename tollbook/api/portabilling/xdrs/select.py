"""xDRs from the database: a page as JSON that PostgreSQL writes, so that a thousand rows cost no Python.

They are in the order of billing: by moment, then by id. An xDR's id is twice that of its usage record, or
twice that of its transaction and one, so that neither can be taken for the other.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from tollbook.api.portabilling.xdrs.kinds import (
    ADJUSTMENTS,
    FLAG_OF_KIND,
    NO_ANSWER,
    NORMAL_END,
    SERVICE_OF_KIND,
    SERVICE_OF_MONEY,
    Service,
)
from tollbook.api.portabilling.xdrs.wanted import Conditions, Wanted, money_conditions, usage_conditions


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of xDRs: behind the one with this moment and id."""

    at: datetime
    i_xdr: int


@dataclass(frozen=True, slots=True)
class Page:
    """So many xDRs as a JSON array, and the place behind the last of them."""

    xdrs: bytes
    count: int
    end: Place | None  # None = there is none


def page_of(wanted: Wanted, *, after: Place | None, limit: int) -> Page:
    """The xDRs behind `after`, or from the first on; at most `limit`."""
    usage, money = _after(usage_conditions(wanted), money_conditions(wanted), after)
    statement = PAGE.format(usage=usage.sql, money=money.sql, **FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*usage.params, limit, *money.params, limit, limit])
        text, count, at, i_xdr = cursor.fetchone()
    return Page(b"[" + (text or "").encode() + b"]", count, Place(at, i_xdr) if count else None)


def place_at(wanted: Wanted, offset: int) -> Place | None:
    """The place behind so many xDRs (at least one); None when there are fewer."""
    usage, money = usage_conditions(wanted), money_conditions(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT at, i_xdr FROM (
                (SELECT u.billed_at AS at, u.id * 2 AS i_xdr FROM usage_usagerecord u WHERE {usage.sql}
                  ORDER BY u.billed_at, u.id LIMIT %s)
                UNION ALL
                (SELECT t.posted_at, t.id * 2 + 1 FROM ledger_transaction t WHERE {money.sql}
                  ORDER BY t.posted_at, t.id LIMIT %s)) AS both_kinds
             ORDER BY at, i_xdr OFFSET %s LIMIT 1
            """,
            [*usage.params, offset, *money.params, offset, offset - 1],
        )
        found = cursor.fetchone()
    return None if found is None else Place(*found)


def count_of(wanted: Wanted) -> int:
    """How many there are in all."""
    usage, money = usage_conditions(wanted), money_conditions(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT (SELECT count(*) FROM usage_usagerecord u WHERE {usage.sql})
                 + (SELECT count(*) FROM ledger_transaction t WHERE {money.sql})
            """,
            [*usage.params, *money.params],
        )
        return int(cursor.fetchone()[0])


def _after(usage: Conditions, money: Conditions, after: Place | None) -> tuple[Conditions, Conditions]:
    if after is not None:
        usage.add("(u.billed_at, u.id) > (%s, %s)", after.at, after.i_xdr // 2)
        # Of the same id the usage record comes first.
        later = ">" if after.i_xdr % 2 else ">="
        money.add(f"(t.posted_at, t.id) {later} (%s, %s)", after.at, after.i_xdr // 2)
    return usage, money


def _case(column: str, values: dict[str, object]) -> str:
    """A value for each of the texts in a column, in SQL."""
    return f"CASE {column} " + " ".join(f"WHEN '{key}' THEN {value}" for key, value in values.items()) + " END"


def _services(column: str, services: dict[str, Service], default: Service) -> dict[str, str]:
    number = _case(column, {key: service.number for key, service in services.items()})
    name = _case(column, {key: f"'{service.name}'" for key, service in services.items()})
    return {"number": f"coalesce({number}, {default.number})", "name": f"coalesce({name}, '{default.name}')"}


_USAGE_SERVICE = _services("u.kind", dict(SERVICE_OF_KIND), ADJUSTMENTS)
_MONEY_SERVICE = _services("t.kind", dict(SERVICE_OF_MONEY), ADJUSTMENTS)
FIELDS = {
    "usage_service": _USAGE_SERVICE["number"],
    "usage_service_name": _USAGE_SERVICE["name"],
    "money_service": _MONEY_SERVICE["number"],
    "money_service_name": _MONEY_SERVICE["name"],
    "flags": _case("u.kind", dict(FLAG_OF_KIND)),
    "normal_end": NORMAL_END,
    "no_answer": NO_ANSWER,
}

# The tax of a record is computed as `ledger.operations.tax_of` does: half up, in a gross price contained. Amounts are
# before tax. What was taken back costs nothing any more. `left` of a time as text is its date and time without zone:
# the session's zone is UTC. Rates are looked up one by one: a list may have a million of them.
PAGE = """
WITH usage AS MATERIALIZED (
    SELECT u.* FROM usage_usagerecord u WHERE {usage} ORDER BY u.billed_at, u.id LIMIT %s
), money AS MATERIALIZED (
    SELECT t.* FROM ledger_transaction t WHERE {money} ORDER BY t.posted_at, t.id LIMIT %s
), place AS MATERIALIZED (
    SELECT at, i_xdr FROM (SELECT billed_at AS at, id * 2 AS i_xdr FROM usage
                           UNION ALL SELECT posted_at, id * 2 + 1 FROM money) AS both_kinds
     ORDER BY at, i_xdr LIMIT %s
), xdr AS (
    SELECT p.at, p.i_xdr, row_to_json(f)::text AS text
      FROM place p JOIN usage u ON u.id * 2 = p.i_xdr
      LEFT JOIN customers_account a ON a.id = u.account_id
      LEFT JOIN ledger_transaction t ON t.id = u.transaction_id
      LEFT JOIN catalog_tariffversion v ON v.id = u.tariff_version_id
      LEFT JOIN LATERAL (
           SELECT id, destination FROM catalog_rate
            WHERE version_id = coalesce(v.base_version_id, v.id) AND line = u.rate_line LIMIT 1) AS r ON TRUE
     CROSS JOIN LATERAL (SELECT
           CASE WHEN u.outcome NOT IN ('charged', 'free') THEN 0 WHEN t.is_gross THEN
                u.price_nanos - sign(u.price_nanos::numeric) * div(2 * abs(u.price_nanos) * t.tax_rate * 100
                    + 10000 + t.tax_rate * 100, 2 * (10000 + t.tax_rate * 100))
           ELSE u.price_nanos::numeric END AS nanos,
           u.answered IS FALSE OR coalesce(u.reason, '') = 'unanswered' AS failed,
           extract(epoch FROM date_trunc('second', u.start))::bigint AS began,
           ceil(coalesce(u.duration_us, 0) / 1000000.0)::bigint AS seconds) AS known
     CROSS JOIN LATERAL (SELECT
           p.i_xdr AS i_xdr,
           coalesce(a.code, '') AS account_id,
           u.account_id AS i_account,
           u.customer_id AS i_customer,
           coalesce(u.cli, '') AS "CLI",
           coalesce(u.cld, '') AS "CLD",
           left(u.start::text, 19) AS connect_time,
           left((u.start + known.seconds * interval '1 second')::text, 19) AS disconnect_time,
           left(u.billed_at::text, 19) AS bill_time,
           known.began AS unix_connect_time,
           known.began + known.seconds AS unix_disconnect_time,
           coalesce(u.billed, 0) AS charged_quantity,
           coalesce(u.quantity, known.seconds) AS used_quantity,
           trim_scale(coalesce(known.nanos, 0) * 0.000000001) AS charged_amount,
           {usage_service} AS i_service,
           {usage_service_name} AS service,
           '' AS country,
           '' AS subdivision,
           coalesce(r.destination, '') AS description,
           CASE WHEN known.failed THEN {no_answer} ELSE {normal_end} END AS disconnect_cause,
           coalesce(u.reason, '') AS disconnect_reason,
           known.failed::int AS failed,
           'O' AS bill_status,
           {flags} AS bit_flags,
           u.record_key AS call_id,
           u.record_key AS h323_conf_id,
           'CDR' AS xdr_type,
           NULL AS i_dest,
           NULL AS i_dest_group,
           v.tariff_id AS i_tariff,
           r.id AS i_rate,
           NULL AS setup_time,
           NULL AS voice_quality,
           1 AS i_env) AS f
    UNION ALL
    SELECT p.at, p.i_xdr, row_to_json(f)::text
      FROM place p JOIN money t ON t.id * 2 + 1 = p.i_xdr
      LEFT JOIN customers_account a ON a.id = t.account_id
      JOIN ledger_posting l ON l.transaction_id = t.id AND l.leg = 1
      LEFT JOIN billing_feecharge fee ON fee.transaction_id = t.id
      LEFT JOIN billing_subscription s ON s.id = fee.subscription_id
      LEFT JOIN catalog_subscriptionplan plan ON plan.id = s.plan_id
      LEFT JOIN billing_moneyentry entry ON entry.transaction_id = t.id
     CROSS JOIN LATERAL (SELECT
           p.i_xdr AS i_xdr,
           coalesce(a.code, '') AS account_id,
           t.account_id AS i_account,
           t.customer_id AS i_customer,
           '' AS "CLI",
           '' AS "CLD",
           left(t.posted_at::text, 19) AS connect_time,
           left(t.posted_at::text, 19) AS disconnect_time,
           left(t.posted_at::text, 19) AS bill_time,
           extract(epoch FROM date_trunc('second', t.posted_at))::bigint AS unix_connect_time,
           extract(epoch FROM date_trunc('second', t.posted_at))::bigint AS unix_disconnect_time,
           1 AS charged_quantity,
           1 AS used_quantity,
           trim_scale(-l.amount_nanos * 0.000000001) AS charged_amount,
           {money_service} AS i_service,
           {money_service_name} AS service,
           '' AS country,
           '' AS subdivision,
           CASE WHEN fee.id IS NOT NULL THEN
                concat(coalesce(nullif(plan.invoice_text, ''), plan.name), ' ', fee.since, ' - ', fee.until - 1)
           ELSE coalesce(nullif(entry.comment, ''), t.kind) END AS description,
           {normal_end} AS disconnect_cause,
           coalesce(fee.reason, '') AS disconnect_reason,
           0 AS failed,
           'O' AS bill_status,
           0 AS bit_flags,
           '' AS call_id,
           '' AS h323_conf_id,
           'CDR' AS xdr_type,
           NULL AS i_dest,
           NULL AS i_dest_group,
           NULL AS i_tariff,
           NULL AS i_rate,
           NULL AS setup_time,
           NULL AS voice_quality,
           1 AS i_env) AS f
)
SELECT string_agg(text, ',' ORDER BY at, i_xdr), count(*), (SELECT max(at) FROM place),
       (SELECT i_xdr FROM place ORDER BY at DESC, i_xdr DESC LIMIT 1)
  FROM xdr
"""
