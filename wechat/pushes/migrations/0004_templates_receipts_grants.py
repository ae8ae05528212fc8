

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_date_secrets'),
        ('pushes', '0003_indexes_for_lanes'),
    ]

    operations = [
        migrations.CreateModel(
            name='LibraryJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('sync', 'Read the templates'), ('add', 'Add a template'), ('delete', 'Delete a template')], max_length=8, verbose_name='what')),
                ('details', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8, verbose_name='state')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, null=True, verbose_name='error code')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'work on templates',
                'verbose_name_plural': 'work on templates',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='library_job_due'), models.Index(fields=['account', '-id'], name='library_job_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'waiting')), models.Q(('state__in', ['done', 'failed']), ('due_at__isnull', True)), _connector='OR'), name='library_job_due_while_waiting'), models.UniqueConstraint(condition=models.Q(('state', 'waiting'), ('verb', 'sync')), fields=('account',), name='library_job_one_sync_waits')],
            },
        ),
        migrations.CreateModel(
            name='NoticeGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('template', models.CharField(max_length=64, verbose_name='template')),
                ('key', models.CharField(editable=False, max_length=300)),
                ('agreed_at', models.DateTimeField(verbose_name='agreed')),
                ('spent_at', models.DateTimeField(blank=True, null=True, verbose_name='used')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'agreement to a message',
                'verbose_name_plural': 'agreements to messages',
                'indexes': [models.Index(condition=models.Q(('spent_at__isnull', True)), fields=['account', 'template', 'openid', 'agreed_at'], name='notice_grant_unspent')],
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='notice_grant_once')],
            },
        ),
        migrations.CreateModel(
            name='NoticeRefusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('template', models.CharField(max_length=64, verbose_name='template')),
                ('refused_at', models.DateTimeField(verbose_name='refused since')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'refusal of messages',
                'verbose_name_plural': 'refusals of messages',
                'constraints': [models.UniqueConstraint(fields=('account', 'template', 'openid'), name='notice_refusal_once')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('msgid', models.BigIntegerField(verbose_name='message ID')),
                ('reason', models.CharField(blank=True, max_length=16, verbose_name='reason')),
                ('status', models.CharField(max_length=120, verbose_name='status')),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'receipt',
                'verbose_name_plural': 'receipts',
                'indexes': [models.Index(fields=['due_at'], name='receipt_due')],
                'constraints': [models.UniqueConstraint(fields=('account', 'msgid'), name='receipt_once'), models.CheckConstraint(condition=models.Q(('status', ''), _negated=True), name='receipt_says_something')],
            },
        ),
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('template', 'Template message'), ('notice', 'Subscription notice'), ('subscribe', 'Mini-program subscription message')], max_length=10, verbose_name='kind')),
                ('platform_id', models.CharField(max_length=64, verbose_name='template ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('content', models.TextField(verbose_name='wording')),
                ('example', models.TextField(blank=True, verbose_name='example')),
                ('industry', models.CharField(blank=True, max_length=120, verbose_name='industry')),
                ('lasts', models.BooleanField(default=False, verbose_name='long-term')),
                ('choices', models.JSONField(blank=True, default=dict, verbose_name='listed values')),
                ('missing_since', models.DateTimeField(blank=True, null=True, verbose_name='missing at WeChat since')),
                ('label', models.CharField(blank=True, max_length=60, verbose_name='our name for it')),
                ('note', models.TextField(blank=True, verbose_name='our note')),
                ('defaults', models.JSONField(blank=True, default=dict, verbose_name='usual values')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'template',
                'verbose_name_plural': 'templates',
                'constraints': [models.UniqueConstraint(fields=('account', 'platform_id'), name='template_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['template', 'notice', 'subscribe'])), name='template_kind_known')],
            },
        ),
    ]
