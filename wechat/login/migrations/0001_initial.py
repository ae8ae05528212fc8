import django.db.models.deletion
import django.utils.timezone
import uuid
import wechat.kernel.secrets
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('api', '0001_initial'),
        ('official', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BrowserSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'browser session',
                'verbose_name_plural': 'browser sessions',
            },
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kid', models.CharField(max_length=16, unique=True, verbose_name='key ID')),
                ('secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='secret')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='created')),
            ],
            options={
                'verbose_name': 'signing key',
                'verbose_name_plural': 'signing keys',
            },
        ),
        migrations.CreateModel(
            name='AllowedSite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(help_text='Exactly as in the address, with the port if there is one: shop.example.com', max_length=260, verbose_name='host')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='allowed_sites', to='official.officialaccount', verbose_name='account')),
                ('client', models.ForeignKey(blank=True, help_text="The one that exchanges the site's login codes; it needs the scope login:exchange.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='api.apiclient', verbose_name='API client')),
            ],
            options={
                'verbose_name': 'login site',
                'verbose_name_plural': 'login sites',
                'constraints': [models.UniqueConstraint(fields=('account', 'host'), name='site_once_per_account')],
            },
        ),
        migrations.CreateModel(
            name='ScanLogin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scene', models.CharField(max_length=64, unique=True, verbose_name='scene')),
                ('browser', models.CharField(max_length=64)),
                ('number', models.CharField(max_length=2, verbose_name='number')),
                ('state', models.CharField(choices=[('waiting', 'waiting for the scan'), ('scanned', 'scanned, not confirmed yet'), ('confirmed', 'confirmed'), ('refused', 'said no'), ('used', 'signed in')], default='waiting', max_length=12, verbose_name='state')),
                ('openid', models.CharField(blank=True, max_length=64, verbose_name='OpenID')),
                ('return_to', models.CharField(max_length=500)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'sign-in by scanning',
                'verbose_name_plural': 'sign-ins by scanning',
            },
        ),
        migrations.CreateModel(
            name='Visitor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('unionid', models.CharField(blank=True, max_length=64, verbose_name='UnionID')),
                ('nickname', models.CharField(blank=True, max_length=64, verbose_name='nickname')),
                ('avatar', models.URLField(blank=True, max_length=500, verbose_name='avatar')),
                ('consented_at', models.DateTimeField(blank=True, null=True, verbose_name='consented')),
                ('phone', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='phone number')),
                ('session_key', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('first_seen_at', models.DateTimeField(auto_now_add=True, verbose_name='first seen')),
                ('last_login_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last login')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='visitors', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'visitor',
                'verbose_name_plural': 'visitors',
                'indexes': [models.Index(condition=models.Q(('unionid', ''), _negated=True), fields=['unionid'], name='visitor_person')],
                'constraints': [models.UniqueConstraint(fields=('account', 'openid'), name='visitor_once_per_account'), models.CheckConstraint(condition=models.Q(('consented_at__isnull', False), models.Q(('avatar', ''), ('nickname', '')), _connector='OR'), name='visitor_profile_by_consent')],
            },
        ),
        migrations.CreateModel(
            name='LoginSession',
            fields=[
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('web', 'web page'), ('miniprogram', 'mini program')], max_length=12, verbose_name='kind')),
                ('secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('number', models.PositiveIntegerField(default=1)),
                ('rotated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='expires')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('ended_by', models.CharField(blank=True, choices=[('logout', 'logged out'), ('reuse', 'an old token came back'), ('erased', "the person's data were deleted")], max_length=8, verbose_name='ended by')),
                ('browser', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to='login.browsersession')),
                ('visitor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to='login.visitor', verbose_name='visitor')),
            ],
            options={
                'verbose_name': 'login session',
                'verbose_name_plural': 'login sessions',
            },
        ),
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='login.allowedsite')),
                ('visitor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='login.visitor')),
            ],
            options={
                'verbose_name': 'hand-over',
                'verbose_name_plural': 'hand-overs',
            },
        ),
        migrations.AddField(
            model_name='browsersession',
            name='visitor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='login.visitor'),
        ),
    ]
