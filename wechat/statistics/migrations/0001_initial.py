import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('official', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlatformDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('dataset', models.CharField(choices=[('USER_SUMMARY', 'getusersummary'), ('USER_CUMULATE', 'getusercumulate'), ('BIZ_SUMMARY', 'getbizsummary'), ('ARTICLE_TOTAL', 'getarticletotaldetail'), ('UPSTREAM', 'getupstreammsg'), ('UPSTREAM_HOUR', 'getupstreammsghour'), ('INTERFACE', 'getinterfacesummary'), ('INTERFACE_HOUR', 'getinterfacesummaryhour')], max_length=16)),
                ('day', models.DateField(verbose_name='day')),
                ('rows', models.JSONField(default=list)),
                ('read_at', models.DateTimeField(null=True, verbose_name='read')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount')),
            ],
            options={
                'verbose_name': "day of the platform's statistics",
                'verbose_name_plural': "days of the platform's statistics",
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='statistics_platformday_due')],
                'constraints': [models.UniqueConstraint(fields=('account', 'dataset', 'day'), name='platform_day_once')],
            },
        ),
    ]
