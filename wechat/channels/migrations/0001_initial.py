import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import wechat.channels.models
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
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('group', models.CharField(blank=True, help_text='For finding and comparing, such as “stores”.', max_length=40, verbose_name='group of channels')),
                ('place', models.CharField(blank=True, max_length=120, verbose_name='place')),
                ('cost', models.PositiveBigIntegerField(default=0, verbose_name='cost in fen')),
                ('lifetime', models.CharField(choices=[('permanent', 'Permanent'), ('temporary', 'Temporary')], default='permanent', help_text='An account has 100,000 permanent codes in all; a temporary one lasts 30 days at most.', max_length=12, verbose_name='kind of code')),
                ('days', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='valid for days')),
                ('scene', models.CharField(default=wechat.channels.models.new_scene, editable=False, max_length=64, verbose_name='scene')),
                ('new_strategy', models.CharField(choices=[('all', 'All of them'), ('random', 'One at random')], default='all', max_length=8, verbose_name='to new followers, of several messages')),
                ('existing_strategy', models.CharField(choices=[('all', 'All of them'), ('random', 'One at random')], default='all', max_length=8, verbose_name='to existing followers, of several messages')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='channels', to='official.officialaccount', verbose_name='account')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible')),
                ('tags', models.ManyToManyField(blank=True, help_text='Whoever scans the code gets these tags.', related_name='+', to='followers.tag', verbose_name='tags')),
            ],
            options={
                'verbose_name': 'channel',
                'verbose_name_plural': 'channels',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['account', '-id'], name='channel_newest'), models.Index(fields=['account', 'group', '-id'], name='channel_by_group')],
                'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='channel_name_once_per_account', violation_error_message='There is a channel of this name already.'), models.UniqueConstraint(fields=('account', 'scene'), name='channel_scene_once_per_account'), models.CheckConstraint(condition=models.Q(('lifetime__in', ['permanent', 'temporary'])), name='channel_lifetime_known')],
            },
        ),
        migrations.CreateModel(
            name='Attribution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('first_at', models.DateTimeField(verbose_name='first scan')),
                ('last_at', models.DateTimeField(verbose_name='last scan')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('first_channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='channels.channel', verbose_name='first channel')),
                ('last_channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='channels.channel', verbose_name='last channel')),
            ],
            options={
                'verbose_name': 'attribution',
                'verbose_name_plural': 'attributions',
                'constraints': [models.UniqueConstraint(fields=('account', 'openid'), name='attribution_once_per_follower'), models.CheckConstraint(condition=models.Q(('first_at__lte', models.F('last_at'))), name='attribution_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Code',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('state', models.CharField(choices=[('waiting', 'Being made'), ('drawing', 'Picture on its way'), ('ready', 'Ready'), ('failed', 'Failed')], default='waiting', max_length=8, verbose_name='state')),
                ('ticket', models.TextField(blank=True)),
                ('url', models.TextField(blank=True, verbose_name='address in the code')),
                ('made_at', models.DateTimeField(blank=True, null=True, verbose_name='made')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('picture', models.FileField(blank=True, max_length=200, upload_to='', verbose_name='picture')),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('channel', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='code', to='channels.channel', verbose_name='channel')),
            ],
            options={
                'verbose_name': 'code',
                'verbose_name_plural': 'codes',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='channels_code_due'), models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='channel_code_ends')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state__in', ['waiting', 'drawing'])), models.Q(('due_at__isnull', True), ('state__in', ['ready', 'failed'])), _connector='OR'), name='channel_code_due_while_open'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'failed']), models.Q(models.Q(('ticket', ''), _negated=True), models.Q(('url', ''), _negated=True)), _connector='OR'), name='channel_code_has_ticket_once_made')],
            },
        ),
        migrations.CreateModel(
            name='Poster',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('background', models.ImageField(height_field='height', help_text='PNG or JPG, at most 10 MB and 6,000 pixels a side.', max_length=200, upload_to=wechat.channels.models._poster_path, verbose_name='background picture', width_field='width')),
                ('width', models.PositiveIntegerField(editable=False)),
                ('height', models.PositiveIntegerField(editable=False)),
                ('left', models.PositiveIntegerField(default=0, verbose_name='from the left')),
                ('top', models.PositiveIntegerField(default=0, verbose_name='from the top')),
                ('size', models.PositiveIntegerField(default=0, verbose_name='size of the code')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='posters', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'poster',
                'verbose_name_plural': 'posters',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Scan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('kind', models.CharField(choices=[('new', 'New follower'), ('again', 'Followed again'), ('existing', 'Existing follower')], max_length=8, verbose_name='kind')),
                ('at', models.DateTimeField(verbose_name='scanned at')),
                ('left_at', models.DateTimeField(blank=True, null=True, verbose_name='left')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('channel', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='channels.channel', verbose_name='channel')),
                ('message', models.OneToOneField(null=True, db_constraint=False, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inbox.inboundmessage', verbose_name='message')),
            ],
            options={
                'verbose_name': 'scan',
                'verbose_name_plural': 'scans',
                'indexes': [models.Index(fields=['account', 'at'], include=('channel', 'kind', 'left_at'), name='scan_report'), models.Index(fields=['channel', 'at'], include=('kind', 'left_at'), name='scan_of_channel'), models.Index(fields=['account', 'openid', '-at'], name='scan_of_follower')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['new', 'again', 'existing'])), name='scan_kind_known'), models.CheckConstraint(condition=models.Q(('left_at__isnull', True), ('left_at__gte', models.F('at')), _connector='OR'), name='scan_left_after_it')],
            },
        ),
        migrations.CreateModel(
            name='Welcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='content')),
                ('audience', models.CharField(choices=[('new', 'New followers'), ('existing', 'Existing followers')], max_length=8, verbose_name='said to')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='welcomes', to='channels.channel', verbose_name='channel')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
            ],
            options={
                'verbose_name': 'welcome',
                'verbose_name_plural': 'welcomes',
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('audience__in', ['new', 'existing'])), name='welcome_audience_known')],
            },
        ),
        count_edits("channels_channel", "channels"),
        count_edits("channels_welcome", "channels"),
        # A file that is uploaded gets the media id that the welcomes with it wait for.
        count_edits("materials_asset", "channels", trigger="count_edits_for_channels"),
    ]
