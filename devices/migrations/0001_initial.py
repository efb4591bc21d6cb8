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
    ]

    operations = [
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
                ('created_at', models.DateTimeField(auto_now_add=True)),
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
            name='Command',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_id', models.UUIDField(unique=True)),
                ('point', models.CharField(max_length=30)),
                ('asked', models.DecimalField(decimal_places=1, max_digits=8)),
                ('before', models.DecimalField(blank=True, decimal_places=1, max_digits=8, null=True)),
                ('after', models.DecimalField(blank=True, decimal_places=1, max_digits=8, null=True)),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('sent', 'sent'), ('echoed', 'echoed by the device'), ('verified', 'read back and equal'), ('mismatch', 'read back and different'), ('refused', 'refused by the device'), ('unknown', 'no answer: unknown'), ('expired', 'expired')], default='queued', max_length=10)),
                ('reason', models.CharField(max_length=200)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('duration_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('frames', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=600), blank=True, default=list, size=None)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('heater', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commands', to='devices.heater')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'devices_command\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='48b0fa26529ff4461de7c14a2d8f11bfdcf99fb4', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_0206c', table='devices_command', when='AFTER'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
