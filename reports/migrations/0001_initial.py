import core.clock
import core.migration_steps
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
        ('households', '0001_initial'),
        ('programmes', '0001_initial'),
    ]

    operations = [
        core.migration_steps.CreateModel(
            name='RefreshMark',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('history_seq', models.BigIntegerField(default=0)),
                ('readings_until', models.DateTimeField(null=True)),
                ('refreshed_at', models.DateTimeField(null=True)),
            ],
        ),
        core.migration_steps.CreateModel(
            name='DwellingSummary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dwelling_no', models.CharField(max_length=26)),
                ('head_name', models.CharField(max_length=40)),
                ('head_initials', models.CharField(blank=True, max_length=12)),
                ('id_number_tail', models.CharField(blank=True, max_length=4)),
                ('technology', models.CharField(blank=True, max_length=30)),
                ('family', models.CharField(blank=True, max_length=20)),
                ('heated_area_m2', models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                ('stage', models.CharField(choices=[('registered', 'registered'), ('listed', 'on an approved roster'), ('installed', 'installed, to be accepted'), ('rectify', 'to be put right'), ('accepted', 'accepted'), ('noticed', 'on public notice'), ('payable', 'notice over, may be paid'), ('batched', 'in payment'), ('paid', 'paid')], max_length=12)),
                ('exclusion', models.CharField(blank=True, max_length=20)),
                ('year', models.PositiveSmallIntegerField(help_text='Year of the task; of several, when its list was approved', null=True)),
                ('contracted', models.BooleanField(default=False, help_text='Agreement or supply contract in the file')),
                ('claim', models.CharField(blank=True, choices=[('self_paid', 'pays itself'), ('counted_only', 'counted, not subsidised')], max_length=12)),
                ('wanted_papers', models.PositiveSmallIntegerField(default=0)),
                ('missing_papers', models.PositiveSmallIntegerField(default=0)),
                ('missing', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list, size=None)),
                ('due_fen', models.BigIntegerField(help_text='NULL while nothing is calculated or an amount is undefined', null=True)),
                ('paid_fen', models.BigIntegerField(default=0)),
                ('payment_failed', models.BooleanField(default=False)),
                ('heater_no', models.CharField(blank=True, max_length=12)),
                ('room_dc', models.SmallIntegerField(null=True)),
                ('heard_at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField(default=core.clock.now)),
                ('refreshed_at', models.DateTimeField()),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('dwelling', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='summaries', to='households.dwelling')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='programmes.programme')),
            ],
            options={
                'indexes': [models.Index(fields=['programme', 'area', 'dwelling_no'], name='summary_area_no'), models.Index(fields=['programme', 'stage', 'area', 'dwelling_no'], name='summary_stage_area'), models.Index(fields=['programme', 'technology', 'area', 'dwelling_no'], name='summary_tech_area'), models.Index(fields=['programme', '-changed_at', 'id'], name='summary_changed'), models.Index(condition=models.Q(('missing_papers__gt', 0)), fields=['programme', 'area', 'dwelling_no'], name='summary_missing'), models.Index(condition=models.Q(('payment_failed', True)), fields=['programme', 'area', 'dwelling_no'], name='summary_failed'), models.Index(fields=['programme', 'year', 'area', 'dwelling_no'], name='summary_year_area'), models.Index(condition=models.Q(('contracted', True)), fields=['programme', 'area', 'dwelling_no'], name='summary_contracted'), models.Index(condition=models.Q(('claim', ''), _negated=True), fields=['programme', 'claim', 'area', 'dwelling_no'], name='summary_claim'), models.Index(fields=['dwelling_no'], name='summary_no', opclasses=['varchar_pattern_ops']), models.Index(fields=['id_number_tail'], name='summary_tail'), django.contrib.postgres.indexes.GinIndex(fields=['head_name'], name='summary_name_trgm', opclasses=['gin_trgm_ops']), models.Index(fields=['head_initials'], name='summary_initials', opclasses=['varchar_pattern_ops'])],
                'constraints': [models.UniqueConstraint(fields=('programme', 'dwelling'), name='summary_once')],
            },
        ),
        core.migration_steps.CreateModel(
            name='LedgerExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('query', models.CharField(blank=True, max_length=4000)),
                ('full_numbers', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('row_count', models.PositiveIntegerField(blank=True, null=True)),
                ('total_fen', models.BigIntegerField(blank=True, null=True)),
                ('data_hash', models.CharField(blank=True, max_length=64)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('document', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='households.document')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='programmes.programme')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'reports_ledgerexport\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='f1e57af2d8dc37aa1c3195e36b2d4c58dcefb680', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_5d2c1', table='reports_ledgerexport', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='ProgressWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('monday', models.DateField()),
                ('taken_at', models.DateTimeField()),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='progress_weeks', to='programmes.programme')),
            ],
            options={
                'ordering': ['-monday'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('programme', 'monday'), name='progress_week_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'reports_progressweek\', TG_OP, \'id\', row_old, row_new, NULL, (SELECT p1."area_id" FROM "programmes_programme" p1 WHERE p1."id" = COALESCE(NEW."programme_id", OLD."programme_id"))); RETURN NULL;', hash='cb86ddd8ad540e5fcf073f3c7a15b2dbb8d3e810', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_16583', table='reports_progressweek', when='AFTER')), pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6f208939eb2282c788aa5acce8bb21751c0bc4f5', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_3659a', table='reports_progressweek', when='BEFORE'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='SummaryTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(blank=True, max_length=30)),
                ('family', models.CharField(blank=True, max_length=20)),
                ('stage', models.CharField(choices=[('registered', 'registered'), ('listed', 'on an approved roster'), ('installed', 'installed, to be accepted'), ('rectify', 'to be put right'), ('accepted', 'accepted'), ('noticed', 'on public notice'), ('payable', 'notice over, may be paid'), ('batched', 'in payment'), ('paid', 'paid')], max_length=12)),
                ('excluded', models.BooleanField(default=False)),
                ('year', models.PositiveSmallIntegerField(null=True)),
                ('contracted', models.BooleanField(default=False)),
                ('claim', models.CharField(blank=True, max_length=12)),
                ('dwellings', models.PositiveIntegerField()),
                ('due_fen', models.BigIntegerField(default=0)),
                ('paid_fen', models.BigIntegerField(default=0)),
                ('with_missing', models.PositiveIntegerField(default=0)),
                ('with_failed', models.PositiveIntegerField(default=0)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='programmes.programme')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('programme', 'area', 'technology', 'family', 'stage', 'excluded', 'year', 'contracted', 'claim'), name='summary_total_once', nulls_distinct=False)],
            },
        ),
        core.migration_steps.CreateModel(
            name='BulkRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deed', models.CharField(choices=[('enrol', 'put forward for a programme'), ('exclude', 'exclude'), ('recheck', 'look for double entries')], max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('params', models.JSONField(default=dict)),
                ('dwelling_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('reached', models.PositiveIntegerField(default=0, help_text='How many of them were looked at')),
                ('done', models.PositiveIntegerField(default=0)),
                ('made', models.JSONField(default=list, help_text='[[kind, primary key], …] of what it made')),
                ('refused', models.JSONField(default=list, help_text='[[dwelling, code, sentence], …]')),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('paper', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='households.document')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programmes.programme')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['asked_by', '-asked_at'], name='bulk_run_mine')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD) - ARRAY[\'dwelling_ids\', \'made\', \'refused\']::text[]; END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW) - ARRAY[\'dwelling_ids\', \'made\', \'refused\']::text[]; END IF; PERFORM accounts_record_change(\'reports_bulkrun\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='40aef4128c734bc1b6b198a3a0729175497bbba5', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_b9336', table='reports_bulkrun', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='ProgressLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('technology', models.CharField(blank=True, max_length=30)),
                ('year', models.PositiveSmallIntegerField(null=True)),
                ('planned', models.PositiveIntegerField(null=True)),
                ('enrolled', models.PositiveIntegerField(default=0)),
                ('confirmed', models.PositiveIntegerField(default=0)),
                ('contracted', models.PositiveIntegerField(default=0)),
                ('installed', models.PositiveIntegerField(default=0)),
                ('accepted', models.PositiveIntegerField(default=0)),
                ('excluded', models.PositiveIntegerField(default=0)),
                ('paid', models.PositiveIntegerField(default=0)),
                ('self_paid', models.PositiveIntegerField(default=0)),
                ('counted_only', models.PositiveIntegerField(default=0)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('week', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='reports.progressweek')),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('week', 'area', 'technology', 'year'), name='progress_line_once', nulls_distinct=False)],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'reports_progressline\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='a3942ad8d9126b8bb2b1b3a0f9ee86c03adc45c3', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_2eee2', table='reports_progressline', when='AFTER')), pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='bc16f0c13c0e76b79a17f8f9fa94926c1a36168c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_65c6d', table='reports_progressline', when='BEFORE'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
