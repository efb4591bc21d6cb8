"""An aggregate that replays a row's history: later values over earlier ones (`accounts.history.rows`)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_authenticators_out_of_the_clear")]
    operations = [
        migrations.RunSQL(
            "CREATE AGGREGATE accounts_replayed(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}')",
            "DROP AGGREGATE accounts_replayed(jsonb)",
        )
    ]
