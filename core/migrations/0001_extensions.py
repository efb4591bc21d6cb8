"""What PostgreSQL must offer: trigrams for Chinese names, and exclusion over plain columns."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    run_before = [("accounts", "0001_initial")]
    dependencies: list[tuple[str, str]] = []
    operations = [TrigramExtension(), BtreeGistExtension()]
