"""What must always be true of the ledger, said where nothing can get around it."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE ledger_transaction_id;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is posted is never changed or deleted (% on %): post a reversing entry instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER posting_is_final BEFORE UPDATE OR DELETE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER posting_is_kept BEFORE TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER transaction_is_final BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER transaction_is_kept BEFORE TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- All legs of a transaction are inserted by one statement; per statement is many times cheaper than per row.
CREATE FUNCTION ledger_check_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT transaction_id, currency, sum(amount_nanos) AS off INTO wrong
        FROM added GROUP BY transaction_id, currency HAVING sum(amount_nanos) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % is off balance by % nano-%: its postings must sum to zero',
            wrong.transaction_id, wrong.off, wrong.currency USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_sum_to_zero AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_zero();
"""

BACKWARD = """
DROP TRIGGER postings_sum_to_zero ON ledger_posting;
DROP TRIGGER transaction_is_kept ON ledger_transaction;
DROP TRIGGER transaction_is_final ON ledger_transaction;
DROP TRIGGER posting_is_kept ON ledger_posting;
DROP TRIGGER posting_is_final ON ledger_posting;
DROP FUNCTION ledger_check_zero();
DROP FUNCTION ledger_refuse_change();
DROP SEQUENCE ledger_transaction_id;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
