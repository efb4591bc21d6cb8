import core.migration_steps
import django.contrib.postgres.fields
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
            name='HubLease',
            fields=[
                ('shard', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('holder', models.CharField(max_length=80)),
                ('token', models.BigIntegerField()),
                ('expires_at', models.DateTimeField()),
            ],
        ),
        core.migration_steps.CreateModel(
            name='Supplier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('contact_phone', models.CharField(blank=True, max_length=30)),
                ('admitted_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('devices_supplier', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='4fc73a4a636995687997aac19fc9f2b9828f0af6', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_0dd49', table='devices_supplier', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='CommandOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_id', models.UUIDField(unique=True)),
                ('point', models.CharField(max_length=30)),
                ('asked', models.DecimalField(decimal_places=1, max_digits=8)),
                ('reason', models.CharField(max_length=200)),
                ('needs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, size=None)),
                ('state', models.CharField(choices=[('held', 'waits for a second person'), ('approved', 'approved'), ('declined', 'declined'), ('lapsed', 'not decided in time')], default='held', max_length=10)),
                ('requested_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, size=None)),
                ('requested_at', models.DateTimeField()),
                ('decide_until', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision_note', models.CharField(blank=True, max_length=200)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_commandorder\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='92df664a17b3dc6b3f0773812e0536fb9d5d81b0', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_44754', table='devices_commandorder', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Gateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dtu_id', models.CharField(max_length=40, unique=True)),
                ('dialect', models.CharField(default='imei15', max_length=30)),
                ('sim_iccid', models.CharField(blank=True, max_length=20)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_gateway\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='8c68f03d779de3b3a7ff28408e6175849d94620e', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_076a6', table='devices_gateway', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='RegisterProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=60)),
                ('version', models.PositiveSmallIntegerField()),
                ('document', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('released', 'released'), ('withdrawn', 'withdrawn')], default='draft', max_length=10)),
                ('note', models.CharField(blank=True, help_text='What changed against the version before', max_length=200)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('drafted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('name', 'version'), name='profile_version_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('devices_registerprofile', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='a6f1f70e3c78fe6e5e01c3080377cda60ab8afd3', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_a6fb0', table='devices_registerprofile', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='DeviceModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('model_no', models.CharField(max_length=60)),
                ('kind', models.CharField(max_length=20)),
                ('rated_power_w', models.PositiveIntegerField(blank=True, null=True)),
                ('efficiency_grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('docking_confirmed_on', models.DateField(blank=True, help_text='数据对接确认书', null=True)),
                ('profile', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='devices.registerprofile')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='device_models', to='devices.supplier')),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('supplier', 'model_no'), name='device_model_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('devices_devicemodel', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='205cb67b6d301052b6098f351a7d2a52208b8b45', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_c65e8', table='devices_devicemodel', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Bus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.CharField(max_length=120, unique=True)),
                ('baud', models.PositiveIntegerField(default=9600)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('gateway', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bus', to='devices.gateway')),
            ],
            options={
                'verbose_name_plural': 'buses',
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_bus\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='c7ce013e20c3129e62603bf2e9dd66db4a60a8b9', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_6a9ae', table='devices_bus', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Heater',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('platform_no', models.CharField(max_length=12, unique=True)),
                ('factory_no', models.CharField(max_length=60, unique=True, verbose_name='factory address code')),
                ('unit', models.PositiveIntegerField()),
                ('installed_on', models.DateField()),
                ('removed_on', models.DateField(blank=True, null=True)),
                ('poll_enabled', models.BooleanField(default=True)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('bus', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='heaters', to='devices.bus')),
                ('device_model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='devices.devicemodel')),
                ('dwelling', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='heaters', to='households.dwelling')),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='devices.registerprofile')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['area', 'platform_no'], name='heater_area_no')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('removed_on__isnull', True)), fields=('bus', 'unit'), name='heater_address_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_heater\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='def36758fad981462bc5bd5a308b69d872beaeab', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_0fb07', table='devices_heater', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='ModelSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch_no', models.CharField(max_length=60, verbose_name='batch')),
                ('report_no', models.CharField(max_length=60, verbose_name='number of the report')),
                ('laboratory', models.CharField(max_length=120, verbose_name='laboratory')),
                ('sampled_on', models.DateField(verbose_name='sampled on')),
                ('result', models.CharField(choices=[('passed', 'passed'), ('failed', 'not passed')], max_length=6, verbose_name='result')),
                ('findings', models.CharField(blank=True, max_length=300, verbose_name='what was found')),
                ('lifted_on', models.DateField(blank=True, null=True)),
                ('lifted_reason', models.CharField(blank=True, max_length=300)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.area')),
                ('device_model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='samples', to='devices.devicemodel', verbose_name='product')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='model_samples', to='programmes.programme')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-sampled_on', '-id'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('programme', 'report_no'), name='model_sample_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_modelsample\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='47b20b32260c87d27567176c68da436ae9ec7e35', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_9ca6d', table='devices_modelsample', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='DockingTest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('line', models.CharField(max_length=120)),
                ('unit', models.PositiveIntegerField()),
                ('board_firmware', models.CharField(max_length=60)),
                ('dtu_firmware', models.CharField(max_length=60)),
                ('sample_received_on', models.DateField()),
                ('protocol_name', models.CharField(blank=True, max_length=120)),
                ('protocol_key', models.CharField(blank=True, max_length=64)),
                ('protocol_sha256', models.CharField(blank=True, max_length=64)),
                ('state', models.CharField(choices=[('open', 'under test'), ('passed', 'passed'), ('failed', 'not passed')], default='open', max_length=10)),
                ('steps', models.JSONField(default=list)),
                ('opened_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('device_model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='docking_tests', to='devices.devicemodel')),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='devices.registerprofile')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD) - ARRAY['steps']::text[]; END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW) - ARRAY['steps']::text[]; END IF; PERFORM accounts_record_change('devices_dockingtest', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='dcbd4499962857f15c7a1334db2bb21a8a9fd4fa', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_edb9e', table='devices_dockingtest', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Command',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_id', models.UUIDField(unique=True)),
                ('point', models.CharField(max_length=30)),
                ('asked', models.DecimalField(decimal_places=1, max_digits=8)),
                ('before', models.DecimalField(blank=True, decimal_places=1, max_digits=8, null=True)),
                ('after', models.DecimalField(blank=True, decimal_places=1, max_digits=8, null=True)),
                ('state', models.CharField(choices=[('held', 'waits for a second person'), ('queued', 'waiting'), ('sent', 'sent'), ('echoed', 'echoed by the device'), ('verified', 'read back and equal'), ('mismatch', 'read back and different'), ('refused', 'refused by the device'), ('unknown', 'no answer: unknown'), ('expired', 'expired'), ('declined', 'declined')], default='queued', max_length=10)),
                ('reason', models.CharField(max_length=200)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('not_before', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('duration_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('frames', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=600), blank=True, default=list, size=None)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='commands', to='devices.commandorder')),
                ('heater', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commands', to='devices.heater')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state__in', ['held', 'queued'])), fields=['expires_at'], name='command_waiting')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_command\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='48b0fa26529ff4461de7c14a2d8f11bfdcf99fb4', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_0206c', table='devices_command', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='DockingCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('code', models.CharField(max_length=20, unique=True)),
                ('document', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('issued_on', models.DateField()),
                ('valid_until', models.DateField()),
                ('state', models.CharField(choices=[('valid', 'valid'), ('suspended', 'suspended')], default='valid', max_length=10)),
                ('suspended_at', models.DateTimeField(blank=True, null=True)),
                ('suspended_because', models.CharField(blank=True, max_length=200)),
                ('device_model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='devices.devicemodel')),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('test', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='certificate', to='devices.dockingtest')),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='devices.registerprofile')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('devices_dockingcertificate', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='e4122b98780363f6c177d6d42d4a9146ad8416fa', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_7dfe0', table='devices_dockingcertificate', when='AFTER'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
