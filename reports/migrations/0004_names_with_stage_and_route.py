"""The index of names holds stage and route too, so that a filter with a surname is narrowed inside it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_waiting_steps")]
    operations = [
        BtreeGinExtension(),
        migrations.RemoveIndex(model_name="dwellingsummary", name="summary_name_trgm"),
        migrations.AddIndex(
            model_name="dwellingsummary",
            index=GinIndex(
                fields=["head_name", "stage", "technology"], name="summary_name_trgm",
                opclasses=["gin_trgm_ops", "varchar_ops", "varchar_ops"],
                fastupdate=False,
            ),
        ),
    ]  # fmt: skip
