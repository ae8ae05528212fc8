from django.db import migrations, models
from wechat.kernel.versioned_cache import CREATE_COUNTER, DROP_COUNTER


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CacheVersion',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'version of a cache',
            },
        ),
        migrations.CreateModel(
            name='LastTick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'last tick',
            },
        ),
        migrations.CreateModel(
            name='Interruption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('work', models.CharField(max_length=64)),
                ('row', models.CharField(max_length=40)),
                ('times', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'interruption of work',
                'constraints': [models.UniqueConstraint(fields=('work', 'row'), name='interruption_once')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('work', models.CharField(max_length=64, verbose_name='work')),
                ('part', models.CharField(blank=True, max_length=32, verbose_name='called by')),
                ('subject', models.BigIntegerField(verbose_name='whose')),
                ('cause', models.CharField(choices=[('quota', 'The calls of the day are used up'), ('rate', 'Too many calls in a minute'), ('account', 'WeChat refuses this for the whole account'), ('away', 'The other side cannot be reached')], max_length=12, verbose_name='cause')),
                ('errcode', models.IntegerField(blank=True, null=True, verbose_name='error code')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('since', models.DateTimeField(verbose_name='held since')),
                ('until', models.DateTimeField(blank=True, null=True, verbose_name='held until')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures')),
                ('probes', models.PositiveIntegerField(default=0, verbose_name='tries since')),
            ],
            options={
                'verbose_name': 'held work',
                'verbose_name_plural': 'held work',
                'constraints': [models.UniqueConstraint(fields=('work', 'part', 'subject'), name='hold_once'), models.CheckConstraint(condition=models.Q(('cause__in', ['quota', 'rate', 'account', 'away'])), name='hold_cause_known')],
            },
        ),
        migrations.RunSQL(CREATE_COUNTER, DROP_COUNTER),
    ]
