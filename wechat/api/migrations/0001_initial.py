import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
import wechat.api.models
import wechat.kernel.secrets
from django.db import migrations, models
from wechat.kernel.versioned_cache import count_edits


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kernel', '0001_initial'),
        ('official', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SeenNonce',
            fields=[
                ('value', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': 'used nonce',
                'verbose_name_plural': 'used nonces',
            },
        ),
        migrations.CreateModel(
            name='ApiClient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('key_id', models.CharField(default=wechat.api.models.new_key_id, editable=False, max_length=32, unique=True, verbose_name='key ID')),
                ('secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='secret')),
                ('previous_secrets', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None, verbose_name='scopes')),
                ('networks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), blank=True, default=list, size=None, verbose_name='allowed addresses')),
                ('per_minute', models.PositiveIntegerField(default=600, verbose_name='requests a minute')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used')),
                ('accounts', models.ManyToManyField(related_name='api_clients', to='official.officialaccount', verbose_name='official accounts')),
            ],
            options={
                'verbose_name': 'API client',
                'verbose_name_plural': 'API clients',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('per_minute__gt', 0)), name='apiclient_may_call_at_all')],
            },
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=128, verbose_name='Idempotency-Key')),
                ('fingerprint', models.CharField(max_length=64, verbose_name='fingerprint')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='status')),
                ('answer', models.TextField(blank=True, verbose_name='kept answer')),
                ('leased_until', models.DateTimeField(verbose_name='being worked on until')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='kept until')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='api.apiclient', verbose_name='API client')),
            ],
            options={
                'verbose_name': 'kept answer',
                'verbose_name_plural': 'kept answers',
                'constraints': [models.UniqueConstraint(fields=('client', 'key'), name='idempotency_key_once_per_client')],
            },
        ),
        migrations.CreateModel(
            name='TokenAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='api.apiclient', verbose_name='API client')),
            ],
            options={
                'verbose_name': 'access to the token',
                'verbose_name_plural': 'accesses to the token',
                'indexes': [models.Index(fields=['account', '-id'], name='token_access_newest')],
            },
        ),
        # Everything but when it was used last, which says nothing about what it may do.
        count_edits(
            "api_apiclient",
            "api_clients",
            columns=(
                "key_id", "secret", "previous_secrets", "scopes", "networks", "per_minute", "enabled",
                "name",
            ),
        ),
        count_edits("api_apiclient_accounts", "api_clients"),
        # Which accounts there are, by which name.
        count_edits("official_officialaccount", "api_clients", trigger="count_edits_for_api_clients"),
    ]
