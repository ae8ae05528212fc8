import django.core.validators
import django.db.models.deletion
import simple_history.models
import uuid
import wechat.kernel.secrets
from django.conf import settings
from django.db import migrations, models
from wechat.kernel.versioned_cache import count_edits


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kernel', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120, unique=True)),
                ('value', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('expires_at', models.DateTimeField()),
                ('fetched_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'stored token',
                'verbose_name_plural': 'stored tokens',
            },
        ),
        migrations.CreateModel(
            name='HistoricalOfficialAccount',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('slug', models.SlugField(help_text='Part of the callback address.', max_length=40, verbose_name='short name')),
                ('kind', models.CharField(choices=[('service', 'Service account (服务号)'), ('subscription', 'Official account (公众号, 订阅号)'), ('miniprogram', 'Mini program')], default='service', max_length=16, verbose_name='kind')),
                ('appid', models.CharField(db_index=True, max_length=32, validators=[django.core.validators.RegexValidator('^wx[0-9a-f]{16}$', 'An AppID is wx and 16 small letters a-f or digits.')], verbose_name='AppID')),
                ('original_id', models.CharField(blank=True, help_text='gh_ and 12 characters, from 公众号设置.', max_length=32, verbose_name='original ID')),
                ('mode', models.CharField(choices=[('plain', 'Plain (明文模式)'), ('compatible', 'Compatible (兼容模式)'), ('safe', 'Safe (安全模式)')], default='safe', max_length=12, verbose_name='message mode')),
                ('token_kind', models.CharField(choices=[('stable', 'Stable token'), ('classic', 'Classic token')], default='stable', max_length=8, verbose_name='access token')),
                ('enabled', models.BooleanField(default=True, help_text='Off, it takes in no messages, and sends, publishes and reads nothing: what is planned waits until it is on again.', verbose_name='enabled')),
                ('secrets_set_on', models.JSONField(blank=True, default=dict, editable=False, verbose_name='secrets set on')),
                ('abilities', models.JSONField(blank=True, default=dict, editable=False, verbose_name='abilities')),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical official account',
                'verbose_name_plural': 'historical official accounts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='OfficialAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('slug', models.SlugField(help_text='Part of the callback address.', max_length=40, unique=True, verbose_name='short name')),
                ('kind', models.CharField(choices=[('service', 'Service account (服务号)'), ('subscription', 'Official account (公众号, 订阅号)'), ('miniprogram', 'Mini program')], default='service', max_length=16, verbose_name='kind')),
                ('appid', models.CharField(max_length=32, unique=True, validators=[django.core.validators.RegexValidator('^wx[0-9a-f]{16}$', 'An AppID is wx and 16 small letters a-f or digits.')], verbose_name='AppID')),
                ('original_id', models.CharField(blank=True, help_text='gh_ and 12 characters, from 公众号设置.', max_length=32, verbose_name='original ID')),
                ('appsecret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='AppSecret')),
                ('token', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='callback token')),
                ('aes_key', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='EncodingAESKey')),
                ('previous_tokens', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('previous_aes_keys', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('mode', models.CharField(choices=[('plain', 'Plain (明文模式)'), ('compatible', 'Compatible (兼容模式)'), ('safe', 'Safe (安全模式)')], default='safe', max_length=12, verbose_name='message mode')),
                ('token_kind', models.CharField(choices=[('stable', 'Stable token'), ('classic', 'Classic token')], default='stable', max_length=8, verbose_name='access token')),
                ('enabled', models.BooleanField(default=True, help_text='Off, it takes in no messages, and sends, publishes and reads nothing: what is planned waits until it is on again.', verbose_name='enabled')),
                ('secrets_set_on', models.JSONField(blank=True, default=dict, editable=False, verbose_name='secrets set on')),
                ('abilities', models.JSONField(blank=True, default=dict, editable=False, verbose_name='abilities')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'official account',
                'verbose_name_plural': 'official accounts',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('mode', 'plain'), models.Q(('aes_key', ''), _negated=True), _connector='OR'), name='account_encrypted_mode_has_key', violation_error_message='Compatible and safe mode need the EncodingAESKey.')],
            },
        ),
        migrations.CreateModel(
            name='VerificationState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='verification_state', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'state of a verification',
                'verbose_name_plural': 'states of verifications',
            },
        ),
        migrations.CreateModel(
            name='QuotaClearing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quota_clearings', to='official.officialaccount')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'clearing of quotas',
                'verbose_name_plural': 'clearings of quotas',
            },
        ),
        migrations.CreateModel(
            name='TokenEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('what', models.CharField(choices=[('fetched', 'fetched from WeChat'), ('refused', 'refused by WeChat before its time')], max_length=8, verbose_name='what')),
                ('process', models.CharField(max_length=120, verbose_name='process')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
            ],
            options={
                'verbose_name': 'event of a token',
                'verbose_name_plural': 'events of tokens',
                'indexes': [models.Index(fields=['name', '-id'], name='token_event_newest')],
            },
        ),
        migrations.CreateModel(
            name='QuotaReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('figures', models.JSONField(default=dict)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='quota_reading', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'reading of quotas',
                'verbose_name_plural': 'readings of quotas',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='official_quotareading_due')],
            },
        ),
        migrations.CreateModel(
            name='CallbackAddresses',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('addresses', models.JSONField(default=list)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='callback_addresses', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'list of callback addresses',
                'verbose_name_plural': 'lists of callback addresses',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='official_callbackaddresses_due')],
            },
        ),
        count_edits("official_officialaccount", "accounts"),
        count_edits("official_callbackaddresses", "callback_addresses", columns=["addresses", "read_at"]),
    ]
