"""Only indexes that questions use: what another index begins with, and what is empty in nearly every row, goes.

The history of an import's rows is asked only by statements that name a column people change.
"""

import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from core import migration_steps


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_only_sealed_entries_are_unique'),
        ('households', '0003_entries_of_a_statement'),
        ('programmes', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migration_steps.RemoveTrigger(
            model_name='importrow',
            name='history',
        ),
        migrations.AlterField(
            model_name='dwelling',
            name='area',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='accounts.area'),
        ),
        migrations.AlterField(
            model_name='dwelling',
            name='folded_into',
            field=models.ForeignKey(blank=True, db_index=False, help_text='The dwelling that stands for this one since two entries of one house were merged', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='folded', to='households.dwelling'),
        ),
        migrations.AlterField(
            model_name='enrolment',
            name='area',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='accounts.area'),
        ),
        migrations.AlterField(
            model_name='household',
            name='area',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='accounts.area'),
        ),
        migrations.AlterField(
            model_name='household',
            name='household_no',
            field=models.CharField(max_length=24, verbose_name='household number'),
        ),
        migrations.AlterField(
            model_name='household',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='absorbed', to='households.household'),
        ),
        migrations.AlterField(
            model_name='importrow',
            name='dwelling',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='households.dwelling'),
        ),
        migrations.AddIndex(
            model_name='dwelling',
            index=models.Index(condition=models.Q(('folded_into__isnull', False)), fields=['folded_into'], name='dwelling_folded'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=models.Index(fields=['area'], name='enrolment_area'),
        ),
        migrations.AddIndex(
            model_name='household',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='household_merged'),
        ),
        migrations.AddIndex(
            model_name='importrow',
            index=models.Index(condition=models.Q(('dwelling__isnull', False)), fields=['dwelling'], name='import_row_dwelling'),
        ),
        migration_steps.AddTrigger(
            model_name='importrow',
            trigger=pgtrigger.compiler.Trigger(name='history', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE row_old jsonb; row_new jsonb;', func='IF TG_OP = \'UPDATE\' AND (NEW."kind", NEW."corrections", NEW."confirmed", NEW."edited_by_id") IS NOT DISTINCT FROM (OLD."kind", OLD."corrections", OLD."confirmed", OLD."edited_by_id") THEN RETURN NULL; END IF; IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD) - ARRAY[\'roster_import_id\', \'sheet\', \'row_no\', \'table_no\', \'state\', \'raw\', \'values\', \'issues\', \'issue_codes\', \'village_id\', \'technology\', \'keys_index\', \'written\', \'before\', \'applied_at\', \'outcome\', \'dwelling_id\', \'version\']::text[]; END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW) - ARRAY[\'roster_import_id\', \'sheet\', \'row_no\', \'table_no\', \'state\', \'raw\', \'values\', \'issues\', \'issue_codes\', \'village_id\', \'technology\', \'keys_index\', \'written\', \'before\', \'applied_at\', \'outcome\', \'dwelling_id\', \'version\']::text[]; END IF; PERFORM accounts_record_change(\'households_importrow\', TG_OP, \'id\', row_old, row_new, NULL, (SELECT p1."area_id" FROM "households_rosterimport" p1 WHERE p1."id" = COALESCE(NEW."roster_import_id", OLD."roster_import_id"))); RETURN NULL;', hash='00affbec5daeb685f28cbea6d3ccb11d62c343ac', operation='UPDATE OF "kind", "corrections", "confirmed", "edited_by_id" OR DELETE', pgid='pgtrigger_history_bcfbc', table='households_importrow', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='household',
            constraint=models.UniqueConstraint(fields=('household_no',), name='household_no_once'),
        ),
    ]
