# Messages that switches send by themselves, as they came.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0004_exclusions'),
        ('usage', '0005_visits_go_with_their_connection'),
    ]

    operations = [
        migrations.CreateModel(
            name='PushedMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received_at', models.DateTimeField()),
                ('content_type', models.TextField(blank=True)),
                ('query', models.JSONField(default=dict, help_text='of the address it was sent to')),
                ('body', models.BinaryField()),
                ('sha256', models.CharField(help_text='of query and body: the same message again is not kept twice', max_length=64)),
                ('call_ref', models.TextField(db_collation='C', help_text='what binds the messages of a call together; null = not looked at yet', null=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pushed_messages', to='connections.connection')),
                ('taken_by', models.ForeignKey(help_text='null = it waits', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='usage.collectrun')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('taken_by', None)), fields=['connection', 'id'], name='pushedmessage_waiting'), models.Index(fields=['connection', 'call_ref'], name='pushedmessage_by_call')],
                'constraints': [models.UniqueConstraint(fields=('connection', 'sha256'), name='pushedmessage_once'), models.CheckConstraint(condition=models.Q(models.Q(('taken_at', None), ('taken_by', None)), models.Q(('taken_at__isnull', False), ('taken_by__isnull', False)), _connector='OR'), name='pushedmessage_taken_by_and_at')],
            },
        ),
        migrations.AddIndex(
            model_name='collectrun',
            index=models.Index(fields=['connection', 'started_at'], name='collectrun_by_time'),
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['connection', 'started_at'], name='importrun_by_time'),
        ),
    ]
