# ruff: noqa: S608 (only the names written here are put into the statements)
"""Phones set up before keep working: their secrets move into the encrypted table, and the clear one is dropped."""

from django.db import migrations

OLD = "otp_totp_totpdevice"
COLUMNS = (
    "user_id, name, confirmed, throttling_failure_timestamp, throttling_failure_count, created_at, last_used_at, "
    "step, t0, digits, tolerance, drift, last_t"
)


def move(apps, schema_editor):
    from accounts.acting import acting
    from core.fields import seal_text

    connection = schema_editor.connection
    if OLD not in connection.introspection.table_names():
        return

    with acting("migration", "secrets of authenticators are encrypted"), connection.cursor() as cursor:
        cursor.execute(f"SELECT key, {COLUMNS} FROM {OLD} ORDER BY id")
        places = ", ".join(["%s"] * (1 + COLUMNS.count(",") + 1))
        for key, *values in cursor.fetchall():
            insert = f"INSERT INTO accounts_totpdevice (key, {COLUMNS}) VALUES ({places})"
            cursor.execute(insert, [seal_text(key), *values])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP TABLE {OLD}")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_encrypted_second_factor")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
