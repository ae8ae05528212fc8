import django.contrib.postgres.fields
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from wechat.campaigns.migrations._own_branch import OF_ANY_SEQUENCE, OF_THE_SAME_SEQUENCE


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('articles', '0001_initial'),
        ('channels', '0001_initial'),
        ('followers', '0001_initial'),
        ('materials', '0001_initial'),
        ('official', '0001_initial'),
        ('pushes', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('way', models.CharField(choices=[('either', 'Customer-service message where the follower allows one now, else the template'), ('service', 'Customer-service message only'), ('template', 'Template or subscription notice only')], default='either', max_length=8, verbose_name='by which way')),
                ('audience', models.CharField(choices=[('everybody', 'Everybody who follows'), ('segment', 'A segment'), ('tag', 'A tag'), ('file', 'OpenIDs from a table')], default='everybody', max_length=10, verbose_name='to whom')),
                ('columns', models.JSONField(blank=True, default=list, editable=False)),
                ('repeated', models.PositiveIntegerField(default=0, editable=False)),
                ('nameless', models.PositiveIntegerField(default=0, editable=False)),
                ('starts_at', models.DateTimeField(blank=True, help_text='Empty: as soon as it is approved.', null=True, verbose_name='not before')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('cap_days', models.PositiveSmallIntegerField(default=0, help_text='Who was sent another message in so many days is left out, whoever sent it; answers do not count. 0: nobody is.', validators=[django.core.validators.MaxValueValidator(90)], verbose_name='days without another message')),
                ('per_second', models.PositiveIntegerField(blank=True, help_text='Empty: as quickly as the account may.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='messages a second')),
                ('held_out', models.PositiveSmallIntegerField(default=0, help_text='So many get nothing, so that the report can compare.', validators=[django.core.validators.MaxValueValidator(50)], verbose_name='control group in percent')),
                ('tracked', models.BooleanField(default=False, help_text='Links lead through this console, which counts who taps them.', verbose_name='count taps')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('waiting', 'Waiting for approval'), ('scheduled', 'Scheduled'), ('preparing', 'Preparing'), ('running', 'Running'), ('paused', 'Paused'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='draft', max_length=10, verbose_name='state')),
                ('trouble', models.CharField(blank=True, choices=[('template_gone', 'The template no longer exists at WeChat.'), ('audience_gone', 'The segment or tag was deleted, or asks for something that was deleted.'), ('file_not_ready', 'A file of the message is not at WeChat yet.'), ('fault', 'It stopped at a fault of this console, which is in its log.')], editable=False, max_length=16)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('approved_at', models.DateTimeField(editable=False, null=True, verbose_name='approved')),
                ('checked_at', models.DateTimeField(editable=False, null=True)),
                ('prepared_at', models.DateTimeField(editable=False, null=True)),
                ('fed_until', models.DateTimeField(editable=False, null=True)),
                ('started_at', models.DateTimeField(editable=False, null=True, verbose_name='started')),
                ('stopped_at', models.DateTimeField(editable=False, null=True)),
                ('finished_at', models.DateTimeField(editable=False, null=True, verbose_name='finished')),
                ('tally', models.JSONField(default=list, editable=False)),
                ('tallied_at', models.DateTimeField(editable=False, null=True)),
                ('speed', models.FloatField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
                ('approved_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('author', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.segment', verbose_name='segment')),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.tag', verbose_name='tag')),
                ('template', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='pushes.template', verbose_name='template')),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
            },
        ),
        migrations.CreateModel(
            name='AudienceRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64)),
                ('words', models.JSONField(default=dict)),
                ('reason', models.CharField(blank=True, db_default='', max_length=16)),
                ('note', models.CharField(blank=True, db_default='', max_length=200)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='campaigns.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='MassCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('number', models.PositiveIntegerField(verbose_name='part')),
                ('clientmsgid', models.CharField(editable=False, max_length=32, unique=True)),
                ('body', models.JSONField(editable=False)),
                ('tag_id', models.PositiveIntegerField(blank=True, editable=False, null=True)),
                ('size', models.PositiveIntegerField(default=0, verbose_name='receivers')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being handed over'), ('confirming', 'Waits for an administrator'), ('accepted', 'WeChat is sending it'), ('done', 'Done'), ('failed', 'Failed'), ('uncertain', 'Uncertain'), ('deleting', 'Being deleted'), ('deleted', 'Deleted')], default='waiting', max_length=12, verbose_name='state')),
                ('tried_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('msg_id', models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='message ID')),
                ('msg_data_id', models.BigIntegerField(blank=True, editable=False, null=True)),
                ('status', models.CharField(blank=True, max_length=40, verbose_name='result')),
                ('total', models.PositiveIntegerField(blank=True, null=True, verbose_name='in the target')),
                ('filtered', models.PositiveIntegerField(blank=True, null=True, verbose_name='may receive it')),
                ('sent', models.PositiveIntegerField(blank=True, null=True, verbose_name='received it')),
                ('errors', models.PositiveIntegerField(blank=True, null=True, verbose_name='not delivered')),
                ('check_state', models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                ('checks', models.JSONField(blank=True, default=list, editable=False)),
                ('urls', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=500), blank=True, default=list, editable=False, size=None)),
                ('accepted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='accepted')),
                ('finished_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='finished')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'part of a mass send',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='MassRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('call', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='campaigns.masscall')),
            ],
            options={
                'verbose_name': 'receiver of a mass send',
            },
        ),
        migrations.CreateModel(
            name='MassReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('msg_id', models.BigIntegerField()),
                ('values', models.JSONField()),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'report of a mass send',
            },
        ),
        migrations.CreateModel(
            name='MassSend',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('content', models.JSONField(verbose_name='content')),
                ('name', models.CharField(help_text='For you to find it by.', max_length=60, verbose_name='name')),
                ('target', models.CharField(choices=[('all', 'Everybody'), ('tag', 'A tag'), ('segment', 'A segment'), ('list', 'A list of OpenIDs')], default='tag', max_length=8, verbose_name='to whom')),
                ('openids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, editable=False, size=None)),
                ('pictures', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None)),
                ('recommend', models.CharField(blank=True, max_length=100, verbose_name='words with the pictures')),
                ('ignore_reprint', models.BooleanField(default=False, help_text="Otherwise WeChat sends nothing when it finds that an article is somebody else's.", verbose_name='send even if judged a reprint')),
                ('state', models.CharField(choices=[('draft', 'Being written'), ('scheduled', 'Planned'), ('sending', 'Being handed over'), ('confirming', 'Waits for an administrator'), ('accepted', 'WeChat is sending it'), ('done', 'Done'), ('failed', 'Failed'), ('uncertain', 'Uncertain'), ('deleted', 'Deleted')], default='draft', editable=False, max_length=12, verbose_name='state')),
                ('starts_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='planned for')),
                ('started_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='begun')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mass_sends', to='official.officialaccount', verbose_name='account')),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('draft', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='articles.draft', verbose_name='article')),
                ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.segment', verbose_name='segment')),
                ('sent_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.tag', verbose_name='tag')),
            ],
            options={
                'verbose_name': 'mass send',
                'verbose_name_plural': 'mass sends',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MassPreview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('wechat_id', models.CharField(max_length=40, verbose_name='WeChat ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('send', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='previews', to='campaigns.masssend')),
            ],
            options={
                'verbose_name': 'preview of a mass send',
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='masscall',
            name='send',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='campaigns.masssend', verbose_name='mass send'),
        ),
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('kind', models.CharField(blank=True, choices=[('service', 'Customer-service message'), ('template', 'Template message'), ('notice', 'Subscription notice'), ('once', 'One-time subscription message'), ('subscribe', 'Mini-program subscription message')], max_length=10, verbose_name='by which way')),
                ('letter', models.CharField(blank=True, max_length=1, verbose_name='variant')),
                ('state', models.CharField(choices=[('excluded', 'Left out'), ('control', 'Control group'), ('waiting', 'Not queued yet'), ('queued', 'Being sent'), ('skipped', 'Not sent')], max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=16, verbose_name='reason')),
                ('tapped_at', models.DateTimeField(null=True, verbose_name='tapped')),
                ('campaign', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='campaigns.campaign')),
                ('push', models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='pushes.push')),
            ],
            options={
                'verbose_name': 'recipient',
                'verbose_name_plural': 'recipients',
            },
        ),
        migrations.CreateModel(
            name='Seed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'test recipient',
                'verbose_name_plural': 'test recipients',
            },
        ),
        migrations.CreateModel(
            name='Sequence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('enabled', models.BooleanField(default=False, help_text='Off: nobody new enters, and those inside wait where they are until it is on again.', verbose_name='on')),
                ('trigger', models.CharField(default='follow', max_length=40, verbose_name='begins when')),
                ('menu_key', models.CharField(blank=True, default='', max_length=128, verbose_name='menu item')),
                ('date_days', models.SmallIntegerField(default=0, help_text='-3: three days before; 0: on the day itself.', verbose_name='days after it')),
                ('date_at', models.TimeField(blank=True, null=True, verbose_name='time of day')),
                ('yearly', models.BooleanField(default=True, verbose_name='every year, as a birthday')),
                ('entered_day', models.DateField(blank=True, editable=False, null=True)),
                ('reentry', models.CharField(choices=[('once', 'never: once is enough'), ('days', 'after some days'), ('always', 'each time it happens')], default='once', max_length=6, verbose_name='enters again')),
                ('reentry_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='days after the last time')),
                ('priority', models.PositiveSmallIntegerField(default=10, help_text='A follower is in one sequence at a time: the higher number first, the others wait.', verbose_name='priority')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, help_text='What falls into this time goes out at its end.', null=True, verbose_name='quiet until')),
                ('cap_days', models.PositiveSmallIntegerField(blank=True, help_text='A message is left out for whoever was sent something else in so many days.', null=True, verbose_name='days without another message')),
                ('stop_on_reply', models.BooleanField(default=True, verbose_name='stop when the follower writes')),
                ('stop_on_purchase', models.BooleanField(default=False, verbose_name='stop when the follower pays')),
                ('tracked', models.BooleanField(default=False, help_text='Links lead through this console, which counts who taps them.', verbose_name='count taps')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sequences', to='official.officialaccount', verbose_name='account')),
                ('channel', models.ForeignKey(blank=True, help_text='Only those who scanned this one. Empty: any channel.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='channels.channel', verbose_name='channel')),
                ('date_field', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.customfield', verbose_name='date')),
                ('segment', models.ForeignKey(blank=True, help_text='Looked at every hour. Who is in it when the sequence is switched on enters as well.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.segment', verbose_name='segment')),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.tag', verbose_name='tag')),
            ],
            options={
                'verbose_name': 'sequence',
                'verbose_name_plural': 'sequences',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SequenceStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='content')),
                ('type', models.CharField(choices=[('message', 'Message'), ('branch', 'Branch'), ('tag', 'Set a tag'), ('untag', 'Take a tag off'), ('wait', 'Only wait'), ('end', 'End here')], default='message', max_length=8, verbose_name='does')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('lane', models.CharField(blank=True, choices=[('yes', 'Yes'), ('no', 'No')], default='', max_length=3, verbose_name='lane')),
                ('wait', models.PositiveIntegerField(default=0, help_text='After the step before it; for the first, after the beginning.', verbose_name='wait')),
                ('unit', models.PositiveSmallIntegerField(choices=[(1, 'minutes'), (60, 'hours'), (1440, 'days')], default=1, verbose_name='unit')),
                ('at_time', models.TimeField(blank=True, help_text='After the wait, the next time it is so late.', null=True, verbose_name='at this time of day')),
                ('day', models.CharField(blank=True, choices=[('', 'any day'), ('workdays', 'Monday to Friday'), ('weekend', 'Saturday or Sunday'), ('1', 'Monday'), ('2', 'Tuesday'), ('3', 'Wednesday'), ('4', 'Thursday'), ('5', 'Friday'), ('6', 'Saturday'), ('7', 'Sunday')], default='', max_length=8, verbose_name='only on')),
                ('values', models.JSONField(blank=True, default=dict, editable=False)),
                ('link', models.CharField(blank=True, editable=False, max_length=500)),
                ('appid', models.CharField(blank=True, db_default='', default='', editable=False, max_length=32)),
                ('pagepath', models.CharField(blank=True, db_default='', default='', editable=False, max_length=300)),
                ('match', models.CharField(choices=[('all', 'all of the conditions'), ('any', 'any of the conditions')], default='all', max_length=4, verbose_name='meet')),
                ('conditions', models.JSONField(blank=True, default=list, verbose_name='conditions')),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('branch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='lanes', to='campaigns.sequencestep', verbose_name='branch')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
                ('sequence', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='campaigns.sequence', verbose_name='sequence')),
                ('tag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='followers.tag', verbose_name='tag')),
                ('template', models.ForeignKey(blank=True, help_text='Goes out when the time for a customer-service message is over.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='pushes.template', verbose_name='template instead')),
            ],
            options={
                'verbose_name': 'step of a sequence',
                'verbose_name_plural': 'steps of a sequence',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Enrolment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('occasion', models.CharField(max_length=120)),
                ('began_with', models.CharField(blank=True, default='', max_length=120)),
                ('state', models.CharField(choices=[('running', 'in it'), ('paused', 'waits'), ('finished', 'got all'), ('stopped', 'stopped')], default='running', max_length=8, verbose_name='state')),
                ('reason', models.CharField(blank=True, choices=[('replied', 'wrote to us'), ('purchased', 'has paid'), ('left', 'has left'), ('removed', 'taken out'), ('fault', 'a fault of this console')], max_length=10, verbose_name='reason')),
                ('since', models.DateTimeField(verbose_name='last step')),
                ('began_at', models.DateTimeField(verbose_name='entered')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('sequence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='enrolments', to='campaigns.sequence', verbose_name='sequence')),
                ('step', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.sequencestep', verbose_name='waits for')),
            ],
            options={
                'verbose_name': 'follower in a sequence',
            },
        ),
        migrations.CreateModel(
            name='StepRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lane', models.CharField(blank=True, choices=[('yes', 'Yes'), ('no', 'No')], default='', max_length=3, verbose_name='lane')),
                ('skipped', models.CharField(blank=True, choices=[('no_window', 'No message was allowed, and there is no template instead.'), ('recently', 'Something else was sent to them too short a time before.'), ('deleted', 'What the step needs was deleted.'), ('stranger', 'Nothing is known of the follower.')], max_length=10)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('tapped_at', models.DateTimeField(null=True, verbose_name='tapped')),
                ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='campaigns.enrolment')),
                ('push', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='pushes.push')),
                ('step', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='campaigns.sequencestep')),
            ],
            options={
                'verbose_name': 'step done in a sequence',
            },
        ),
        migrations.CreateModel(
            name='Variant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('letter', models.CharField(max_length=1)),
                ('content', models.JSONField(blank=True, default=dict, verbose_name='content')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values')),
                ('url', models.CharField(blank=True, max_length=500, verbose_name='link')),
                ('appid', models.CharField(blank=True, max_length=32)),
                ('pagepath', models.CharField(blank=True, max_length=300)),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='file')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='variants', to='campaigns.campaign')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='cover picture')),
            ],
            options={
                'verbose_name': 'variant',
                'verbose_name_plural': 'variants',
            },
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='campaigns_campaign_due'),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(fields=['account', '-id'], name='campaign_newest'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'waiting', 'scheduled', 'preparing', 'running', 'paused', 'done', 'cancelled'])), name='campaign_state_known'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('way', 'service'), ('template__isnull', False), _connector='OR'), name='campaign_template_where_needed'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['scheduled', 'preparing', 'running']), ('due_at__isnull', False)), models.Q(('state', 'waiting'), ('due_at__isnull', True)), ('state__in', ['draft', 'paused', 'done', 'cancelled']), _connector='OR'), name='campaign_due_while_open'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'waiting', 'cancelled']), ('approved_at__isnull', False), _connector='OR'), name='campaign_approved_before_it_goes'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['running', 'done']), _negated=True), models.Q(('prepared_at__isnull', False), ('started_at__isnull', False)), _connector='OR'), name='campaign_prepared_before_it_runs'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state', 'done')), ('state', 'cancelled'), models.Q(models.Q(('state__in', ['done', 'cancelled']), _negated=True), ('finished_at__isnull', True)), _connector='OR'), name='campaign_finished_at_its_end'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='campaign_quiet_from_and_until', violation_error_message='Quiet hours need a beginning and another time as their end.'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('held_out__lte', 50)), name='campaign_held_out_at_most'),
        ),
        migrations.AddConstraint(
            model_name='audiencerow',
            constraint=models.UniqueConstraint(fields=('campaign', 'openid'), name='audience_row_once'),
        ),
        migrations.AddIndex(
            model_name='massrecipient',
            index=models.Index(fields=['account', 'openid', 'at'], name='mass_recipient_month'),
        ),
        migrations.AddConstraint(
            model_name='massrecipient',
            constraint=models.UniqueConstraint(fields=('call', 'openid'), name='mass_recipient_once'),
        ),
        migrations.AddConstraint(
            model_name='massreport',
            constraint=models.UniqueConstraint(fields=('account', 'msg_id'), name='mass_report_once'),
        ),
        migrations.AddIndex(
            model_name='masssend',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='campaigns_masssend_due'),
        ),
        migrations.AddIndex(
            model_name='masssend',
            index=models.Index(fields=['account', '-id'], name='mass_send_newest'),
        ),
        migrations.AddConstraint(
            model_name='masssend',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'scheduled')), models.Q(models.Q(('state', 'scheduled'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='mass_send_due_while_scheduled'),
        ),
        migrations.AddIndex(
            model_name='masspreview',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='campaigns_masspreview_due'),
        ),
        migrations.AddIndex(
            model_name='masscall',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='campaigns_masscall_due'),
        ),
        migrations.AddIndex(
            model_name='masscall',
            index=models.Index(condition=models.Q(('accepted_at__isnull', False)), fields=['account', 'accepted_at'], name='mass_call_accepted'),
        ),
        migrations.AddConstraint(
            model_name='masscall',
            constraint=models.UniqueConstraint(fields=('send', 'number'), name='mass_call_once'),
        ),
        migrations.AddConstraint(
            model_name='masscall',
            constraint=models.UniqueConstraint(condition=models.Q(('msg_id__isnull', False)), fields=('account', 'msg_id'), name='mass_call_by_msg_id'),
        ),
        migrations.AddConstraint(
            model_name='masscall',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state__in', ['waiting', 'sending', 'confirming', 'accepted', 'deleting'])), models.Q(('due_at__isnull', True), ('state__in', ['done', 'failed', 'uncertain', 'deleted'])), _connector='OR'), name='mass_call_due_while_open'),
        ),
        migrations.AddConstraint(
            model_name='masscall',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['accepted', 'done', 'deleting', 'deleted']), _negated=True), ('msg_id__isnull', False), _connector='OR'), name='mass_call_accepted_has_msg_id'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(fields=['campaign', 'state', 'reason', '-id'], include=('kind', 'letter'), name='recipient_by_state'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(fields=['campaign', '-id'], name='recipient_newest'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('tapped_at__isnull', False)), fields=['campaign'], name='recipient_tapped'),
        ),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.UniqueConstraint(fields=('campaign', 'openid'), name='recipient_once'),
        ),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['excluded', 'skipped']), models.Q(('reason', ''), _negated=True)), models.Q(('state__in', ['control', 'waiting', 'queued']), ('reason', '')), _connector='OR'), name='recipient_state_known'),
        ),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('push__isnull', False), ('state', 'queued')), models.Q(models.Q(('state', 'queued'), _negated=True), ('push__isnull', True)), _connector='OR'), name='recipient_queued_has_push'),
        ),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.UniqueConstraint(condition=models.Q(('push__isnull', False)), fields=('push',), name='recipient_push_once'),
        ),
        migrations.AddConstraint(
            model_name='seed',
            constraint=models.UniqueConstraint(fields=('account', 'openid'), name='seed_once'),
        ),
        migrations.AddIndex(
            model_name='sequence',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='campaigns_sequence_due'),
        ),
        migrations.AddIndex(
            model_name='sequence',
            index=models.Index(fields=['account', 'trigger'], name='sequence_by_trigger'),
        ),
        migrations.AddConstraint(
            model_name='sequence',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='sequence_name_once', violation_error_message='There is a sequence of this name already.'),
        ),
        migrations.AddConstraint(
            model_name='sequence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='sequence_quiet_has_both_ends', violation_error_message='The quiet time needs a beginning and an end, or neither.'),
        ),
        migrations.AddConstraint(
            model_name='sequence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reentry', 'days'), ('reentry_days__gte', 1)), models.Q(models.Q(('reentry', 'days'), _negated=True), ('reentry_days__isnull', True)), _connector='OR'), name='sequence_reentry_has_days', violation_error_message='Say after how many days somebody may enter again.'),
        ),
        migrations.AddConstraint(
            model_name='sequence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('tag', None), ('trigger', 'tag'), _connector='OR'), models.Q(('segment', None), ('trigger', 'segment'), _connector='OR'), models.Q(('date_field', None), ('trigger', 'date'), _connector='OR'), models.Q(('menu_key', ''), ('trigger', 'menu'), _connector='OR')), name='sequence_has_what_its_trigger_asks'),
        ),
        migrations.AddConstraint(
            model_name='sequence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('trigger', 'date'), _negated=True), ('date_at__isnull', False), _connector='OR'), name='sequence_of_a_date_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='sequence',
            constraint=models.CheckConstraint(condition=models.Q(('reentry', 'always'), ('trigger', 'segment'), _negated=True), name='sequence_of_a_segment_has_a_pause'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('sequence', 'position'), name='step_place_once'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.UniqueConstraint(fields=('id', 'sequence'), name='step_and_its_sequence'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('branch__isnull', True), ('lane', '')), models.Q(('branch__isnull', False), ('lane__in', ['yes', 'no'])), _connector='OR'), name='step_has_a_lane_in_a_branch'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.CheckConstraint(condition=models.Q(('branch', models.F('id')), _negated=True), name='step_is_not_its_own_branch'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.CheckConstraint(condition=models.Q(('type', 'message'), models.Q(('content', {}), ('template', None)), _connector='OR'), name='step_that_says_something'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.CheckConstraint(condition=models.Q(('type', 'branch'), ('conditions', []), _connector='OR'), name='step_with_conditions_is_a_branch'),
        ),
        migrations.AddConstraint(
            model_name='sequencestep',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['tag', 'untag']), ('tag', None), _connector='OR'), name='step_with_a_tag_changes_it'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='campaigns_enrolment_due'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=models.Index(condition=models.Q(('state__in', ['running', 'paused'])), fields=['account', 'openid'], name='enrolment_open'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=models.Index(fields=['sequence', 'state', '-id'], name='enrolment_by_state'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=models.Index(condition=models.Q(('step__isnull', False)), fields=['step', '-id'], name='enrolment_by_step'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=models.UniqueConstraint(fields=('sequence', 'openid', 'occasion'), name='enrolment_once'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='enrolment_due_while_running'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=models.CheckConstraint(condition=models.Q(('step', None), ('state__in', ['running', 'paused']), _connector='OR'), name='enrolment_waits_while_open'),
        ),
        migrations.AddIndex(
            model_name='steprun',
            index=models.Index(condition=models.Q(('tapped_at__isnull', False)), fields=['step', '-id'], name='step_run_tapped'),
        ),
        migrations.AddConstraint(
            model_name='steprun',
            constraint=models.UniqueConstraint(fields=('step', 'enrolment'), name='step_run_once'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.UniqueConstraint(fields=('campaign', 'letter'), name='variant_once'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.CheckConstraint(condition=models.Q(('letter__in', ['A', 'B', 'C', 'D'])), name='variant_letter_known'),
        ),
        migrations.RunSQL(OF_THE_SAME_SEQUENCE, OF_ANY_SEQUENCE),
    ]
