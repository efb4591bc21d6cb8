import core.migration_steps
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        core.migration_steps.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=80, verbose_name='kind of work')),
                ('args', models.JSONField(blank=True, default=dict, help_text='ids and short codes only, never personal data')),
                ('queue', models.CharField(default='default', max_length=20)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='waiting', max_length=10, verbose_name='state')),
                ('idempotency_key', models.CharField(blank=True, max_length=120, null=True, unique=True)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('progress_done', models.PositiveIntegerField(default=0)),
                ('progress_total', models.PositiveIntegerField(blank=True, null=True)),
                ('message', models.CharField(blank=True, max_length=200)),
                ('result', models.JSONField(blank=True, help_text='{"url": …, "message": …}', null=True)),
                ('error_code', models.CharField(blank=True, max_length=60)),
                ('error', models.CharField(blank=True, max_length=1000)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('hinted_at', models.DateTimeField(blank=True, null=True)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('area', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.area')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['state', 'lease_until'], name='job_open'), models.Index(fields=['requested_by', '-id'], name='job_of_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('lease_token__isnull', False), ('lease_until__isnull', False), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('lease_token__isnull', True)), _connector='OR'), name='job_lease_while_running')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD) - ARRAY[\'lease_token\', \'lease_until\', \'heartbeat_at\', \'hinted_at\', \'progress_done\', \'progress_total\', \'message\']::text[]; END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW) - ARRAY[\'lease_token\', \'lease_until\', \'heartbeat_at\', \'hinted_at\', \'progress_done\', \'progress_total\', \'message\']::text[]; END IF; PERFORM accounts_record_change(\'jobs_job\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='1db5c77808611bc5c10d82b32661a62167900c05', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_4a87c', table='jobs_job', when='AFTER'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
