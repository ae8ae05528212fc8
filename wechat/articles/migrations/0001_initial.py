import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('materials', '0001_initial'),
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ArticlePicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.TextField()),
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='article_picture', to='materials.asset')),
            ],
            options={
                'verbose_name': 'picture of articles',
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('state', models.CharField(choices=[('edited', 'Only here'), ('saved', "In WeChat's drafts"), ('publishing', 'Being published'), ('published', 'Published'), ('refused', 'Not published'), ('withdrawn', 'Taken back')], default='edited', editable=False, max_length=12, verbose_name='state')),
                ('revision', models.PositiveIntegerField(default=1, editable=False)),
                ('saved_revision', models.PositiveIntegerField(default=0, editable=False)),
                ('media_id', models.TextField(blank=True, editable=False)),
                ('saved_articles', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('platform_time', models.PositiveBigIntegerField(default=0, editable=False)),
                ('changed_there', models.BooleanField(default=False, editable=False, verbose_name='edited at WeChat as well')),
                ('work', models.CharField(blank=True, choices=[('', 'Nothing'), ('save', 'Save to WeChat'), ('publish', 'Publish'), ('follow', 'Ask what became of it'), ('withdraw', 'Take back'), ('preview', 'Send a preview')], default='', editable=False, max_length=8)),
                ('publish_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='planned for')),
                ('preview_to', models.CharField(blank=True, editable=False, max_length=40)),
                ('submitted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('publish_id', models.TextField(blank=True, editable=False)),
                ('publish_status', models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                ('article_id', models.TextField(blank=True, editable=False, verbose_name='article ID')),
                ('urls', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, editable=False, size=None, verbose_name='addresses')),
                ('published_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='published')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('edited_at', models.DateTimeField(auto_now=True, verbose_name='edited')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'article',
                'verbose_name_plural': 'articles',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['account', '-id'], name='draft_newest'), models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='articles_draft_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', True), ('work', '')), models.Q(models.Q(('work', ''), _negated=True), ('due_at__isnull', False)), _connector='OR'), name='draft_due_while_work'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), models.Q(('article_id', ''), _negated=True), _connector='OR'), name='draft_published_has_article_id'), models.UniqueConstraint(condition=models.Q(('media_id', ''), _negated=True), fields=('account', 'media_id'), name='draft_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'publishing'), _negated=True), ('submitted_at__isnull', False), _connector='OR'), name='draft_publishing_since'), models.UniqueConstraint(condition=models.Q(('article_id', ''), _negated=True), fields=('account', 'article_id'), name='draft_of_one_article'), models.UniqueConstraint(condition=models.Q(('publish_id', ''), _negated=True), fields=('account', 'publish_id'), name='draft_published_once')],
            },
        ),
        migrations.CreateModel(
            name='Autosave',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(null=True, unique=True)),
                ('version', models.PositiveIntegerField(default=0)),
                ('articles', models.JSONField()),
                ('saved_at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('draft', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='autosave', to='articles.draft')),
            ],
            options={
                'verbose_name': 'unsaved article',
                'indexes': [models.Index(fields=['saved_at'], name='autosave_oldest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('draft__isnull', True), ('token__isnull', True), _connector='XOR'), name='autosave_of_draft_or_page')],
            },
        ),
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('kind', models.CharField(choices=[('news', 'Article (图文)'), ('newspic', 'Pictures (图片消息)')], default='news', max_length=8, verbose_name='kind')),
                ('title', models.CharField(help_text='At most 32 characters.', max_length=32, verbose_name='title')),
                ('author', models.CharField(blank=True, max_length=16, verbose_name='author')),
                ('digest', models.CharField(blank=True, help_text='Empty: the first 54 characters.', max_length=128, verbose_name='summary')),
                ('content', models.TextField(blank=True, verbose_name='body text')),
                ('source_url', models.URLField(blank=True, help_text='Where 阅读原文 leads.', max_length=1000, verbose_name='“read more” address')),
                ('focus_x', models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='cover: from the left')),
                ('focus_y', models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='cover: from the top')),
                ('pictures', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None, verbose_name='pictures')),
                ('comments', models.BooleanField(default=False, verbose_name='comments')),
                ('followers_only', models.BooleanField(default=False, verbose_name='only followers comment')),
                ('platform_cover', models.TextField(blank=True, editable=False)),
                ('platform_pictures', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list, editable=False, size=None)),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='articles', to='articles.draft', verbose_name='article')),
            ],
            options={
                'verbose_name': 'article',
                'verbose_name_plural': 'articles',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalArticle',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('kind', models.CharField(choices=[('news', 'Article (图文)'), ('newspic', 'Pictures (图片消息)')], default='news', max_length=8, verbose_name='kind')),
                ('title', models.CharField(help_text='At most 32 characters.', max_length=32, verbose_name='title')),
                ('author', models.CharField(blank=True, max_length=16, verbose_name='author')),
                ('digest', models.CharField(blank=True, help_text='Empty: the first 54 characters.', max_length=128, verbose_name='summary')),
                ('content', models.TextField(blank=True, verbose_name='body text')),
                ('source_url', models.URLField(blank=True, help_text='Where 阅读原文 leads.', max_length=1000, verbose_name='“read more” address')),
                ('focus_x', models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='cover: from the left')),
                ('focus_y', models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='cover: from the top')),
                ('pictures', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None, verbose_name='pictures')),
                ('comments', models.BooleanField(default=False, verbose_name='comments')),
                ('followers_only', models.BooleanField(default=False, verbose_name='only followers comment')),
                ('platform_cover', models.TextField(blank=True, editable=False)),
                ('platform_pictures', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list, editable=False, size=None)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('cover', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('draft', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='articles.draft', verbose_name='article')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical article',
                'verbose_name_plural': 'historical articles',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='ArticleReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('drafts_read', models.BooleanField(default=False)),
                ('offset', models.PositiveIntegerField(default=0)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('found', models.PositiveIntegerField(default=0)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='article_reading', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'reading of drafts',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='articles_articlereading_due')],
            },
        ),
    ]
