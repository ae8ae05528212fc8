import django.db.models.deletion
import simple_history.models
import wechat.kernel.tracing
import wechat.pushes.models.pictures
from django.conf import settings
from django.db import migrations, models
from wechat.kernel.versioned_cache import count_edits


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kernel', '0001_initial'),
        ('api', '0001_initial'),
        ('inbox', '0001_initial'),
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('template', 'Template message'), ('notice', 'Subscription notice'), ('subscribe', 'Mini-program subscription message')], max_length=10, verbose_name='kind')),
                ('platform_id', models.TextField(verbose_name='template ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('content', models.TextField(verbose_name='wording')),
                ('example', models.TextField(blank=True, verbose_name='example')),
                ('industry', models.CharField(blank=True, max_length=120, verbose_name='industry')),
                ('is_long_term', models.BooleanField(default=False, verbose_name='long-term')),
                ('choices', models.JSONField(blank=True, default=dict, verbose_name='listed values')),
                ('missing_since', models.DateTimeField(blank=True, null=True, verbose_name='missing at WeChat since')),
                ('label', models.CharField(blank=True, max_length=60, verbose_name='our name for it')),
                ('note', models.TextField(blank=True, verbose_name='our note')),
                ('defaults', models.JSONField(blank=True, default=dict, verbose_name='usual values')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'template',
                'verbose_name_plural': 'templates',
                'constraints': [models.UniqueConstraint(fields=('account', 'platform_id'), name='template_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['template', 'notice', 'subscribe'])), name='template_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalEventTemplate',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('event', models.CharField(max_length=40, verbose_name='event')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values')),
                ('url', models.CharField(blank=True, max_length=500, verbose_name='link')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('template', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pushes.template', verbose_name='template')),
            ],
            options={
                'verbose_name': 'historical automatic message',
                'verbose_name_plural': 'historical automatic messages',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='EventTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=40, verbose_name='event')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values')),
                ('url', models.CharField(blank=True, max_length=500, verbose_name='link')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='pushes.template', verbose_name='template')),
            ],
            options={
                'verbose_name': 'automatic message',
                'verbose_name_plural': 'automatic messages',
                'constraints': [models.UniqueConstraint(fields=('account', 'event', 'template'), name='event_template_once', violation_error_message='This template is sent for this event already.')],
            },
        ),
        migrations.CreateModel(
            name='LibraryJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('verb', models.CharField(choices=[('sync', 'Read the templates'), ('add', 'Add a template'), ('delete', 'Delete a template')], max_length=8, verbose_name='what')),
                ('details', models.JSONField(default=dict)),
                ('known', models.JSONField(blank=True, editable=False, null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8, verbose_name='state')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'work on templates',
                'verbose_name_plural': 'work on templates',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='pushes_libraryjob_due'), models.Index(fields=['account', '-id'], name='library_job_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'waiting')), models.Q(('state__in', ['done', 'failed']), ('due_at__isnull', True)), _connector='OR'), name='library_job_due_while_waiting'), models.UniqueConstraint(condition=models.Q(('state', 'waiting'), ('verb', 'sync')), fields=('account',), name='library_job_one_sync_waits')],
            },
        ),
        migrations.CreateModel(
            name='NoticeGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('template', models.TextField(verbose_name='template')),
                ('key', models.CharField(editable=False, max_length=300)),
                ('agreed_at', models.DateTimeField(verbose_name='agreed')),
                ('spent_at', models.DateTimeField(blank=True, null=True, verbose_name='used')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
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
                ('template', models.TextField(verbose_name='template')),
                ('refused_at', models.DateTimeField(verbose_name='refused since')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'refusal of messages',
                'verbose_name_plural': 'refusals of messages',
                'constraints': [models.UniqueConstraint(fields=('account', 'template', 'openid'), name='notice_refusal_once')],
            },
        ),
        migrations.CreateModel(
            name='Push',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('trace', models.CharField(blank=True, db_default='', default=wechat.kernel.tracing.current, editable=False, max_length=55)),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('kind', models.CharField(choices=[('service', 'Customer-service message'), ('template', 'Template message'), ('notice', 'Subscription notice'), ('once', 'One-time subscription message'), ('subscribe', 'Mini-program subscription message')], default='service', max_length=10, verbose_name='kind')),
                ('template', models.TextField(blank=True, verbose_name='template')),
                ('content', models.JSONField(verbose_name='content')),
                ('key', models.CharField(editable=False, max_length=120, verbose_name='key')),
                ('cause', models.CharField(blank=True, max_length=40, verbose_name='because of')),
                ('variant', models.CharField(blank=True, db_default='', default='', editable=False, max_length=8)),
                ('bulk', models.BooleanField(default=False, editable=False, verbose_name='one of many')),
                ('state', models.CharField(choices=[('pending', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('uncertain', 'Uncertain'), ('skipped', 'Not sent')], default='pending', max_length=12, verbose_name='state')),
                ('reason', models.CharField(blank=True, choices=[('no_window', 'The follower has done nothing lately that allows another message.'), ('window_closed', 'WeChat says that the time for messages to this follower is over, or that they left.'), ('used_up', 'WeChat says that the messages allowed after the last action are used up.'), ('unsendable', 'This kind of content cannot be sent as a customer-service message.'), ('refused', 'WeChat refused the message.'), ('gave_up', 'WeChat gave no usable answer at any attempt: out of reach, busy, or unreadable.'), ('no_grant', 'The follower has not agreed to another message of this template.'), ('not_following', 'The follower no longer follows the account.'), ('template_gone', 'The template no longer exists at WeChat.'), ('bad_value', 'A value breaks the rule of its field.'), ('no_file', 'Its file is missing: it is kept no longer, or not on WeChat yet. Choose it again.'), ('blocked', 'The follower has switched off messages of this account.'), ('undelivered', 'WeChat accepted the message but could not deliver it.'), ('late', 'It was due long ago, as before an outage: somebody has to decide about it.'), ('called_off', 'It was late, and was called off.'), ('erased', 'The follower was erased before it was sent.'), ('no_answer', 'The answer of WeChat was lost: the follower may have the message.'), ('interrupted', 'The sender was stopped: the follower may have the message.')], max_length=16, verbose_name='reason')),
                ('tried_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('msgid', models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='message ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('caller', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='api.apiclient', verbose_name='asked for by')),
                ('inbound', models.ForeignKey(blank=True, null=True, db_constraint=False, on_delete=django.db.models.deletion.SET_NULL, related_name='pushes', to='inbox.inboundmessage', verbose_name='in answer to')),
            ],
            options={
                'verbose_name': 'sent message',
                'verbose_name_plural': 'sent messages',
                'indexes': [models.Index(fields=['account', '-id'], name='push_newest'), models.Index(condition=models.Q(('state__in', ['failed', 'uncertain', 'skipped'])), fields=['account', 'state', '-id'], name='push_troubled'), models.Index(condition=models.Q(('reason', 'late'), ('state', 'skipped')), fields=['account', 'created_at'], name='push_late'), models.Index(condition=models.Q(('reason__in', ['refused', 'gave_up', 'template_gone', 'bad_value', 'no_file', 'unsendable']), ('state', 'failed')), fields=['account', '-id'], name='push_removable'), models.Index(fields=['account', 'openid', '-id'], name='push_conversation'), models.Index(condition=models.Q(('state', 'pending')), fields=['account', 'kind', 'bulk', 'due_at', 'id'], name='push_waiting'), models.Index(condition=models.Q(('state', 'sending')), fields=['due_at'], name='push_leased'), models.Index(condition=models.Q(('caller__isnull', False)), fields=['caller', '-id'], name='push_by_caller'), models.Index(condition=models.Q(('due_at__isnull', False), ('kind', 'service')), fields=['account', 'openid', 'id'], name='push_in_line'), models.Index(condition=models.Q(('bulk', True)), fields=['cause', 'state', 'reason', 'kind', 'variant'], name='push_batch'), models.Index(condition=models.Q(('msgid__isnull', False)), fields=['account', 'msgid'], name='push_by_msgid')],
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='push_once'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'sending', 'sent', 'delivered', 'failed', 'uncertain', 'skipped'])), name='push_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state__in', ['pending', 'sending'])), models.Q(models.Q(('state__in', ['pending', 'sending']), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='push_due_while_open'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['failed', 'uncertain', 'skipped']), models.Q(('reason', ''), _negated=True)), models.Q(models.Q(('state__in', ['failed', 'uncertain', 'skipped']), _negated=True), ('reason', '')), _connector='OR'), name='push_reason_when_not_sent'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state__in', ['sent', 'delivered'])), ('state', 'failed'), models.Q(('sent_at__isnull', True), ('state__in', ['pending', 'sending', 'uncertain', 'skipped'])), _connector='OR'), name='push_sent_at_when_it_was_sent'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'service'), ('template', '')), models.Q(('kind__in', ['template', 'notice', 'once', 'subscribe']), models.Q(('template', ''), _negated=True)), _connector='OR'), name='push_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='ConversationPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('file', models.FileField(max_length=200, upload_to=wechat.pushes.models.pictures._path, verbose_name='file')),
                ('content_type', models.CharField(max_length=40, verbose_name='type')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('push', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='picture', to='pushes.push')),
            ],
            options={
                'verbose_name': 'picture of a conversation',
                'verbose_name_plural': 'pictures of conversations',
                'indexes': [models.Index(fields=['account', 'openid'], name='conversation_picture_whose'), models.Index(fields=['created_at'], name='conversation_picture_oldest'), models.Index(condition=models.Q(('push__isnull', True)), fields=['created_at'], name='conversation_picture_unsent')],
            },
        ),
        migrations.CreateModel(
            name='PushDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('sent', models.PositiveIntegerField(default=0)),
                ('delivered', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('last_id', models.BigIntegerField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'sent messages of a day',
                'verbose_name_plural': 'sent messages by day',
                'constraints': [models.UniqueConstraint(fields=('account', 'day'), name='push_day_once')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('msgid', models.BigIntegerField(verbose_name='message ID')),
                ('reason', models.CharField(blank=True, max_length=16, verbose_name='reason')),
                ('status', models.CharField(max_length=120, verbose_name='status')),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'receipt',
                'verbose_name_plural': 'receipts',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='pushes_receipt_due')],
                'constraints': [models.UniqueConstraint(fields=('account', 'msgid'), name='receipt_once'), models.CheckConstraint(condition=models.Q(('status', ''), _negated=True), name='receipt_says_something')],
            },
        ),
        migrations.CreateModel(
            name='SendRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('service', 'Customer-service message'), ('template', 'Template message'), ('notice', 'Subscription notice'), ('once', 'One-time subscription message'), ('subscribe', 'Mini-program subscription message')], max_length=10, verbose_name='kind')),
                ('per_second', models.PositiveIntegerField(blank=True, null=True, verbose_name='messages a second')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'sending speed',
                'verbose_name_plural': 'sending speeds',
                'constraints': [models.UniqueConstraint(fields=('account', 'kind'), name='send_rate_once')],
            },
        ),
        migrations.CreateModel(
            name='SendWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('trigger', models.CharField(choices=[('message', 'Wrote'), ('menu', 'Tapped a menu'), ('follow', 'Followed'), ('scan', 'Scanned a code'), ('enter', 'Opened customer service')], max_length=8, verbose_name='action')),
                ('left', models.PositiveSmallIntegerField(verbose_name='messages left')),
                ('expires_at', models.DateTimeField(verbose_name='until')),
                ('granted_at', models.DateTimeField(verbose_name='since')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'send window',
                'verbose_name_plural': 'send windows',
                'constraints': [models.UniqueConstraint(fields=('account', 'openid', 'trigger'), name='send_window_once'), models.CheckConstraint(condition=models.Q(('trigger__in', ['message', 'menu', 'follow', 'scan', 'enter'])), name='send_window_trigger_known')],
            },
        ),
        migrations.CreateModel(
            name='StaffNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('counted', models.JSONField(default=dict)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'notice to a member of staff',
                'verbose_name_plural': 'notices to members of staff',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='pushes_staffnotice_due')],
                'constraints': [models.UniqueConstraint(fields=('user', 'account'), name='staff_notice_once_per_account')],
            },
        ),
        count_edits("pushes_template", "templates"),
    ]
