import django.core.validators
import django.db.models.deletion
import uuid
import wechat.kernel.secrets
import wechat.kernel.tracing
import wechat.webhooks.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('api', '0001_initial'),
        ('official', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('previous_secrets', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('owner', models.CharField(blank=True, editable=False, max_length=40)),
                ('url', models.CharField(max_length=500, validators=[django.core.validators.RegexValidator('^https?://\\S+$', 'An address begins with https:// or http://.')], verbose_name='address')),
                ('secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='signing secret')),
                ('events', models.JSONField(blank=True, default=list, verbose_name='events')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('failing_since', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='failing since')),
                ('switched_off_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='switched off')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhook_endpoints', to='official.officialaccount', verbose_name='account')),
                ('client', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhook_endpoints', to='api.apiclient', verbose_name='API client')),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'verbose_name_plural': 'webhook endpoints',
                'constraints': [models.UniqueConstraint(condition=models.Q(('owner', ''), _negated=True), fields=('owner',), name='endpoint_of_owner_once'), models.UniqueConstraint(condition=models.Q(('owner', '')), fields=('account', 'url'), name='endpoint_address_once')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('trace', models.CharField(blank=True, db_default='', default=wechat.kernel.tracing.current, editable=False, max_length=55)),
                ('message_id', models.CharField(default=wechat.webhooks.models.new_message_id, max_length=40, verbose_name='message ID')),
                ('event', models.CharField(max_length=40, verbose_name='event')),
                ('key', models.CharField(editable=False, max_length=120)),
                ('openid', models.CharField(blank=True, max_length=64, verbose_name='OpenID')),
                ('body', models.TextField(verbose_name='body')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('failed', 'given up')], default='waiting', max_length=12, verbose_name='state')),
                ('log', models.JSONField(blank=True, default=list, verbose_name='attempts in detail')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='webhooks.endpoint', verbose_name='endpoint')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='webhooks_delivery_due'), models.Index(fields=['account', '-id'], name='delivery_newest'), models.Index(condition=models.Q(('openid', ''), _negated=True), fields=['account', 'openid'], name='delivery_of_person'), models.Index(fields=['account', 'key'], name='delivery_of_event')],
                'constraints': [models.UniqueConstraint(fields=('endpoint', 'key'), name='delivery_once'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='delivery_due_while_waiting')],
            },
        ),
    ]
