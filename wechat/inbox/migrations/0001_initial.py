import datetime
import django.db.models.deletion
import wechat.kernel.tracing
from django.db import migrations, models
from wechat.inbox.migrations._by_month import CreatePartitioned, make_first_months


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('official', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CountProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counted', models.BigIntegerField(default=0)),
                ('seen', models.BigIntegerField(default=0)),
                ('seen_by', models.BigIntegerField(default=0)),
                ('since', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'progress of counting',
                'verbose_name_plural': 'progress of counting',
            },
        ),
        CreatePartitioned(
            name='InboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('trace', models.CharField(blank=True, db_default='', default=wechat.kernel.tracing.current, editable=False, max_length=55)),
                ('key', models.CharField(editable=False, max_length=255, verbose_name='key')),
                ('month', models.DateField(db_default=datetime.date(1970, 1, 1), default=datetime.date(1970, 1, 1), editable=False)),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('event', models.CharField(blank=True, max_length=64, verbose_name='event')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('body', models.TextField(verbose_name='raw')),
                ('raw_bytes', models.BinaryField(null=True)),
                ('sent_at', models.DateTimeField(verbose_name='sent')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('answer', models.JSONField(blank=True, null=True, verbose_name='answer')),
                ('later', models.JSONField(blank=True, null=True, verbose_name='further answers')),
                ('answered_by', models.CharField(blank=True, max_length=40, verbose_name='answered by')),
                ('late', models.BooleanField(default=False, verbose_name='answered late')),
                ('handled_at', models.DateTimeField(blank=True, null=True, verbose_name='handled')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
            },
        ),
        migrations.CreateModel(
            name='InboundMedia',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('media_id', models.TextField(verbose_name='media ID')),
                ('kind', models.CharField(choices=[('image', 'Picture'), ('voice', 'Voice'), ('video', 'Video'), ('thumb', 'Still of a video')], max_length=8, verbose_name='kind')),
                ('state', models.CharField(choices=[('pending', 'Being fetched'), ('fetched', 'Fetched'), ('failed', 'Could not be fetched')], default='pending', max_length=8, verbose_name='state')),
                ('file', models.FileField(blank=True, max_length=200, upload_to='', verbose_name='file')),
                ('content_type', models.CharField(blank=True, max_length=40, verbose_name='type')),
                ('size', models.PositiveIntegerField(default=0, verbose_name='size in bytes')),
                ('message', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='media', to='inbox.inboundmessage', verbose_name='message')),
            ],
            options={
                'verbose_name': 'media of a message',
                'verbose_name_plural': 'media of messages',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='inbox_inboundmedia_due')],
                'constraints': [models.UniqueConstraint(fields=('message', 'media_id'), name='inbound_media_once'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'pending')), models.Q(('state__in', ['fetched', 'failed']), ('due_at__isnull', True)), _connector='OR'), name='inbound_media_due_while_pending'), models.CheckConstraint(condition=models.Q(('state', 'fetched'), ('file', ''), _connector='XOR'), name='inbound_media_file_when_fetched')],
            },
        ),
        migrations.CreateModel(
            name='MessageMonth',
            fields=[
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('month', models.DateField(primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'month of the message log',
                'verbose_name_plural': 'months of the message log',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='inbox_messagemonth_due')],
            },
        ),
        migrations.CreateModel(
            name='MessageCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('event', models.CharField(blank=True, max_length=64, verbose_name='event')),
                ('count', models.PositiveIntegerField(verbose_name='count')),
                ('unanswered', models.PositiveIntegerField(verbose_name='unanswered')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'messages of a day',
                'verbose_name_plural': 'messages by day',
                'constraints': [models.UniqueConstraint(fields=('account', 'day', 'kind', 'event'), include=('count', 'unanswered'), name='message_count_once')],
            },
        ),
        migrations.CreateModel(
            name='Refusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=20, verbose_name='reason')),
                ('count', models.PositiveBigIntegerField(default=0, verbose_name='count')),
                ('last_at', models.DateTimeField(verbose_name='last')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'refused callback',
                'verbose_name_plural': 'refused callbacks',
                'constraints': [models.UniqueConstraint(fields=('account', 'reason'), name='refusal_once_per_reason')],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_at', models.DateTimeField(verbose_name='last')),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'verification of a callback address',
                'verbose_name_plural': 'verifications of callback addresses',
            },
        ),
        migrations.CreateModel(
            name='IgnoredText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=200, verbose_name='text')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'ignored text',
                'verbose_name_plural': 'ignored texts',
                'constraints': [models.UniqueConstraint(fields=('account', 'text'), name='ignored_text_once')],
            },
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('event__in', ('masssendjobfinish', 'publishjobfinish', 'subscribe_msg_sent_event', 'templatesendjobfinish', 'wxa_media_check')), _negated=True), fields=['account', '-id'], name='inbound_but_receipts'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(fields=['account', 'openid', '-id'], name='inbound_conversation'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='inbox_inboundmessage_due'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('answered_by', ''), _negated=True), fields=['account', 'answered_by', '-id'], name='inbound_answered_by'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('answered_by', ''), ('kind', 'text')), fields=['account', '-id'], name='inbound_unanswered'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('kind', 'text'), _negated=True), fields=['account', 'kind', 'event', '-id'], name='inbound_kind'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('late', True)), fields=['account', '-id'], name='inbound_late'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('error', ''), _negated=True), fields=['account', '-id'], name='inbound_failed'),
        ),
        migrations.AddConstraint(
            model_name='inboundmessage',
            constraint=models.UniqueConstraint(fields=('account', 'key', 'month'), name='inbound_once'),
        ),
        migrations.RunPython(make_first_months, migrations.RunPython.noop),
    ]
