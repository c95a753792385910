from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_products_plans_and_tiers'),
    ]

    operations = [
        migrations.AddField(
            model_name='rate',
            name='category',
            field=models.TextField(db_default='', default='', help_text='of destinations: national, mobile …'),
        ),
    ]
