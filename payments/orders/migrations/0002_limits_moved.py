from django.db import migrations


def move(apps, schema_editor):
    """What owners had set for refunds is one of the account's approval limits now."""
    limits = apps.get_model("orders", "RefundLimit").objects.all()
    Limit = apps.get_model("approvals", "ApprovalLimit")
    Limit.objects.bulk_create(
        [
            Limit(account_id=each.account_id, action="refund", role=each.role, alone_up_to=each.alone_up_to)
            for each in limits
        ],
        ignore_conflicts=True,
    )


def move_back(apps, schema_editor):
    limits = apps.get_model("approvals", "ApprovalLimit").objects.filter(
        action="refund", role__in=["finance", "owner", "api"], alone_up_to__isnull=False
    )
    Limit = apps.get_model("orders", "RefundLimit")
    Limit.objects.bulk_create(
        [Limit(account_id=each.account_id, role=each.role, alone_up_to=each.alone_up_to) for each in limits],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0001_initial'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(move, move_back),
        migrations.DeleteModel(
            name='RefundLimit',
        ),
    ]
