

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_date_secrets'),
        ('inbox', '0007_message_log'),
        ('pushes', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lane',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('service', 'Customer-service message'), ('template', 'Template message'), ('notice', 'Subscription notice'), ('once', 'One-time subscription message'), ('subscribe', 'Mini-program subscription message')], max_length=10, verbose_name='kind')),
                ('per_second', models.PositiveIntegerField(blank=True, null=True, verbose_name='messages a second')),
                ('paused_until', models.DateTimeField(blank=True, null=True, verbose_name='paused until')),
                ('errcode', models.IntegerField(blank=True, null=True, verbose_name='error code')),
            ],
            options={
                'verbose_name': 'sending speed',
                'verbose_name_plural': 'sending speeds',
            },
        ),
        migrations.RemoveConstraint(
            model_name='push',
            name='push_sent_at_when_sent',
        ),
        migrations.AddField(
            model_name='push',
            name='bulk',
            field=models.BooleanField(default=False, editable=False, verbose_name='one of many'),
        ),
        migrations.AddField(
            model_name='push',
            name='kind',
            field=models.CharField(choices=[('service', 'Customer-service message'), ('template', 'Template message'), ('notice', 'Subscription notice'), ('once', 'One-time subscription message'), ('subscribe', 'Mini-program subscription message')], default='service', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='push',
            name='msgid',
            field=models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='message ID'),
        ),
        migrations.AddField(
            model_name='push',
            name='template',
            field=models.CharField(blank=True, max_length=64, verbose_name='template'),
        ),
        migrations.AddField(
            model_name='push',
            name='tried_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='push',
            name='reason',
            field=models.CharField(blank=True, choices=[('no_window', 'The follower has done nothing lately that allows another message.'), ('window_closed', 'WeChat says that the time for messages to this follower is over, or that they left.'), ('used_up', 'WeChat says that the messages allowed after the last action are used up.'), ('unsendable', 'This kind of content cannot be sent as a customer-service message.'), ('refused', 'WeChat refused the message.'), ('gave_up', 'WeChat could not be reached, or was busy, at every attempt.'), ('no_grant', 'The follower has not agreed to another message of this template.'), ('not_following', 'The follower no longer follows the account.'), ('template_gone', 'The template no longer exists at WeChat.'), ('bad_value', 'A value breaks the rule of its field.'), ('blocked', 'The follower has switched off messages of this account.'), ('undelivered', 'WeChat accepted the message but could not deliver it.'), ('no_answer', 'The answer of WeChat was lost: the follower may have the message.'), ('interrupted', 'The sender was stopped: the follower may have the message.')], max_length=16, verbose_name='reason'),
        ),
        AddConstraintNotValid(
            model_name='push',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state__in', ['sent', 'delivered'])), ('state', 'failed'), models.Q(('sent_at__isnull', True), ('state__in', ['pending', 'sending', 'uncertain', 'skipped'])), _connector='OR'), name='push_sent_at_when_it_was_sent'),
        ),
        AddConstraintNotValid(
            model_name='push',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'service'), ('template', '')), models.Q(('kind__in', ['template', 'notice', 'once', 'subscribe']), models.Q(('template', ''), _negated=True)), _connector='OR'), name='push_kind_known'),
        ),
        migrations.AddField(
            model_name='lane',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.officialaccount', verbose_name='account'),
        ),
        migrations.AddConstraint(
            model_name='lane',
            constraint=models.UniqueConstraint(fields=('account', 'kind'), name='lane_once'),
        ),
    ]
