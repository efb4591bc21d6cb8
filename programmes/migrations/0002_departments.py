"""Departments of places, to whose keys accounts, duties and seats are bound."""

import core.migration_steps
import django.db.models.deletion
import pgtrigger.compiler
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_bureaus"),
        ("programmes", "0001_initial"),
    ]

    operations = [
        core.migration_steps.CreateModel(
            name="Department",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="department")),
                (
                    "called",
                    models.JSONField(
                        blank=True, default=list, help_text="Other names it has in documents, earlier ones too"
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.area",
                        verbose_name="place",
                    ),
                ),
            ],
            options={
                "ordering": ["area_id", "name"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("area", "name"), name="department_once")],
            },
        ),
        core.migration_steps.AddTrigger(
            model_name="department",
            trigger=pgtrigger.compiler.Trigger(
                name="history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE row_old jsonb; row_new jsonb;",
                    func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('programmes_department', TG_OP, 'id', row_old, row_new, NULL, COALESCE(NEW.\"area_id\", OLD.\"area_id\")); RETURN NULL;",
                    hash="55a2d94a45d7f87a7c0c9b85387daf88ba59c9f6",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_history_00905",
                    table="programmes_department",
                    when="AFTER",
                ),
            ),
        ),
    ]
