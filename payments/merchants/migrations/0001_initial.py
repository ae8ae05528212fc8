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
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalMerchant',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('slug', models.SlugField(help_text='Part of the notify address.', max_length=40, verbose_name='short name')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('mchid', models.CharField(db_index=True, max_length=32, validators=[django.core.validators.RegexValidator('^[0-9]{6,32}$', 'A merchant number has digits only.')], verbose_name='merchant number')),
                ('serial_no', models.CharField(max_length=40, validators=[django.core.validators.RegexValidator('^[0-9A-F]{40}$', 'A serial number has 40 digits and capital letters A-F, leading zeros included.')], verbose_name='certificate serial number')),
                ('protocol', models.CharField(choices=[('v3', 'API v3'), ('v2-md5', 'API v2, signed with MD5'), ('v2-hmac', 'API v2, signed with HMAC-SHA256')], default='v3', help_text='For new orders; those under way are finished by the one they were made with.', max_length=8, verbose_name='interface')),
                ('certificate', models.TextField(blank=True, help_text='apiclient_cert.pem. API v2 refunds with it; given, it is compared with the private key.', verbose_name="merchant's certificate")),
                ('public_key_id', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^PUB_KEY_ID_[0-9A-Za-z]+$', 'It begins with PUB_KEY_ID_.')], verbose_name='WeChat Pay public key ID')),
                ('public_key', models.TextField(blank=True, verbose_name='WeChat Pay public key')),
                ('receipt_text', models.CharField(blank=True, help_text='Sent to the payer as a customer-service message where WeChat allows one; empty sends nothing.', max_length=300, verbose_name='payment receipt')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('secrets_set_on', models.JSONField(blank=True, default=dict, editable=False, verbose_name='secrets set on')),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical merchant',
                'verbose_name_plural': 'historical merchants',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('slug', models.SlugField(help_text='Part of the notify address.', max_length=40, unique=True, verbose_name='short name')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('mchid', models.CharField(max_length=32, unique=True, validators=[django.core.validators.RegexValidator('^[0-9]{6,32}$', 'A merchant number has digits only.')], verbose_name='merchant number')),
                ('serial_no', models.CharField(max_length=40, validators=[django.core.validators.RegexValidator('^[0-9A-F]{40}$', 'A serial number has 40 digits and capital letters A-F, leading zeros included.')], verbose_name='certificate serial number')),
                ('private_key', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='private key')),
                ('api_v3_key', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='APIv3 key')),
                ('protocol', models.CharField(choices=[('v3', 'API v3'), ('v2-md5', 'API v2, signed with MD5'), ('v2-hmac', 'API v2, signed with HMAC-SHA256')], default='v3', help_text='For new orders; those under way are finished by the one they were made with.', max_length=8, verbose_name='interface')),
                ('api_v2_key', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='APIv2 key')),
                ('certificate', models.TextField(blank=True, help_text='apiclient_cert.pem. API v2 refunds with it; given, it is compared with the private key.', verbose_name="merchant's certificate")),
                ('public_key_id', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^PUB_KEY_ID_[0-9A-Za-z]+$', 'It begins with PUB_KEY_ID_.')], verbose_name='WeChat Pay public key ID')),
                ('public_key', models.TextField(blank=True, verbose_name='WeChat Pay public key')),
                ('receipt_text', models.CharField(blank=True, help_text='Sent to the payer as a customer-service message where WeChat allows one; empty sends nothing.', max_length=300, verbose_name='payment receipt')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('secrets_set_on', models.JSONField(blank=True, default=dict, editable=False, verbose_name='secrets set on')),
                ('certificates_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='certificates fetched')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('accounts', models.ManyToManyField(blank=True, related_name='merchants', to='official.officialaccount', verbose_name='accounts')),
            ],
            options={
                'verbose_name': 'merchant',
                'verbose_name_plural': 'merchants',
                'ordering': ['name'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='merchants_merchant_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('public_key', ''), ('public_key_id', '')), models.Q(models.Q(('public_key_id', ''), _negated=True), models.Q(('public_key', ''), _negated=True)), _connector='OR'), name='merchant_public_key_with_id', violation_error_message='The public key and its ID belong together.')],
            },
        ),
        migrations.CreateModel(
            name='PlatformCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial_no', models.CharField(max_length=64, verbose_name='serial number')),
                ('pem', models.TextField(verbose_name='certificate')),
                ('effective_at', models.DateTimeField(verbose_name='valid from')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='certificates', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'platform certificate',
                'verbose_name_plural': 'platform certificates',
                'ordering': ['-effective_at'],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'serial_no'), name='platform_certificate_once')],
            },
        ),
        # The notify address finds its merchant in the process.
        count_edits("merchants_merchant", "merchants"),
        count_edits("merchants_platformcertificate", "merchants"),
    ]
