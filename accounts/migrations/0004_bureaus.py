"""Accounts may be bound to a department. Only the choices change, nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_membership"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="membership",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("firm", "Supplier or installer"),
                            ("agency", "Inspecting agency"),
                            ("heating", "Heating company"),
                            ("energy", "Energy company"),
                            ("bureau", "Department"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                )
            ]
        ),
    ]
