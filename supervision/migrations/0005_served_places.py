"""Villages energy companies serve, works and shops of suppliers, duties bound to departments by key."""

from typing import Any

import core.migration_steps
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from supervision.carrying import carry_departments


def forwards(apps: Any, schema_editor: Any) -> None:
    carry_departments(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_bureaus"),
        ("devices", "0001_initial"),
        ("programmes", "0002_departments"),
        ("supervision", "0004_device_arrival"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        core.migration_steps.CreateModel(
            name="DutyBody",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="programmes.department"
                    ),
                ),
                (
                    "duty",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="body", to="supervision.dutyterm"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        core.migration_steps.CreateModel(
            name="LocalSite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=120, verbose_name="address")),
                ("makes", models.BooleanField(default=False, verbose_name="makes heaters here")),
                ("sells", models.BooleanField(default=False, verbose_name="sells heaters here")),
                ("seen_on", models.DateField(verbose_name="seen on")),
                ("closed_on", models.DateField(blank=True, null=True)),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.area",
                        verbose_name="place",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sites",
                        to="devices.supplier",
                        verbose_name="enterprise",
                    ),
                ),
            ],
            options={
                "ordering": ["supplier__name", "address"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "address"), name="local_site_once"),
                    models.CheckConstraint(
                        condition=models.Q(("makes", True), ("sells", True), _connector="OR"),
                        name="local_site_makes_or_sells",
                    ),
                ],
            },
        ),
        core.migration_steps.CreateModel(
            name="ServedPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "carrier",
                    models.CharField(
                        choices=[("electricity", "electricity"), ("gas", "gas")], max_length=11, verbose_name="energy"
                    ),
                ),
                ("has_capacity", models.BooleanField(null=True, verbose_name="capacity suffices")),
                (
                    "works",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "no works needed"),
                            ("planned", "works planned"),
                            ("running", "works under way"),
                            ("done", "works done"),
                        ],
                        max_length=7,
                        verbose_name="works on the network",
                    ),
                ),
                ("works_on", models.DateField(blank=True, null=True, verbose_name="works done by")),
                ("words", models.CharField(blank=True, max_length=300, verbose_name="by which paper")),
                ("said_at", models.DateTimeField(blank=True, null=True)),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.area",
                        verbose_name="village",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="served",
                        to="supervision.energycompany",
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["area_id", "carrier"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("area", "carrier"), name="served_place_once")],
            },
        ),
        core.migration_steps.AddTrigger(
            model_name="dutybody",
            trigger=pgtrigger.compiler.Trigger(
                name="history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE row_old jsonb; row_new jsonb;",
                    func='IF TG_OP <> \'INSERT\' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> \'DELETE\' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change(\'supervision_dutybody\', TG_OP, \'id\', row_old, row_new, NULL, (SELECT p1."area_id" FROM "supervision_dutyterm" p1 WHERE p1."id" = COALESCE(NEW."duty_id", OLD."duty_id"))); RETURN NULL;',
                    hash="523ccc8f0ed64149c6b451567c79b84f48b19a57",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_history_33aba",
                    table="supervision_dutybody",
                    when="AFTER",
                ),
            ),
        ),
        core.migration_steps.AddTrigger(
            model_name="localsite",
            trigger=pgtrigger.compiler.Trigger(
                name="history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE row_old jsonb; row_new jsonb;",
                    func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('supervision_localsite', TG_OP, 'id', row_old, row_new, NULL, COALESCE(NEW.\"area_id\", OLD.\"area_id\")); RETURN NULL;",
                    hash="3838829f24e27859590d22efbfe1bc6696e8a05e",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_history_4541b",
                    table="supervision_localsite",
                    when="AFTER",
                ),
            ),
        ),
        core.migration_steps.AddTrigger(
            model_name="servedplace",
            trigger=pgtrigger.compiler.Trigger(
                name="history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE row_old jsonb; row_new jsonb;",
                    func="IF TG_OP <> 'INSERT' THEN row_old := to_jsonb(OLD); END IF; IF TG_OP <> 'DELETE' THEN row_new := to_jsonb(NEW); END IF; PERFORM accounts_record_change('supervision_servedplace', TG_OP, 'id', row_old, row_new, NULL, COALESCE(NEW.\"area_id\", OLD.\"area_id\")); RETURN NULL;",
                    hash="483ff98ffd8e800191409c0f6574aacc86778506",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_history_10b57",
                    table="supervision_servedplace",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
