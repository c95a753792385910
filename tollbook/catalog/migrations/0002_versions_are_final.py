"""A tariff version is cited by every price made from it, so it is never changed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION catalog_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a tariff version is never changed (% on %): import a new version instead', TG_OP, TG_TABLE_NAME;
END $$;

CREATE TRIGGER rate_is_final BEFORE UPDATE OR DELETE ON catalog_rate
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_refuse_change();
CREATE TRIGGER version_is_final BEFORE UPDATE OR DELETE ON catalog_tariffversion
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_refuse_change();
"""

BACKWARD = """
DROP TRIGGER version_is_final ON catalog_tariffversion;
DROP TRIGGER rate_is_final ON catalog_rate;
DROP FUNCTION catalog_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
