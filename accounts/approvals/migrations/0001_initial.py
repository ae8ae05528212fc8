import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('action', models.CharField(max_length=40, verbose_name='kind of step')),
                ('kind', models.CharField(editable=False, max_length=100)),
                ('object_id', models.CharField(editable=False, max_length=64)),
                ('title', models.CharField(max_length=200, verbose_name='what it is')),
                ('size', models.BigIntegerField(default=0, verbose_name='how much')),
                ('before', models.JSONField(default=list, verbose_name='state before')),
                ('after', models.JSONField(default=list, verbose_name='state after')),
                ('details', models.JSONField(default=dict, editable=False)),
                ('fingerprint', models.CharField(blank=True, editable=False, max_length=64)),
                ('asked_through', models.CharField(blank=True, editable=False, max_length=80)),
                ('asked_at', models.DateTimeField(auto_now_add=True, verbose_name='requested')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('state', models.CharField(choices=[('waiting', 'waits for approval'), ('approved', 'granted'), ('rejected', 'rejected'), ('taken_back', 'taken back'), ('expired', 'expired')], default='waiting', max_length=10, verbose_name='state')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('alone', models.BooleanField(default=False, verbose_name='nobody else could agree')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='official.officialaccount', verbose_name='account')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
            ],
            options={
                'verbose_name': 'approval',
                'verbose_name_plural': 'approvals',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='approvals_approval_due'), models.Index(fields=['account', 'state', '-id'], name='approval_by_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting'), models.Q(('object_id', ''), _negated=True)), fields=('kind', 'object_id', 'action'), name='approval_waits_once'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='approval_due_while_it_waits')],
            },
        ),
        migrations.CreateModel(
            name='ApprovalLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=40, verbose_name='kind of step')),
                ('role', models.CharField(choices=[('editor', 'Editor: rules, menus, content'), ('publisher', 'Publisher: also publishes and sends'), ('service', 'Service: reads and answers messages'), ('finance', 'Finance: orders and refunds'), ('auditor', 'Auditor: reads everything'), ('owner', 'Owner: everything, with secrets and staff'), ('api', 'Business systems, through the API')], max_length=16, verbose_name='role')),
                ('alone_up_to', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='alone up to')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approval_limits', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'approval limit',
                'verbose_name_plural': 'approval limits',
                'constraints': [models.UniqueConstraint(fields=('account', 'action', 'role'), name='approval_limit_once'), models.CheckConstraint(condition=models.Q(('alone_up_to', None), ('alone_up_to__gte', 0), _connector='OR'), name='approval_limit_not_negative')],
            },
        ),
    ]
