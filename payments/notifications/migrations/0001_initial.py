import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0001_initial'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('notification_id', models.CharField(max_length=64, verbose_name='ID')),
                ('event_type', models.CharField(max_length=128, verbose_name='event')),
                ('original_type', models.CharField(blank=True, max_length=128, verbose_name='subject of it')),
                ('summary', models.CharField(blank=True, max_length=128, verbose_name='totals')),
                ('raw', models.TextField(verbose_name='as it came')),
                ('resource', models.JSONField(verbose_name='content')),
                ('state', models.CharField(choices=[('applied', 'Applied'), ('repeat', 'Already known'), ('aside', 'Set aside'), ('failed', 'Not applied')], default='failed', max_length=8, verbose_name='state')),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='merchants.merchant', verbose_name='merchant')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notifications', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'notification',
                'verbose_name_plural': 'notifications',
                'indexes': [models.Index(fields=['merchant', 'state', '-id'], name='notification_by_state'), models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='notifications_notification_due')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'notification_id'), name='notification_once')],
            },
        ),
    ]
