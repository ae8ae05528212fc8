import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
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
        ('replies', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LinkCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('url', models.CharField(max_length=1024, unique=True, verbose_name='address')),
                ('status', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='status')),
                ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='checked')),
            ],
            options={
                'verbose_name': 'checked address',
                'verbose_name_plural': 'checked addresses',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='menus_linkcheck_due')],
            },
        ),
        migrations.CreateModel(
            name='Menu',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('conditional', models.BooleanField(default=False, verbose_name='for some followers only')),
                ('platform', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'iPhone'), (2, 'Android'), (3, 'Other systems')], null=True, verbose_name='system')),
                ('other_rule', models.JSONField(blank=True, default=dict, editable=False)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Of two menus that fit a follower, the upper one is shown.', verbose_name='position')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='menus', to='official.officialaccount', verbose_name='account')),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='menus', to='followers.tag', verbose_name='tag')),
            ],
            options={
                'verbose_name': 'menu',
                'verbose_name_plural': 'menus',
                'ordering': ['conditional', 'position', 'id'],
                'indexes': [models.Index(fields=['account', 'conditional', 'position'], name='menu_order')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('conditional', False)), fields=('account',), name='menu_default_once_per_account'), models.CheckConstraint(condition=models.Q(('conditional', True), models.Q(('platform', None), ('tag', None)), _connector='OR'), name='menu_default_is_for_everybody'), models.CheckConstraint(condition=models.Q(('platform', None), ('platform__in', [1, 2, 3]), _connector='OR'), name='menu_platform_known')],
            },
        ),
        migrations.CreateModel(
            name='Editing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('menu', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='editing', to='menus.menu')),
            ],
            options={
                'verbose_name': 'open editor',
                'verbose_name_plural': 'open editors',
                'constraints': [models.UniqueConstraint(fields=('menu', 'user'), name='menu_editing_once')],
            },
        ),
        migrations.CreateModel(
            name='MiniProgram',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('appid', models.CharField(max_length=32, validators=[django.core.validators.RegexValidator('\\Awx[0-9a-f]{16}\\Z', 'An AppID is wx and 16 small letters a-f or digits.')], verbose_name='AppID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('linked', models.BooleanField(blank=True, help_text='Link it on mp.weixin.qq.com first, under 小程序管理. A publication corrects what is said here.', null=True, verbose_name='linked')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='linked_miniprograms', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'mini program for menus',
                'verbose_name_plural': 'mini programs for menus',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('account', 'appid'), name='menu_miniprogram_once')],
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(blank=True, null=True, verbose_name='version number')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('ready', 'Not published'), ('published', 'Live'), ('superseded', 'Replaced')], default='draft', max_length=12, verbose_name='state')),
                ('revision', models.PositiveIntegerField(default=0, editable=False)),
                ('audience', models.JSONField(blank=True, default=dict, editable=False)),
                ('note', models.CharField(blank=True, max_length=120, verbose_name='note')),
                ('saved_at', models.DateTimeField(auto_now_add=True, verbose_name='saved')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published')),
                ('superseded_at', models.DateTimeField(blank=True, null=True, verbose_name='replaced')),
                ('menu', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='menus.menu', verbose_name='menu')),
                ('saved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='saved by')),
            ],
            options={
                'verbose_name': 'version of a menu',
                'verbose_name_plural': 'versions of menus',
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('menu',), name='menu_one_draft'), models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('menu',), name='menu_one_live'), models.UniqueConstraint(fields=('menu', 'number'), name='menu_version_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('number', None), ('state', 'draft')), models.Q(('state__in', ['ready', 'published', 'superseded']), models.Q(('number', None), _negated=True)), _connector='OR'), name='menu_version_numbered_once_ready'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('published_at__isnull', False), _connector='OR'), name='menu_version_published_at')],
            },
        ),
        migrations.CreateModel(
            name='Tapper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(max_length=16)),
                ('openid', models.CharField(max_length=64)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='menus.version')),
            ],
            options={
                'verbose_name': 'follower who tapped',
                'verbose_name_plural': 'followers who tapped',
                'constraints': [models.UniqueConstraint(fields=('version', 'uid', 'openid'), name='menu_tapper_once')],
            },
        ),
        migrations.CreateModel(
            name='TapDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(max_length=16)),
                ('day', models.DateField()),
                ('taps', models.PositiveIntegerField(default=0)),
                ('followers', models.PositiveIntegerField(default=0)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tap_days', to='menus.version')),
            ],
            options={
                'verbose_name': 'taps of a day',
                'verbose_name_plural': 'taps by day',
                'constraints': [models.UniqueConstraint(fields=('version', 'uid', 'day'), name='menu_tap_day_once')],
            },
        ),
        migrations.CreateModel(
            name='Tap',
            fields=[
                ('message', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='inbox.inboundmessage')),
                ('uid', models.CharField(max_length=16)),
                ('openid', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount')),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='menus.version')),
            ],
            options={
                'verbose_name': 'tap',
                'verbose_name_plural': 'taps',
                'indexes': [models.Index(fields=['account', 'openid', '-at'], name='menu_tap_of_follower')],
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('asked_through', models.CharField(blank=True, max_length=80)),
                ('asked_at', models.DateTimeField(auto_now_add=True, verbose_name='asked for')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('order', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None)),
                ('state', models.CharField(choices=[('scheduled', 'Scheduled'), ('pending', 'Waiting'), ('publishing', 'Being published'), ('published', 'Published'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='pending', max_length=12, verbose_name='state')),
                ('reason', models.CharField(blank=True, choices=[('refused', 'WeChat refused the menu.'), ('unreachable', 'WeChat gave no usable answer at any attempt: out of reach, busy, or unreadable.'), ('interrupted', 'The process that worked on this ended three times, perhaps for want of memory. Try again; if it stays, tell whoever runs the server.'), ('not_shown', 'WeChat accepted the menu and shows another one.'), ('not_ready', 'The menu could not be published as it is.'), ('no_return', 'The menu it was to return from is not live: nothing was changed.'), ('by_staff', 'Cancelled by a member of staff.')], max_length=12, verbose_name='reason')),
                ('refusal', models.IntegerField(blank=True, editable=False, null=True)),
                ('before', models.JSONField(blank=True, null=True, verbose_name='before the change')),
                ('after', models.JSONField(blank=True, null=True, verbose_name='after')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('menu', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='publications', to='menus.menu', verbose_name='menu')),
                ('returns', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='return_trip', to='menus.publication', verbose_name='return from')),
                ('replaced', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='menus.version', verbose_name='replaced')),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='menus.version', verbose_name='version')),
            ],
            options={
                'verbose_name': 'publication of a menu',
                'verbose_name_plural': 'publications of menus',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='menus_publication_due'), models.Index(fields=['menu', '-id'], name='menu_publication_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['pending', 'publishing'])), fields=('account',), name='menu_one_publication_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state__in', ['scheduled', 'pending', 'publishing'])), models.Q(('due_at__isnull', True), ('state__in', ['published', 'failed', 'cancelled'])), _connector='OR'), name='menu_publication_due_while_open'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['failed', 'cancelled']), models.Q(('reason', ''), _negated=True)), models.Q(models.Q(('state__in', ['failed', 'cancelled']), _negated=True), ('reason', '')), _connector='OR'), name='menu_publication_reason_when_not_done')],
            },
        ),
        migrations.CreateModel(
            name='MenuItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='content')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('uid', models.CharField(max_length=16, validators=[django.core.validators.RegexValidator('\\A[a-z0-9]{4,16}\\Z')])),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('kind', models.CharField(choices=[('parent', 'Opens a submenu'), ('click', 'Sends a message'), ('view', 'Opens a web page'), ('miniprogram', 'Opens a mini program'), ('scancode_push', 'Scans a code'), ('scancode_waitmsg', 'Scans a code and waits for a message'), ('pic_sysphoto', 'Takes a photo'), ('pic_photo_or_album', 'Takes a photo or chooses one'), ('pic_weixin', 'Chooses pictures from the album'), ('location_select', 'Sends a place'), ('media_id', 'Sends a file'), ('view_limited', 'Opens an article (old kind)'), ('article_id', 'Sends an article'), ('article_view_limited', 'Opens an article'), ('text', "Text made on WeChat's page"), ('img', "Picture made on WeChat's page"), ('photo', "Photo made on WeChat's page"), ('video', "Video made on WeChat's page"), ('voice', "Voice made on WeChat's page"), ('news', "Article made on WeChat's page"), ('unknown', 'A type this console does not know')], default='click', max_length=24, verbose_name='what a tap does')),
                ('key', models.CharField(blank=True, max_length=200)),
                ('url', models.CharField(blank=True, max_length=4000, verbose_name='address')),
                ('appid', models.CharField(blank=True, max_length=64, verbose_name='mini program')),
                ('pagepath', models.CharField(blank=True, max_length=1024, verbose_name='page path')),
                ('media_id', models.CharField(blank=True, max_length=255)),
                ('article_id', models.CharField(blank=True, max_length=128, verbose_name='article')),
                ('article_title', models.CharField(blank=True, max_length=200, verbose_name='title')),
                ('raw', models.JSONField(blank=True, default=dict)),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('file', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='menus.menuitem')),
                ('rule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='replies.rule', verbose_name='rule')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='menus.version', verbose_name='version')),
            ],
            options={
                'verbose_name': 'menu button',
                'verbose_name_plural': 'menu buttons',
                'ordering': ['position'],
                'indexes': [models.Index(fields=['uid'], name='menu_item_uid')],
                'constraints': [models.UniqueConstraint(fields=('version', 'uid'), name='menu_item_uid_once'), models.UniqueConstraint(fields=('version', 'parent', 'position'), name='menu_item_place_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='menu_item_not_in_itself'), models.CheckConstraint(condition=models.Q(('kind__in', ['parent', 'click', 'view', 'miniprogram', 'scancode_push', 'scancode_waitmsg', 'pic_sysphoto', 'pic_photo_or_album', 'pic_weixin', 'location_select', 'media_id', 'view_limited', 'article_id', 'article_view_limited', 'text', 'img', 'photo', 'video', 'voice', 'news', 'unknown'])), name='menu_item_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='LiveMenu',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('live', models.JSONField(blank=True, null=True)),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read')),
                ('differs_since', models.DateTimeField(blank=True, null=True, verbose_name='differs since')),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='live_menu', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'live menu',
                'verbose_name_plural': 'live menus',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='menus_livemenu_due')],
            },
        ),
        count_edits("menus_version", "menus"),
        count_edits("menus_menuitem", "menus"),
        # A file that is uploaded gets the media id that the replies with it wait for.
        count_edits("materials_asset", "menus", trigger="count_edits_for_menus"),
    ]
