"""What every history trigger calls, and an aggregate that replays a row's history (`accounts.history.rows`).

The function judges the actor, keeps what changed, hides secrets, writes the entry. `accounts_acting` judges the actor
for triggers that write the entries of a whole statement (`accounts.history.triggers.InsertsTrigger`). SQLSTATE class P0 makes a forgotten
actor a ProgrammingError, a mistake of the code (500); most other classes are taken for an outage of the database (503).
"""

from django.db import migrations

RECORD_CHANGE = """
CREATE OR REPLACE FUNCTION accounts_record_change(
    tab text, op text, pk text, row_old jsonb, row_new jsonb, secret text[], place text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    context jsonb := NULLIF(current_setting('pghistory.context_metadata', true), '')::jsonb;
    key_value text := COALESCE(row_new, row_old)->>pk;
    name text;
BEGIN
    IF COALESCE(context->>'actor_name', '') = '' THEN
        RAISE EXCEPTION 'history: % on % without an actor', op, tab USING ERRCODE = 'P0H01',
            HINT = 'wrap the work in accounts.acting.acting(...)';
    END IF;
    IF op = 'UPDATE' THEN
        SELECT jsonb_object_agg(key, row_old->key), jsonb_object_agg(key, value) INTO row_old, row_new
        FROM jsonb_each(row_new) WHERE value IS DISTINCT FROM row_old->key;
        IF row_new IS NULL THEN RETURN; END IF;
    END IF;
    FOREACH name IN ARRAY COALESCE(secret, '{}') LOOP
        IF row_new ? name THEN row_new := row_new || jsonb_build_object(name, '***'); END IF;
        IF row_old ? name THEN row_old := row_old || jsonb_build_object(name, '***'); END IF;
    END LOOP;
    INSERT INTO accounts_auditentry
        (at, "table", row_pk, operation, before, after, actor_id, actor_name, request_id, reason, area_id)
    VALUES (clock_timestamp(), tab, key_value, left(op, 1), row_old, row_new,
        (context->>'actor_id')::bigint, left(context->>'actor_name', 80),
        COALESCE(left(context->>'request_id', 64), ''), COALESCE(left(context->>'reason', 300), ''),
        COALESCE(place, ''));
END $$
"""


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
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(
            RECORD_CHANGE,
            "DROP FUNCTION accounts_record_change(text, text, text, jsonb, jsonb, text[], text)",
        ),
        migrations.RunSQL(ACTING, "DROP FUNCTION accounts_acting(text, text)"),
        migrations.RunSQL(
            "CREATE AGGREGATE accounts_replayed(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}')",
            "DROP AGGREGATE accounts_replayed(jsonb)",
        ),
    ]
