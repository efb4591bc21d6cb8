"""Who acts is judged in one place, and entries of the history are guarded without a call for each.

`accounts_acting` refuses a forgotten actor for triggers that write the entries of a whole statement
(`accounts.history.triggers.InsertsTrigger`) as it does for those of single rows.
"""

import pgtrigger.compiler
from django.db import migrations

from core import migration_steps


ACTING = """
CREATE OR REPLACE FUNCTION accounts_acting(op text, tab text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    context jsonb := NULLIF(current_setting('pghistory.context_metadata', true), '')::jsonb;
BEGIN
    IF COALESCE(context->>'actor_name', '') = '' THEN
        RAISE EXCEPTION 'history: % on % without an actor', op, tab USING ERRCODE = 'P0H01',
            HINT = 'wrap the work in accounts.acting.acting(...)';
    END IF;
    RETURN context;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_recording_changes'),
    ]

    operations = [
        migrations.RunSQL(ACTING, 'DROP FUNCTION accounts_acting(text, text)'),
        migration_steps.RemoveTrigger(
            model_name='auditentry',
            name='born_of_trigger',
        ),
        migration_steps.AddTrigger(
            model_name='auditentry',
            trigger=pgtrigger.compiler.Trigger(name='born_of_trigger', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (pg_trigger_depth() < 1 OR NEW.hash IS NOT NULL)', func="RAISE EXCEPTION 'history: entries are written by triggers only';", hash='f0ae525ecd6a47ced09618de4ead6d7a988fda5c', operation='INSERT', pgid='pgtrigger_born_of_trigger_6933c', table='accounts_auditentry', when='BEFORE')),
        ),
    ]
