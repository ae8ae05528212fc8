import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from wechat.kernel.versioned_cache import count_edits


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kernel', '0001_initial'),
        ('materials', '0001_initial'),
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ServiceHours',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='official.officialaccount', verbose_name='account')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None, verbose_name='days of the week')),
                ('opens_at', models.TimeField(verbose_name='from the hour')),
                ('closes_at', models.TimeField(verbose_name='to the hour')),
            ],
            options={
                'verbose_name': 'service hours',
                'verbose_name_plural': 'service hours',
                'constraints': [models.CheckConstraint(condition=models.Q(('opens_at', models.F('closes_at')), _negated=True), name='service_hours_have_a_length', violation_error_message='Both hours are the same.')],
            },
        ),
        migrations.CreateModel(
            name='Thread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('newest_id', models.BigIntegerField()),
                ('newest_at', models.DateTimeField(verbose_name='last wrote')),
                ('newest_text', models.CharField(blank=True, max_length=200, verbose_name='wrote')),
                ('read_id', models.BigIntegerField(default=0)),
                ('answered_id', models.BigIntegerField(default=0)),
                ('closed_id', models.BigIntegerField(default=0)),
                ('waiting_since', models.DateTimeField(blank=True, null=True, verbose_name='waiting since')),
                ('snoozed_until', models.DateTimeField(blank=True, null=True, verbose_name='put off until')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='threads', to='official.officialaccount', verbose_name='account')),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assigned to')),
            ],
            options={
                'verbose_name': 'conversation',
                'verbose_name_plural': 'conversations',
                'indexes': [models.Index(fields=['account', '-newest_at'], name='thread_newest'), models.Index(condition=models.Q(('newest_id__gt', models.F('closed_id'))), fields=['account', '-newest_at'], name='thread_open'), models.Index(condition=models.Q(('waiting_since__isnull', False)), fields=['account', 'waiting_since'], name='thread_waiting'), models.Index(condition=models.Q(('assignee__isnull', False)), fields=['assignee', 'account', '-newest_at'], name='thread_assigned')],
                'constraints': [models.UniqueConstraint(fields=('account', 'openid'), name='thread_once')],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(max_length=2000, verbose_name='internal note')),
                ('token', models.CharField(blank=True, editable=False, max_length=40)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='written')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('thread', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='desk.thread', verbose_name='conversation')),
            ],
            options={
                'verbose_name': 'internal note',
                'constraints': [models.UniqueConstraint(condition=models.Q(('token', ''), _negated=True), fields=('thread', 'token'), name='note_once')],
                'indexes': [models.Index(fields=['thread', '-created_at'], name='note_newest')],
            },
        ),
        migrations.CreateModel(
            name='CannedAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='content')),
                ('shortcut', models.SlugField(allow_unicode=True, help_text='Typed after a / in the desk: price, 地址, …', max_length=30, verbose_name='shortcut')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='canned_answers', to='official.officialaccount', verbose_name='account')),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
            ],
            options={
                'verbose_name': 'canned answer',
                'verbose_name_plural': 'canned answers',
                'ordering': ['shortcut'],
                'constraints': [models.UniqueConstraint(fields=('account', 'shortcut'), name='canned_answer_once', violation_error_message='This shortcut is taken: choose another.')],
            },
        ),
        migrations.CreateModel(
            name='ReplyTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('waited', models.DurationField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'reply time',
                'verbose_name_plural': 'reply times',
                'indexes': [models.Index(fields=['account', 'at'], include=('waited',), name='reply_time_by_day')],
            },
        ),
        migrations.CreateModel(
            name='Takeover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('until', models.DateTimeField(verbose_name='until')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'takeover',
                'indexes': [models.Index(fields=['until'], name='takeover_until')],
                'constraints': [models.UniqueConstraint(fields=('account', 'openid'), name='takeover_once')],
            },
        ),
        count_edits("desk_takeover", "desk"),
        count_edits("desk_servicehours", "service_hours"),
    ]
