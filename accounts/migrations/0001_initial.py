import accounts.one_time_codes
import core.clock
import core.fields
import core.migration_steps
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        core.migration_steps.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=40, unique=True, verbose_name='account')),
                ('person_name', models.CharField(max_length=40, verbose_name='person')),
                ('person_no', models.CharField(help_text='The same person keeps the same number in every account', max_length=40, verbose_name='staff number')),
                ('unit', models.CharField(blank=True, max_length=80, verbose_name='unit')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('reopened_at', models.DateTimeField(blank=True, null=True)),
                ('password_changed_at', models.DateTimeField(blank=True, null=True)),
                ('must_change_password', models.BooleanField(default=False, help_text='The password was given out by somebody else')),
                ('old_passwords', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=128), blank=True, default=list, size=None)),
                ('access_version', models.PositiveIntegerField(default=1, help_text='Raised when rights change: open sessions notice at once')),
                ('desktop_session', models.CharField(blank=True, help_text='Mark of the one open desktop session', max_length=32)),
                ('phone_session', models.CharField(blank=True, help_text='Mark of the one open phone session', max_length=32)),
                ('language', models.CharField(default='zh-hans', max_length=10)),
                ('theme', models.CharField(default='light', max_length=10)),
            ],
            options={
                'ordering': ['username'],
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD) - ARRAY['last_login', 'desktop_session', 'phone_session']::text[]; END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW) - ARRAY['last_login', 'desktop_session', 'phone_session']::text[]; END IF; PERFORM accounts_record_change('accounts_user', TG_OP, 'id', row_old, row_new, ARRAY['password', 'old_passwords']::text[], NULL); RETURN NULL;", hash='295f21092223f9ba0d1d620b4692c7903310720c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_9c44e', table='accounts_user', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Area',
            fields=[
                ('code', models.CharField(max_length=15, primary_key=True, serialize=False, verbose_name='code')),
                ('level', models.CharField(choices=[('province', 'Province'), ('city', 'City'), ('county', 'County or district'), ('town', 'Town or street'), ('village', 'Village or community'), ('group', 'Village group')], max_length=10, verbose_name='level')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('aliases', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('area_class', models.CharField(blank=True, max_length=20, verbose_name='area class')),
                ('is_scattered', models.BooleanField(default=False, verbose_name='scattered households')),
                ('in_heat_network', models.BooleanField(null=True)),
                ('in_no_coal_zone', models.BooleanField(null=True)),
                ('gas_available', models.BooleanField(null=True)),
                ('grid_capacity_ok', models.BooleanField(null=True)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='accounts.area')),
            ],
            options={
                'ordering': ['code'],
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'accounts_area\', TG_OP, \'code\', row_old, row_new, NULL, COALESCE(NEW."code", OLD."code")); RETURN NULL;', hash='86cb55ee59f69c6408e44c03011c096c0a0b3980', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_850eb', table='accounts_area', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True)),
                ('table', models.CharField(max_length=63)),
                ('row_pk', models.CharField(max_length=40)),
                ('operation', models.CharField(choices=[('I', 'created'), ('U', 'changed'), ('D', 'deleted')], max_length=1)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('actor_id', models.BigIntegerField(db_index=True, null=True)),
                ('actor_name', models.CharField(max_length=80)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('area_id', models.CharField(blank=True, default='', max_length=15)),
                ('seq', models.BigIntegerField(null=True)),
                ('prev_hash', models.BinaryField(null=True)),
                ('hash', models.BinaryField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['table', 'row_pk', '-id'], name='audit_of_row'), models.Index(condition=models.Q(('hash__isnull', True)), fields=['id'], name='audit_unsealed')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('seq__isnull', False)), fields=('seq',), name='audit_seq_once'), models.UniqueConstraint(condition=models.Q(('prev_hash__isnull', False)), fields=('prev_hash',), name='audit_no_fork')],
                'triggers': [pgtrigger.compiler.Trigger(name='born_of_trigger', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (pg_trigger_depth() < 1 OR NEW.hash IS NOT NULL)', func="RAISE EXCEPTION 'history: entries are written by triggers only';", hash='f0ae525ecd6a47ced09618de4ead6d7a988fda5c', operation='INSERT', pgid='pgtrigger_born_of_trigger_6933c', table='accounts_auditentry', when='BEFORE')), pgtrigger.compiler.Trigger(name='seal_once', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF OLD.hash IS NOT NULL OR NEW.hash IS NULL OR (NEW."id", NEW."at", NEW."table", NEW."row_pk", NEW."operation", NEW."before", NEW."after", NEW."actor_id", NEW."actor_name", NEW."request_id", NEW."reason", NEW."area_id") IS DISTINCT FROM (OLD."id", OLD."at", OLD."table", OLD."row_pk", OLD."operation", OLD."before", OLD."after", OLD."actor_id", OLD."actor_name", OLD."request_id", OLD."reason", OLD."area_id") THEN RAISE EXCEPTION \'history: entry % may not be changed\', OLD.id; END IF; RETURN NEW;', hash='cad107cdc69309d77220810838b50804c0666f24', operation='UPDATE', pgid='pgtrigger_seal_once_8def2', table='accounts_auditentry', when='BEFORE')), pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='01ebbcc420bb258c2207ce4c932fb5d4390d1668', operation='DELETE', pgid='pgtrigger_no_delete_37be2', table='accounts_auditentry', when='BEFORE')), pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history: % may not be truncated', TG_TABLE_NAME;", hash='0d9c7d8a4a56c5b4c1ce190d2d675871274e6af3', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_74803', table='accounts_auditentry', when='BEFORE'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='HistoryCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('holds', models.BooleanField()),
                ('links', models.BigIntegerField(help_text='Links of the chain that were recomputed')),
                ('rows', models.BigIntegerField(help_text='Rows that were compared with their history')),
                ('anchors', models.PositiveIntegerField(help_text='Heads recorded outside the database that were compared')),
                ('finding', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('accounts_historycheck', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='bdc1e39e78ab0492eaae45409083cf5bde938d2c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_f5c75', table='accounts_historycheck', when='AFTER')), pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7befee523c81f8e7440e929da4bb5c8a23eac204', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_cf80d', table='accounts_historycheck', when='BEFORE')), pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history: % may not be truncated', TG_TABLE_NAME;", hash='c02bae43abd03a6e03fea4f8167f3b8b59d06cba', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_002e3', table='accounts_historycheck', when='BEFORE'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('kind', models.CharField(choices=[('reveal', 'reveal'), ('export', 'export'), ('download', 'download')], max_length=20)),
                ('object_table', models.CharField(max_length=63)),
                ('object_pk', models.CharField(max_length=40)),
                ('field', models.CharField(blank=True, max_length=40)),
                ('reason', models.CharField(max_length=300)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('row_count', models.PositiveIntegerField(blank=True, null=True)),
                ('content_sha256', models.CharField(blank=True, max_length=64)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('area', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'accounts_accesslog\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='bac82e9504f860aa0e532eb77feb8ac7a6f46df6', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_5ade2', table='accounts_accesslog', when='AFTER')), pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='290a5f1b76c7728ab89ca14d001042c77867e8b3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_36f4b', table='accounts_accesslog', when='BEFORE')), pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history: % may not be truncated', TG_TABLE_NAME;", hash='121f7290aae28fe2a62b1bd786832225972bb288', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_01654', table='accounts_accesslog', when='BEFORE'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person_no', models.CharField(editable=False, max_length=40)),
                ('role', models.CharField(choices=[('leading_group', 'Leading group'), ('office', 'Programme office'), ('town_staff', 'Town staff'), ('town_leader', 'Town leader'), ('village_staff', 'Village staff'), ('finance', 'Finance, maker'), ('finance_review', 'Finance, reviewer'), ('finance_release', 'Finance, releaser'), ('auditor', 'Auditor'), ('inspector', 'Third-party inspector'), ('panel_member', 'Department in the acceptance panel'), ('supplier', 'Supplier, installer'), ('heating_company', 'Heating company'), ('energy_company', 'Energy company'), ('ops', 'Platform operator'), ('city_viewer', 'City, read only'), ('system_admin', 'System administrator'), ('security_admin', 'Security administrator'), ('audit_admin', 'Audit administrator')], max_length=30, verbose_name='role')),
                ('admin_kind', models.SmallIntegerField(default=0, editable=False)),
                ('starts_on', models.DateField(default=core.clock.today)),
                ('expires_on', models.DateField(blank=True, null=True)),
                ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.area')),
                ('granted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('user', 'role', 'area'), name='grant_once'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.F('person_no'), '='), (models.F('admin_kind'), '<>')], name='grant_one_kind_per_person')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'accounts_grant\', TG_OP, \'id\', row_old, row_new, NULL, COALESCE(NEW."area_id", OLD."area_id")); RETURN NULL;', hash='d12f5b7fcf7570431356d132e91c68d0f19a54af', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_6132d', table='accounts_grant', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, max_length=2000)),
                ('shared', models.CharField(choices=[('private', 'Private'), ('unit', 'My unit')], default='private', max_length=10)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('owner', 'page', 'name'), name='saved_view_once')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('accounts_savedview', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='f030586d1d170cf251a190bfa93511ca31da7bfc', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_ad53c', table='accounts_savedview', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='Selection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('page', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, max_length=2000)),
                ('excluded_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('included_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('count', models.PositiveIntegerField()),
                ('fingerprint', models.CharField(max_length=64)),
                ('expires_at', models.DateTimeField()),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('accounts_selection', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='363c3f64354cf4d4762abda23333931fef571b86', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_e0d83', table='accounts_selection', when='AFTER'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=core.clock.now)),
                ('name_index', models.CharField(max_length=64)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('device', models.CharField(choices=[('desktop', 'computer'), ('phone', 'phone')], max_length=10)),
                ('outcome', models.CharField(choices=[('ok', 'signed in'), ('wrong', 'refused')], max_length=10)),
                ('alert', models.CharField(blank=True, choices=[('', 'none'), ('two_places', 'one account, two places')], default='', max_length=20)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['name_index', '-at'], name='sign_in_of_name')],
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('accounts_signin', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='9440c4655f70d9865da32d7cc1e5d4984c40b320', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_899a0', table='accounts_signin', when='AFTER')), pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='af476267881bdd7b52bf95a7f7349e1b41c705ac', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_70b41', table='accounts_signin', when='BEFORE')), pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history: % may not be truncated', TG_TABLE_NAME;", hash='1e9e2d4ca15d808c99bafba75f3e2d5016f96af6', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_fbef2', table='accounts_signin', when='BEFORE'))],
            },
        ),
        core.migration_steps.CreateModel(
            name='TOTPDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('key', core.fields.EncryptedTextField(default=accounts.one_time_codes.new_key, help_text='The shared secret, hexadecimal')),
                ('step', models.PositiveSmallIntegerField(default=30, help_text='Seconds for which one code stands')),
                ('t0', models.BigIntegerField(default=0, help_text='Unix time at which counting began')),
                ('digits', models.PositiveSmallIntegerField(default=6)),
                ('tolerance', models.PositiveSmallIntegerField(default=1, help_text="Steps the phone's clock may be off")),
                ('drift', models.SmallIntegerField(default=0, help_text="Steps the phone's clock is known to be off")),
                ('last_t', models.BigIntegerField(default=-1, help_text='Step of the last code that counted')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'one-time code device',
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD) - ARRAY['drift', 'last_t', 'last_used_at', 'throttling_failure_count', 'throttling_failure_timestamp']::text[]; END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW) - ARRAY['drift', 'last_t', 'last_used_at', 'throttling_failure_count', 'throttling_failure_timestamp']::text[]; END IF; PERFORM accounts_record_change('accounts_totpdevice', TG_OP, 'id', row_old, row_new, NULL, NULL); RETURN NULL;", hash='823879ce815dddc2198f149264cd05eab711ceda', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_history_c33b1', table='accounts_totpdevice', when='AFTER'))],
            },
        ),
        core.migration_steps.InstallTriggers(
        ),
    ]
