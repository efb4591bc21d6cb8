"""Accounts, points and cases that were bound by a name are bound by a key, where exactly one register row has it."""

from typing import Any

from django.db import migrations

from supervision.carrying import carry


def forwards(apps: Any, schema_editor: Any) -> None:
    carry(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_membership"),
        ("devices", "0001_initial"),
        ("heatsupply", "0001_initial"),
        ("supervision", "0002_companies"),
    ]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
