import django.core.validators
import django.db.models.deletion
import uuid
import wechat.kernel.secrets
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_followers'),
        ('api', '0001_initial'),
        ('pushes', '0004_templates_receipts_grants'),
    ]

    operations = [
        migrations.AddField(
            model_name='push',
            name='caller',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='api.apiclient', verbose_name='asked for by'),
        ),
        migrations.AlterField(
            model_name='push',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account'),
        ),
        migrations.CreateModel(
            name='StatusWebhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('url', models.CharField(max_length=500, validators=[django.core.validators.RegexValidator('^https?://\\S+$', 'An address begins with https:// or http://.')], verbose_name='address')),
                ('secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False, verbose_name='signing secret')),
                ('client', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='status_webhook', to='api.apiclient', verbose_name='API client')),
            ],
            options={
                'verbose_name': 'status webhook',
                'verbose_name_plural': 'status webhooks',
            },
        ),
        migrations.CreateModel(
            name='EventTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=40, verbose_name='event')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values')),
                ('url', models.CharField(blank=True, max_length=500, verbose_name='link')),
                ('enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='pushes.template', verbose_name='template')),
            ],
            options={
                'verbose_name': 'automatic message',
                'verbose_name_plural': 'automatic messages',
                'constraints': [models.UniqueConstraint(fields=('account', 'event', 'template'), name='event_template_once', violation_error_message='This template is sent for this event already.')],
            },
        ),
        migrations.CreateModel(
            name='StatusReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(max_length=12, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('status', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('push', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='pushes.push')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='pushes.statuswebhook')),
            ],
            options={
                'verbose_name': 'status report',
                'verbose_name_plural': 'status reports',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='status_report_due')],
                'constraints': [models.UniqueConstraint(fields=('push', 'state'), name='status_report_once')],
            },
        ),
    ]
