"""Number and link of an entry are unique once it is sealed; before, it stands in neither index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_acting_in_one_place'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='prev_hash',
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='seq',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.UniqueConstraint(condition=models.Q(('seq__isnull', False)), fields=('seq',), name='audit_seq_once'),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.UniqueConstraint(condition=models.Q(('prev_hash__isnull', False)), fields=('prev_hash',), name='audit_no_fork'),
        ),
    ]
