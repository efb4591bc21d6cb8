import core.fields
import core.migration_steps
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
        ('devices', '0001_initial'),
    ]

    operations = [
        core.migration_steps.CreateModel(
            name='Reading',
            fields=[
                ('at', models.DateTimeField()),
                ('supply_dc', models.SmallIntegerField(null=True)),
                ('return_dc', models.SmallIntegerField(null=True)),
                ('outdoor_dc', models.SmallIntegerField(null=True)),
                ('room_dc', models.SmallIntegerField(null=True)),
                ('set_room_dc', models.SmallIntegerField(null=True)),
                ('running', models.BooleanField(null=True)),
                ('mode', models.SmallIntegerField(null=True)),
                ('fault', models.IntegerField(null=True)),
                ('power_w', models.IntegerField(null=True)),
                ('energy_dkwh', models.BigIntegerField(null=True)),
                ('flags', models.SmallIntegerField(default=0)),
                ('pk', models.CompositePrimaryKey('heater', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'telemetry_reading',
                'managed': False,
            },
        ),
        core.migration_steps.CreateModel(
            name='LatestReading',
            fields=[
                ('supply_dc', models.SmallIntegerField(null=True)),
                ('return_dc', models.SmallIntegerField(null=True)),
                ('outdoor_dc', models.SmallIntegerField(null=True)),
                ('room_dc', models.SmallIntegerField(null=True)),
                ('set_room_dc', models.SmallIntegerField(null=True)),
                ('running', models.BooleanField(null=True)),
                ('mode', models.SmallIntegerField(null=True)),
                ('fault', models.IntegerField(null=True)),
                ('power_w', models.IntegerField(null=True)),
                ('energy_dkwh', models.BigIntegerField(null=True)),
                ('flags', models.SmallIntegerField(default=0)),
                ('heater', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='latest', serialize=False, to='devices.heater')),
                ('asked_at', models.DateTimeField(null=True)),
                ('misses', models.PositiveIntegerField(default=0)),
                ('at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField(help_text='Since when none of its temperatures has changed', null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        core.migration_steps.CreateModel(
            name='LineCount',
            fields=[
                ('bus', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='devices.bus')),
                ('foreign', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
        ),
        core.migration_steps.CreateModel(
            name='Mark',
            fields=[
                ('name', models.CharField(max_length=30, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        core.migration_steps.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('unit_silent', 'unit silent'), ('line_silent', 'line silent'), ('fault', 'fault reported'), ('room_cold', 'room too cold'), ('room_cool', 'room below comfort'), ('supply_low', 'runs, but supply stays low'), ('freezing', 'water may freeze'), ('short_cycling', 'starts too often'), ('second_master', 'somebody else asks on the line'), ('quality', 'data of poor quality'), ('coal_return', 'possible return to coal'), ('welfare', 'does not heat: look after the people')], max_length=20)),
                ('opened_at', models.DateTimeField()),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('evidence', models.JSONField(blank=True, default=dict)),
                ('assigned_at', models.DateTimeField(blank=True, null=True)),
                ('finding', models.CharField(blank=True, choices=[('relapsed', 'coal is burnt again'), ('other_heat', 'heats cleanly in another way'), ('cannot_pay', 'saves on heating: cannot or will not pay'), ('cannot_use', 'does not know how to use it'), ('broken', 'heater broken'), ('nobody_lives', 'nobody lives there at present'), ('nobody_home', 'nobody at home, to be visited again'), ('nothing', 'nothing wrong')], max_length=20, verbose_name='finding')),
                ('found_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('found_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('heater', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='devices.heater')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['area', '-opened_at'], name='alert_area_opened')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('cleared_at__isnull', True)), fields=('heater', 'kind'), name='alert_open_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'telemetry_alert\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='d9c4a4ccce39d1a7d7a98d57562934215ebf23d8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_1b2a3', table='telemetry_alert', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='AlertWatch',
            fields=[
                ('pk', models.CompositePrimaryKey('heater', 'kind', blank=True, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('unit_silent', 'unit silent'), ('line_silent', 'line silent'), ('fault', 'fault reported'), ('room_cold', 'room too cold'), ('room_cool', 'room below comfort'), ('supply_low', 'runs, but supply stays low'), ('freezing', 'water may freeze'), ('short_cycling', 'starts too often'), ('second_master', 'somebody else asks on the line'), ('quality', 'data of poor quality'), ('coal_return', 'possible return to coal'), ('welfare', 'does not heat: look after the people')], max_length=20)),
                ('since', models.DateTimeField()),
                ('seen', models.DateTimeField()),
                ('heater', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='devices.heater')),
            ],
        ),
        core.migration_steps.CreateModel(
            name='HourlyRollup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('n', models.PositiveIntegerField()),
                ('supply_min_dc', models.SmallIntegerField(null=True)),
                ('supply_avg_dc', models.SmallIntegerField(null=True)),
                ('supply_max_dc', models.SmallIntegerField(null=True)),
                ('room_min_dc', models.SmallIntegerField(null=True)),
                ('room_avg_dc', models.SmallIntegerField(null=True)),
                ('room_max_dc', models.SmallIntegerField(null=True)),
                ('outdoor_avg_dc', models.SmallIntegerField(null=True)),
                ('minutes_on', models.SmallIntegerField(null=True)),
                ('energy_dkwh', models.IntegerField(null=True)),
                ('supply_last_dc', models.SmallIntegerField(null=True)),
                ('room_last_dc', models.SmallIntegerField(null=True)),
                ('return_avg_dc', models.SmallIntegerField(null=True)),
                ('energy_last_dkwh', models.BigIntegerField(help_text='Where the counter stood at the end of the hour', null=True)),
                ('counter_breaks', models.SmallIntegerField(default=0)),
                ('wanted', models.PositiveSmallIntegerField(null=True)),
                ('flagged', models.PositiveSmallIntegerField(default=0)),
                ('starts', models.PositiveSmallIntegerField(null=True)),
                ('heater', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='devices.heater')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['hour'], name='rollup_hour', pages_per_range=16)],
                'constraints': [models.UniqueConstraint(fields=('heater', 'hour'), name='rollup_once')],
            },
        ),
        core.migration_steps.CreateModel(
            name='PollCycle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shard', models.PositiveSmallIntegerField()),
                ('cycle', models.BigIntegerField(help_text='Unix time of the turn divided by the period')),
                ('period_s', models.PositiveIntegerField()),
                ('planned_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('asked', models.PositiveIntegerField(default=0)),
                ('answered', models.PositiveIntegerField(default=0)),
                ('stored', models.PositiveIntegerField(default=0)),
                ('outcome', models.CharField(blank=True, max_length=16)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.area')),
            ],
            options={
                'indexes': [models.Index(fields=['planned_at'], name='poll_cycle_planned')],
                'constraints': [models.UniqueConstraint(fields=('area', 'shard', 'cycle'), name='poll_cycle_once')],
            },
        ),
        core.migration_steps.CreateModel(
            name='QuietTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('maintenance', 'under maintenance'), ('vacant', 'nobody lives there')], max_length=12, verbose_name='reason')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('heater', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quiet_times', to='devices.heater')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-starts_at', 'pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['area', 'ends_at'], name='quiet_area_ends')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='quiet_ends_after_start')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'telemetry_quiettime\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='0a2be595f00446a747f256352188ce0ac1e89f2e', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_639bb', table='telemetry_quiettime', when='AFTER'))],
            },
        ),
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
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD) - ARRAY[\'secret\', \'cursor\', \'batch_id\', \'batch_end\', \'delivered\', \'failures\', \'failing_since\', \'next_at\', \'last_at\', \'last_answer\']::text[]; END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW) - ARRAY[\'secret\', \'cursor\', \'batch_id\', \'batch_end\', \'delivered\', \'failures\', \'failing_since\', \'next_at\', \'last_at\', \'last_answer\']::text[]; END IF; PERFORM accounts_record_change(\'telemetry_webhook\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='daca0620eb7899a0a0db7dc03c6d235044fcc9d8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_6f44b', table='telemetry_webhook', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='AlertNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('words', models.CharField(max_length=300, verbose_name='note')),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='telemetry.alert')),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['at', 'pk'],
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'telemetry_alertnote\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='a02dad6d34e1ef8f655ae678dcdf8b1b53261584', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_607b9', table='telemetry_alertnote', when='AFTER'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
