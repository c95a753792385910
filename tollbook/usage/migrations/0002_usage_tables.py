"""The usage table, partitioned by month of start, and its indexes.

Measured: block-range indexes cost nothing while loading; the B-tree by account is affordable because batches are
sorted by account before they are copied. Foreign keys would make loading many times slower: each batch is checked
as a set instead (`usage.operations`).
"""

from django.db import migrations

COLUMNS = """
    id bigint NOT NULL,
    connection_id integer NOT NULL,
    run_id bigint NOT NULL,
    line bigint NOT NULL,
    record_key text COLLATE "C" NOT NULL,
    kind text,
    start timestamptz,
    answered boolean,
    duration_us bigint,
    quantity bigint,
    cli text,
    cld text,
    cli_raw text,
    cld_raw text,
    account_ref text,
    tenant_ref text,
    trunk_ref text,
    display_text text,
    account_id bigint,
    customer_id bigint,
    outcome text NOT NULL,
    reason text,
    detail text,
    tariff_version_id bigint,
    rate_line bigint,
    billed bigint,
    exact_sixtieths bigint,
    price_nanos bigint,
    currency text,
    platform_price_nanos bigint,
    platform_currency text,
    transaction_id bigint,
    supersedes_id bigint,
    CONSTRAINT usage_outcome CHECK (outcome IN ('charged', 'free', 'set_aside', 'not_usage', 'superseded', 'undone')),
    CONSTRAINT usage_charged_has_price CHECK (
        outcome <> 'charged'
        OR (price_nanos IS NOT NULL AND currency IS NOT NULL AND customer_id IS NOT NULL AND account_id IS NOT NULL
            AND tariff_version_id IS NOT NULL AND transaction_id IS NOT NULL AND start IS NOT NULL)
    ),
    CONSTRAINT usage_set_aside_has_reason_and_no_price CHECK (
        outcome <> 'set_aside' OR (reason IS NOT NULL AND price_nanos IS NULL AND transaction_id IS NULL)
    ),
    CONSTRAINT usage_not_usage_has_reason_and_no_price CHECK (
        outcome <> 'not_usage' OR (reason IS NOT NULL AND price_nanos IS NULL AND transaction_id IS NULL)
    ),
    CONSTRAINT usage_free_costs_nothing CHECK (
        outcome <> 'free' OR (reason IS NOT NULL AND price_nanos = 0 AND transaction_id IS NULL)
    )
"""

FORWARD = f"""
CREATE TABLE usage_usagerecord ({COLUMNS}) PARTITION BY RANGE (start);
-- Records whose start could not be read have no month.
CREATE TABLE usage_usagerecord_no_start PARTITION OF usage_usagerecord DEFAULT;
ALTER TABLE usage_usagerecord_no_start ADD CONSTRAINT usage_only_without_start CHECK (start IS NULL);

CREATE INDEX usage_by_id ON usage_usagerecord USING brin (id) WITH (pages_per_range = 32);
CREATE INDEX usage_by_run ON usage_usagerecord USING brin (run_id);
CREATE INDEX usage_by_transaction ON usage_usagerecord USING brin (transaction_id);
CREATE INDEX usage_by_account ON usage_usagerecord (account_id, start);
CREATE INDEX usage_set_aside ON usage_usagerecord (connection_id, reason) WHERE outcome = 'set_aside';

CREATE SEQUENCE usage_record_id;

-- The partition of a month; made when the first record of it comes.
CREATE FUNCTION usage_ensure_month(month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS usage_usagerecord_%s PARTITION OF usage_usagerecord FOR VALUES FROM (%L) TO (%L)',
        to_char(month, 'YYYY_MM'),
        month::timestamp AT TIME ZONE 'UTC',
        (month + interval '1 month') AT TIME ZONE 'UTC'
    );
END $$;
"""

BACKWARD = """
DROP FUNCTION usage_ensure_month(date);
DROP SEQUENCE usage_record_id;
DROP TABLE usage_usagerecord;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
