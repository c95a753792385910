"""A markup is behind every price of a derived tariff, so it is never changed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION catalog_refuse_markup_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a markup is never changed (% on %): derive the tariff again with another one', TG_OP, TG_TABLE_NAME;
END $$;

CREATE TRIGGER markup_is_final BEFORE UPDATE OR DELETE ON catalog_markup
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_refuse_markup_change();
"""

BACKWARD = """
DROP TRIGGER markup_is_final ON catalog_markup;
DROP FUNCTION catalog_refuse_markup_change();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_derived_tariffs_and_special_lists")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
