"""When each record was billed, and an index by which a customer's records of a time are found page by page.

Records that nobody has been billed for are not in the index: the longest list of what is set aside costs it nothing.
"""

from django.db import migrations, models

FORWARD = """
ALTER TABLE usage_usagerecord ADD COLUMN billed_at timestamptz;

UPDATE usage_usagerecord u SET billed_at = coalesce(r.finished_at, r.started_at)
  FROM usage_importrun r
 WHERE r.id = u.run_id AND u.price_nanos IS NOT NULL;

CREATE INDEX usage_by_billing ON usage_usagerecord (customer_id, billed_at, id) WHERE billed_at IS NOT NULL;
"""

BACKWARD = """
DROP INDEX usage_by_billing;
ALTER TABLE usage_usagerecord DROP COLUMN billed_at;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0006_pushed_messages")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            BACKWARD,
            state_operations=[
                migrations.AddField(
                    "usagerecord",
                    "billed_at",
                    models.DateTimeField(
                        null=True,
                        help_text="when it was charged, or free; it stays when that is taken back; null = not yet",
                    ),
                )
            ],
        )
    ]
