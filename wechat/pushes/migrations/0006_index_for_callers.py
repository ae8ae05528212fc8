from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('pushes', '0005_callers_and_events'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='push',
            index=models.Index(condition=models.Q(('caller__isnull', False)), fields=['caller', '-id'], name='push_by_caller'),
        ),
    ]
