import core.fields
import core.migration_steps
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_organisations'),
        ('telemetry', '0002_reading_partitions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        core.migration_steps.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='receiver')),
                ('address', models.CharField(max_length=300, verbose_name='address')),
                ('secret', core.fields.EncryptedTextField()),
                ('state', models.CharField(choices=[('active', 'sends'), ('stopped', 'sending stopped'), ('disabled', 'disabled after long failure')], default='active', max_length=8)),
                ('because', models.CharField(blank=True, max_length=300)),
                ('made_at', models.DateTimeField()),
                ('cursor', models.CharField(max_length=80)),
                ('batch_id', models.UUIDField(null=True)),
                ('batch_end', models.CharField(blank=True, max_length=80)),
                ('delivered', models.BigIntegerField(default=0)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField()),
                ('last_at', models.DateTimeField(null=True)),
                ('last_answer', models.CharField(blank=True, max_length=60)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'pk'],
                'abstract': False,
            },
        ),
        core.migration_steps.AddTrigger(
            model_name='webhook',
            trigger=pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD) - ARRAY[\'secret\', \'cursor\', \'batch_id\', \'batch_end\', \'delivered\', \'failures\', \'failing_since\', \'next_at\', \'last_at\', \'last_answer\']::text[]; END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW) - ARRAY[\'secret\', \'cursor\', \'batch_id\', \'batch_end\', \'delivered\', \'failures\', \'failing_since\', \'next_at\', \'last_at\', \'last_answer\']::text[]; END IF; PERFORM accounts_record_change(\'telemetry_webhook\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='daca0620eb7899a0a0db7dc03c6d235044fcc9d8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_6f44b', table='telemetry_webhook', when='AFTER')),
        ),
    ]
