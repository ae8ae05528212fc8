import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import simple_history.models
import uuid
import wechat.kernel.secrets
import wechat.replies.handovers
from django.conf import settings
from django.db import migrations, models
from wechat.kernel.versioned_cache import count_edits


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kernel', '0001_initial'),
        ('followers', '0001_initial'),
        ('inbox', '0001_initial'),
        ('materials', '0001_initial'),
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('tag_ids', models.JSONField(null=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('in_shadow', models.BooleanField(default=False, help_text='It says nothing: what it would have answered is counted and listed.', verbose_name='run in shadow')),
                ('position', models.PositiveIntegerField(db_index=True, default=0, help_text='Of two rules that fit, the upper one answers.', verbose_name='position')),
                ('trigger', models.CharField(choices=[('keyword', 'Keyword'), ('follow', 'Follow, every time'), ('follow_first', 'Follow, the first time'), ('follow_again', 'Follow, again'), ('scan', "Scan of a channel's QR code"), ('message_type', 'Type of message'), ('event', 'Event'), ('default', 'Default: no other rule fits')], default='keyword', max_length=16, verbose_name='answers to')),
                ('message_kind', models.CharField(blank=True, choices=[('text', 'Text'), ('image', 'Picture'), ('voice', 'Voice'), ('video', 'Video'), ('shortvideo', 'Short video'), ('location', 'Place'), ('link', 'Link'), ('miniprogrampage', 'Mini-program card')], max_length=40, verbose_name='type of message')),
                ('event', models.CharField(blank=True, choices=[('click', 'Menu button tapped'), ('scancode_push', 'Menu: code scanned'), ('scancode_waitmsg', 'Menu: code scanned, waiting for an answer'), ('pic_sysphoto', 'Menu: photo taken'), ('pic_photo_or_album', 'Menu: photo or album'), ('pic_weixin', 'Menu: WeChat album'), ('location_select', 'Menu: place chosen'), ('location', 'Location reported'), ('user_enter_tempsession', 'Customer service opened (mini program)')], max_length=64, verbose_name='event')),
                ('event_key', models.CharField(blank=True, help_text='Of this menu button only; empty: of any.', max_length=128, verbose_name='event key')),
                ('scene', models.CharField(blank=True, help_text="The channel's scene; empty: any channel.", max_length=64, verbose_name='channel')),
                ('valid_from', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')]), blank=True, default=list, help_text='None chosen: every day.', size=None, verbose_name='days of the week')),
                ('opens_at', models.TimeField(blank=True, null=True, verbose_name='from the hour')),
                ('closes_at', models.TimeField(blank=True, help_text='Earlier than the first hour means the next morning: 22:00 to 06:00.', null=True, verbose_name='to the hour')),
                ('new_follower_days', models.PositiveSmallIntegerField(blank=True, help_text='Only those who followed within so many days.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='new followers')),
                ('strategy', models.CharField(choices=[('all', 'All of them'), ('random', 'One at random')], default='all', max_length=8, verbose_name='of several replies')),
                ('hands_to', models.CharField(blank=True, choices=wechat.replies.handovers.choices, help_text="The conversation is then among those that wait for an answer. To hand it to WeChat's own customer service, choose that as the kind of the reply.", max_length=20, verbose_name='hand the follower to')),
                ('away_text', models.TextField(blank=True, help_text='Instead of the replies. Empty: the replies are said at any hour.', verbose_name='said outside of service hours')),
                ('forward_url', models.URLField(blank=True, help_text='An address of your own that is told of every message this rule answers.', max_length=500, verbose_name='forward to')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('source_key', models.CharField(blank=True, editable=False, max_length=80, verbose_name='source')),
                ('source_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical rule',
                'verbose_name_plural': 'historical rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('in_shadow', models.BooleanField(default=False, help_text='It says nothing: what it would have answered is counted and listed.', verbose_name='run in shadow')),
                ('position', models.PositiveIntegerField(db_index=True, default=0, help_text='Of two rules that fit, the upper one answers.', verbose_name='position')),
                ('trigger', models.CharField(choices=[('keyword', 'Keyword'), ('follow', 'Follow, every time'), ('follow_first', 'Follow, the first time'), ('follow_again', 'Follow, again'), ('scan', "Scan of a channel's QR code"), ('message_type', 'Type of message'), ('event', 'Event'), ('default', 'Default: no other rule fits')], default='keyword', max_length=16, verbose_name='answers to')),
                ('message_kind', models.CharField(blank=True, choices=[('text', 'Text'), ('image', 'Picture'), ('voice', 'Voice'), ('video', 'Video'), ('shortvideo', 'Short video'), ('location', 'Place'), ('link', 'Link'), ('miniprogrampage', 'Mini-program card')], max_length=40, verbose_name='type of message')),
                ('event', models.CharField(blank=True, choices=[('click', 'Menu button tapped'), ('scancode_push', 'Menu: code scanned'), ('scancode_waitmsg', 'Menu: code scanned, waiting for an answer'), ('pic_sysphoto', 'Menu: photo taken'), ('pic_photo_or_album', 'Menu: photo or album'), ('pic_weixin', 'Menu: WeChat album'), ('location_select', 'Menu: place chosen'), ('location', 'Location reported'), ('user_enter_tempsession', 'Customer service opened (mini program)')], max_length=64, verbose_name='event')),
                ('event_key', models.CharField(blank=True, help_text='Of this menu button only; empty: of any.', max_length=128, verbose_name='event key')),
                ('scene', models.CharField(blank=True, help_text="The channel's scene; empty: any channel.", max_length=64, verbose_name='channel')),
                ('valid_from', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')]), blank=True, default=list, help_text='None chosen: every day.', size=None, verbose_name='days of the week')),
                ('opens_at', models.TimeField(blank=True, null=True, verbose_name='from the hour')),
                ('closes_at', models.TimeField(blank=True, help_text='Earlier than the first hour means the next morning: 22:00 to 06:00.', null=True, verbose_name='to the hour')),
                ('new_follower_days', models.PositiveSmallIntegerField(blank=True, help_text='Only those who followed within so many days.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='new followers')),
                ('strategy', models.CharField(choices=[('all', 'All of them'), ('random', 'One at random')], default='all', max_length=8, verbose_name='of several replies')),
                ('hands_to', models.CharField(blank=True, choices=wechat.replies.handovers.choices, help_text="The conversation is then among those that wait for an answer. To hand it to WeChat's own customer service, choose that as the kind of the reply.", max_length=20, verbose_name='hand the follower to')),
                ('away_text', models.TextField(blank=True, help_text='Instead of the replies. Empty: the replies are said at any hour.', verbose_name='said outside of service hours')),
                ('forward_url', models.URLField(blank=True, help_text='An address of your own that is told of every message this rule answers.', max_length=500, verbose_name='forward to')),
                ('forward_secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='signing secret')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('source_key', models.CharField(blank=True, editable=False, max_length=80, verbose_name='source')),
                ('source_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='official.officialaccount', verbose_name='account')),
                ('adds_tags', models.ManyToManyField(blank=True, help_text='Whoever this rule answers gets these tags.', related_name='+', to='followers.tag', verbose_name='tag them')),
                ('tags', models.ManyToManyField(blank=True, help_text='Only followers with one of these tags.', to='followers.tag', verbose_name='tags')),
            ],
            options={
                'verbose_name': 'rule',
                'verbose_name_plural': 'rules',
                'ordering': ['position', 'id'],
                'indexes': [models.Index(fields=['account', 'position', 'id'], name='rule_order')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('source_key', ''), _negated=True), fields=('account', 'source_key'), name='rule_imported_once'), models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('valid_from__isnull', True), ('valid_until__gt', models.F('valid_from')), _connector='OR'), name='rule_ends_after_it_begins', violation_error_message='“Valid until” must be later than “valid from”.')],
            },
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='content')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='replies.rule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'reply',
                'verbose_name_plural': 'replies',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Keyword',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('compare', models.CharField(choices=[('contains', 'contains'), ('equals', 'equals'), ('starts_with', 'starts with'), ('regex', 'regular expression')], default='contains', max_length=12, verbose_name='the message')),
                ('text', models.CharField(max_length=200, verbose_name='keyword')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keywords', to='replies.rule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'keyword',
                'verbose_name_plural': 'keywords',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('rule', 'compare', 'text'), name='keyword_once_per_rule', violation_error_message='This keyword is there twice; delete one.'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='keyword_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalReply',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='content')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('asset', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='materials.asset', verbose_name='file')),
                ('cover', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='replies.rule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'historical reply',
                'verbose_name_plural': 'historical replies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalKeyword',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('compare', models.CharField(choices=[('contains', 'contains'), ('equals', 'equals'), ('starts_with', 'starts with'), ('regex', 'regular expression')], default='contains', max_length=12, verbose_name='the message')),
                ('text', models.CharField(max_length=200, verbose_name='keyword')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='replies.rule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'historical keyword',
                'verbose_name_plural': 'historical keywords',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='RuleHits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('in_shadow', models.BooleanField(verbose_name='run in shadow')),
                ('hits', models.PositiveBigIntegerField(default=0, verbose_name='hits')),
                ('last_at', models.DateTimeField(verbose_name='last')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='counts', to='replies.rule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'hits of a rule',
                'verbose_name_plural': 'hits of rules',
                'constraints': [models.UniqueConstraint(fields=('rule', 'in_shadow'), name='rule_hits_once')],
            },
        ),
        migrations.CreateModel(
            name='ShadowMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to='inbox.inboundmessage', verbose_name='message')),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='replies.rule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'match in shadow',
                'verbose_name_plural': 'matches in shadow',
                'constraints': [models.UniqueConstraint(fields=('rule', 'message'), name='rule_shadowed_once')],
            },
        ),
        count_edits("replies_rule", "rules"),
        count_edits("replies_rule_tags", "rules"),
        count_edits("replies_keyword", "rules"),
        count_edits("replies_reply", "rules"),
        # A file that is uploaded gets the media id that the replies with it wait for.
        count_edits("materials_asset", "rules"),
    ]
