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
            ],
            options={
                'abstract': False,
            },
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
                ('heater', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='devices.heater')),
            ],
            options={
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
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('unit_silent', 'unit silent'), ('line_silent', 'line silent'), ('fault', 'fault reported'), ('room_cold', 'room too cold')], max_length=20)),
                ('opened_at', models.DateTimeField()),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('evidence', models.JSONField(blank=True, default=dict)),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('heater', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='devices.heater')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['area', '-opened_at'], name='alert_area_opened')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('cleared_at__isnull', True)), fields=('heater', 'kind'), name='alert_open_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'telemetry_alert\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='d9c4a4ccce39d1a7d7a98d57562934215ebf23d8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_1b2a3', table='telemetry_alert', when='AFTER'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
