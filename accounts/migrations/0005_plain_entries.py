"""The history without indexes of its moment and its actor's key: nothing is looked up by them, every write paid both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_bureaus")]
    operations = [
        migrations.AlterField("auditentry", "at", models.DateTimeField()),
        migrations.AlterField("auditentry", "actor_id", models.BigIntegerField(null=True)),
    ]
