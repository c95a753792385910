"""A fee charge says what a transaction of the ledger was for: like that, it is never changed or deleted."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER feecharge_is_final BEFORE UPDATE OR DELETE ON billing_feecharge
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
"""

BACKWARD = "DROP TRIGGER feecharge_is_final ON billing_feecharge"


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_fees_on_invoices"), ("ledger", "0002_laws")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
