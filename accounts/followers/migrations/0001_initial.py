import accounts.followers.models.avatars
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
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
            name='BulkJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('kind', models.CharField(max_length=40, verbose_name='what')),
                ('details', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='waiting', max_length=12, verbose_name='state')),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('cursor', models.BigIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0, verbose_name='of')),
                ('processed', models.PositiveIntegerField(default=0, verbose_name='done')),
                ('sent', models.PositiveIntegerField(default=0, verbose_name='on WeChat')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='failed')),
                ('source', models.FileField(blank=True, max_length=200, upload_to='imports/%Y/%m/', verbose_name='file')),
                ('result', models.FileField(blank=True, max_length=200, upload_to='exports/%Y/%m/', verbose_name='result')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='official.officialaccount', verbose_name='account')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
            },
        ),
        migrations.CreateModel(
            name='CustomField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('kind', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('date', 'date'), ('choice', 'choice'), ('yes_no', 'yes or no')], default='text', max_length=12, verbose_name='kind')),
                ('choices', models.TextField(blank=True, help_text='One a line, for a choice only.', verbose_name='choices')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='custom_fields', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'custom field',
                'verbose_name_plural': 'custom fields',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('at', models.DateTimeField(verbose_name='erased')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
            },
        ),
        migrations.CreateModel(
            name='Follower',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, validators=[django.core.validators.MinLengthValidator(1)], verbose_name='OpenID')),
                ('unionid', models.CharField(blank=True, max_length=64, verbose_name='UnionID')),
                ('subscribed', models.BooleanField(default=True, verbose_name='follows')),
                ('first_subscribed_at', models.DateTimeField(blank=True, null=True, verbose_name='first followed')),
                ('subscribed_at', models.DateTimeField(blank=True, null=True, verbose_name='followed')),
                ('unsubscribed_at', models.DateTimeField(blank=True, null=True, verbose_name='left')),
                ('subscribe_scene', models.CharField(blank=True, max_length=64, verbose_name='came by')),
                ('qr_scene', models.PositiveBigIntegerField(db_default=0, verbose_name='channel number')),
                ('qr_scene_str', models.CharField(blank=True, db_default='', max_length=64, verbose_name='channel')),
                ('language', models.CharField(blank=True, db_default='', max_length=16, verbose_name='language')),
                ('last_seen_at', models.DateTimeField(blank=True, null=True, verbose_name='last seen')),
                ('last_seen_kind', models.CharField(blank=True, max_length=64, verbose_name='last did')),
                ('remark', models.CharField(blank=True, max_length=30, verbose_name='remark')),
                ('blacklisted', models.BooleanField(db_default=False, verbose_name='blacklisted')),
                ('nickname', models.CharField(blank=True, db_default='', max_length=64, verbose_name='nickname')),
                ('avatar_url', models.URLField(blank=True, db_default='', max_length=500, verbose_name='avatar')),
                ('consented_at', models.DateTimeField(blank=True, null=True, verbose_name='consented')),
                ('profiled_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='profile fetched')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='followers', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'follower',
                'verbose_name_plural': 'followers',
            },
        ),
        migrations.CreateModel(
            name='FieldValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(blank=True, db_default='', max_length=200)),
                ('number', models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True)),
                ('date', models.DateField(blank=True, null=True)),
                ('field', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='values', to='followers.customfield')),
                ('follower', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='custom_values', to='followers.follower')),
            ],
        ),
        migrations.CreateModel(
            name='FollowerSync',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('kind', models.CharField(choices=[('full', 'everybody'), ('incremental', 'new followers')], default='full', max_length=12, verbose_name='kind')),
                ('step', models.CharField(choices=[('tags', 'reading the tags'), ('listing', 'reading the list'), ('profiles', 'reading the profiles'), ('leaving', 'noting who left'), ('blacklist', 'reading the blacklist'), ('done', 'done'), ('stopped', 'stopped')], default='tags', max_length=12, verbose_name='step')),
                ('cursor', models.CharField(blank=True, max_length=64)),
                ('profiled_to', models.BigIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0, verbose_name='followers on WeChat')),
                ('listed', models.PositiveIntegerField(default=0, verbose_name='listed')),
                ('repeated', models.PositiveIntegerField(default=0, verbose_name='named twice')),
                ('profiled', models.PositiveIntegerField(default=0, verbose_name='profiles read')),
                ('added', models.PositiveIntegerField(default=0, verbose_name='new here')),
                ('left', models.PositiveIntegerField(default=0, verbose_name='left')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('rate', models.FloatField(default=0)),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('remarks', models.JSONField(blank=True, default=list)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='syncs', to='official.officialaccount', verbose_name='account')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'synchronisation',
                'verbose_name_plural': 'synchronisations',
            },
        ),
        migrations.CreateModel(
            name='GivenName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('name', models.CharField(max_length=64, verbose_name='name')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'given name',
                'verbose_name_plural': 'given names',
            },
        ),
        migrations.CreateModel(
            name='HistoricalSegment',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('match', models.CharField(choices=[('all', 'all of the conditions'), ('any', 'any of the conditions')], default='all', max_length=4, verbose_name='meet')),
                ('conditions', models.JSONField(default=list, verbose_name='conditions')),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical segment',
                'verbose_name_plural': 'historical segments',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='JobFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(default=0, verbose_name='row')),
                ('openid', models.CharField(blank=True, max_length=64, verbose_name='OpenID')),
                ('reason', models.TextField(verbose_name='reason')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='faults', to='followers.bulkjob')),
            ],
        ),
        migrations.CreateModel(
            name='ListedOpenid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64)),
                ('sync', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='openids', to='followers.followersync')),
            ],
        ),
        migrations.CreateModel(
            name='OwnWeChat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(blank=True, max_length=64, verbose_name='OpenID')),
                ('scene', models.CharField(blank=True, max_length=64)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'WeChat of a member of staff',
                'verbose_name_plural': 'WeChats of the staff',
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('match', models.CharField(choices=[('all', 'all of the conditions'), ('any', 'any of the conditions')], default='all', max_length=4, verbose_name='meet')),
                ('conditions', models.JSONField(default=list, verbose_name='conditions')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='segments', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'segment',
                'verbose_name_plural': 'segments',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('name', models.CharField(max_length=30, verbose_name='name')),
                ('platform_id', models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name='platform ID')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('there', 'on WeChat'), ('deleting', 'being deleted'), ('failed', 'failed')], default='waiting', editable=False, max_length=12, verbose_name='state')),
                ('count', models.PositiveIntegerField(default=0, editable=False, verbose_name='followers')),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'tag',
                'verbose_name_plural': 'tags',
                'ordering': ['name'],
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='follower',
            name='tags',
            field=models.ManyToManyField(blank=True, related_name='followers', to='followers.tag', verbose_name='tags'),
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('kind', models.CharField(choices=[('tag', 'tag'), ('remark', 'remark'), ('blacklist', 'blacklist')], max_length=12)),
                ('desired', models.CharField(blank=True, max_length=30)),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='changes', to='followers.bulkjob')),
                ('follower', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='followers.follower')),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='followers.tag')),
            ],
        ),
        migrations.CreateModel(
            name='AutoTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('take_off', models.BooleanField(default=False, help_text='From those who are not in the segment any more.', verbose_name='take it off again')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('ran_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last run')),
                ('added', models.PositiveIntegerField(default=0, editable=False, verbose_name='tagged')),
                ('removed', models.PositiveIntegerField(default=0, editable=False, verbose_name='untagged')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auto_tags', to='official.officialaccount', verbose_name='account')),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auto_tags', to='followers.segment', verbose_name='everybody in')),
                ('tag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='followers.tag', verbose_name='gets the tag')),
            ],
            options={
                'verbose_name': 'automatic tag',
                'verbose_name_plural': 'automatic tags',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Avatar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('openid', models.CharField(max_length=64)),
                ('url', models.URLField(max_length=500)),
                ('file', models.FileField(blank=True, max_length=200, upload_to=accounts.followers.models.avatars._path)),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'picture of a follower',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='followers_avatar_due')],
                'constraints': [models.UniqueConstraint(fields=('account', 'openid'), name='avatar_once_per_person')],
            },
        ),
        migrations.AddIndex(
            model_name='bulkjob',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='followers_bulkjob_due'),
        ),
        migrations.AddIndex(
            model_name='bulkjob',
            index=models.Index(fields=['account', '-id'], name='job_newest'),
        ),
        migrations.AddConstraint(
            model_name='bulkjob',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__isnull', True), models.Q(('state__in', ['done', 'failed']), _negated=True), _connector='OR'), name='job_not_due_once_ended'),
        ),
        migrations.AddConstraint(
            model_name='customfield',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='custom_field_once_per_account', violation_error_message='There is a field of this name already.'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(fields=('account', 'openid'), name='erased_once_per_account'),
        ),
        migrations.AddIndex(
            model_name='fieldvalue',
            index=models.Index(condition=models.Q(('text', ''), _negated=True), fields=['field', 'text'], name='value_text'),
        ),
        migrations.AddIndex(
            model_name='fieldvalue',
            index=models.Index(condition=models.Q(('number__isnull', False)), fields=['field', 'number'], name='value_number'),
        ),
        migrations.AddIndex(
            model_name='fieldvalue',
            index=models.Index(condition=models.Q(('date__isnull', False)), fields=['field', 'date'], name='value_date'),
        ),
        migrations.AddConstraint(
            model_name='fieldvalue',
            constraint=models.UniqueConstraint(fields=('field', 'follower'), name='value_once_per_field'),
        ),
        migrations.AddIndex(
            model_name='followersync',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='followers_followersync_due'),
        ),
        migrations.AddIndex(
            model_name='followersync',
            index=models.Index(fields=['account', '-id'], name='sync_newest'),
        ),
        migrations.AddConstraint(
            model_name='followersync',
            constraint=models.UniqueConstraint(condition=models.Q(('due_at__isnull', False)), fields=('account',), name='one_open_sync_per_account'),
        ),
        migrations.AddConstraint(
            model_name='followersync',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__isnull', True), models.Q(('step__in', ['done', 'stopped']), _negated=True), _connector='OR'), name='sync_not_due_once_ended'),
        ),
        migrations.AddConstraint(
            model_name='givenname',
            constraint=models.UniqueConstraint(fields=('account', 'openid'), name='given_name_once_per_person'),
        ),
        migrations.AddIndex(
            model_name='jobfault',
            index=models.Index(fields=['job', 'id'], name='fault_in_order'),
        ),
        migrations.AddIndex(
            model_name='listedopenid',
            index=models.Index(fields=['sync', 'id'], name='listed_in_order'),
        ),
        migrations.AddConstraint(
            model_name='listedopenid',
            constraint=models.UniqueConstraint(fields=('sync', 'openid'), name='listed_once_per_sync'),
        ),
        migrations.AddConstraint(
            model_name='ownwechat',
            constraint=models.UniqueConstraint(fields=('user', 'account'), name='own_wechat_once_per_account'),
        ),
        migrations.AddConstraint(
            model_name='ownwechat',
            constraint=models.UniqueConstraint(condition=models.Q(('scene', ''), _negated=True), fields=('scene',), name='own_wechat_scene_once'),
        ),
        migrations.AddConstraint(
            model_name='segment',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='segment_once_per_account', violation_error_message='There is a segment of this name already.'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='followers_tag_due'),
        ),
        migrations.AddConstraint(
            model_name='tag',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='tag_name_once_per_account'),
        ),
        migrations.AddConstraint(
            model_name='tag',
            constraint=models.UniqueConstraint(fields=('account', 'platform_id'), name='tag_platform_id_once_per_account'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(fields=['account', '-id'], name='follower_newest'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(fields=['account', '-last_seen_at'], name='follower_last_seen'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(fields=['account', '-subscribed_at'], name='follower_followed'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('subscribed', False)), fields=['account', '-id'], name='follower_gone'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('subscribed', False)), fields=['account', '-unsubscribed_at'], name='follower_left'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('blacklisted', True)), fields=['account', '-id'], name='follower_blacklisted'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('qr_scene_str', ''), _negated=True), fields=['account', 'qr_scene_str', '-id'], name='follower_channel'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('qr_scene', 0), _negated=True), fields=['account', 'qr_scene', '-id'], name='follower_channel_number'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('unionid', ''), _negated=True), fields=['unionid'], name='follower_person'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('profiled_at__isnull', True), ('subscribed', True)), fields=['account', 'id'], name='follower_unprofiled'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('remark', ''), _negated=True), fields=['account', '-id'], name='follower_remarked'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('nickname', ''), _negated=True), fields=['account', '-id'], name='follower_named'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(models.F('account'), django.db.models.functions.text.Left(django.db.models.functions.text.MD5('openid'), 5), name='follower_handle'),
        ),
        migrations.AddConstraint(
            model_name='follower',
            constraint=models.UniqueConstraint(fields=('account', 'openid'), name='follower_once_per_account'),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at', 'id'], name='change_due'),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(condition=models.Q(('due_at__isnull', False), _negated=True), fields=['account', '-id'], name='change_failed'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.UniqueConstraint(fields=('follower', 'kind', 'tag'), name='one_change_per_subject', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='autotag',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='followers_autotag_due'),
        ),
        migrations.AddConstraint(
            model_name='autotag',
            constraint=models.UniqueConstraint(fields=('segment', 'tag'), name='auto_tag_once', violation_error_message='This segment has this automatic tag already.'),
        ),
    ]
