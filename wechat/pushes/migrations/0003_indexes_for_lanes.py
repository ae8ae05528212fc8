from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    # The table may have millions of rows: nobody waits while its indexes are built and its rows checked.
    atomic = False

    dependencies = [
        ('pushes', '0002_kinds_and_lanes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='push',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'uncertain', 'skipped'])), fields=['account', 'state', '-id'], name='push_troubled'),
        ),
        AddIndexConcurrently(
            model_name='push',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['account', 'kind', 'bulk', 'due_at', 'id'], name='push_waiting'),
        ),
        AddIndexConcurrently(
            model_name='push',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['due_at'], name='push_leased'),
        ),
        AddIndexConcurrently(
            model_name='push',
            index=models.Index(condition=models.Q(('due_at__isnull', False), ('kind', 'service')), fields=['account', 'openid', 'id'], name='push_in_line'),
        ),
        AddIndexConcurrently(
            model_name='push',
            index=models.Index(condition=models.Q(('msgid__isnull', False)), fields=['account', 'msgid'], name='push_by_msgid'),
        ),
        RemoveIndexConcurrently(
            model_name='push',
            name='push_by_state',
        ),
        RemoveIndexConcurrently(
            model_name='push',
            name='push_due',
        ),
        RemoveIndexConcurrently(
            model_name='push',
            name='push_open',
        ),
        ValidateConstraint(
            model_name='push',
            name='push_sent_at_when_it_was_sent',
        ),
        ValidateConstraint(
            model_name='push',
            name='push_kind_known',
        ),
    ]
