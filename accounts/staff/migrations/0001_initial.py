import django.db.models.deletion
import django.utils.timezone
import uuid
import wechat.kernel.secrets
from django.conf import settings
from django.db import migrations, models
from accounts.staff.migrations._append_only import NO_LONGER, REFUSE


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('app', 'Authenticator app'), ('passkey', 'Passkey')], max_length=8, verbose_name='kind')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('secret', wechat.kernel.secrets.SecretField(blank=True, default='', editable=False)),
                ('counter', models.BigIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='set up')),
                ('used_at', models.DateTimeField(null=True, verbose_name='last used')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='second_factors', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'second step of signing in',
                'verbose_name_plural': 'second steps of signing in',
            },
        ),
        migrations.CreateModel(
            name='SignInLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('address', 'IP address'), ('name', 'User name'), ('browser', 'Known browser')], max_length=10, verbose_name='kind')),
                ('value', models.CharField(max_length=150, verbose_name='value')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='wrong passwords')),
                ('failed_at', models.DateTimeField(db_index=True, verbose_name='last one')),
                ('open_at', models.DateTimeField(verbose_name='next attempt from')),
            ],
            options={
                'verbose_name': 'sign-in limit',
                'verbose_name_plural': 'sign-in limits',
                'constraints': [models.UniqueConstraint(fields=('kind', 'value'), name='sign_in_limit_once')],
            },
        ),
        migrations.CreateModel(
            name='StaffSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=40, unique=True)),
                ('browser', models.CharField(blank=True, max_length=200, verbose_name='browser')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='IP address')),
                ('began_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='session since')),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last active')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
            },
        ),
        migrations.CreateModel(
            name='Acknowledgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('up_to', models.BigIntegerField()),
                ('at', models.DateTimeField(auto_now=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'acknowledgement',
                'verbose_name_plural': 'acknowledgements',
                'constraints': [models.UniqueConstraint(fields=('account', 'kind'), name='acknowledged_once')],
            },
        ),
        migrations.CreateModel(
            name='AuditChain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(default=0, verbose_name='number in the chain')),
                ('hash', models.CharField(blank=True, max_length=64, verbose_name='seal')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'audit chain',
                'verbose_name_plural': 'audit chains',
                'constraints': [models.UniqueConstraint(fields=('account',), name='audit_chain_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='time')),
                ('actor', models.CharField(max_length=310, verbose_name='who')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='from where')),
                ('action', models.CharField(choices=[('added', 'added'), ('changed', 'changed'), ('deleted', 'deleted')], default='changed', max_length=8, verbose_name='kind of action')),
                ('kind', models.CharField(max_length=100, verbose_name='kind of object')),
                ('object_id', models.CharField(max_length=64, verbose_name='number of the object')),
                ('label', models.CharField(blank=True, max_length=200, verbose_name='object')),
                ('note', models.TextField(blank=True, verbose_name='what was done')),
                ('before', models.JSONField(default=dict, verbose_name='value before')),
                ('after', models.JSONField(default=dict, verbose_name='value after')),
                ('number', models.BigIntegerField(editable=False, null=True, verbose_name='number in the chain')),
                ('hash', models.CharField(blank=True, editable=False, max_length=64, verbose_name='seal')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'indexes': [models.Index(fields=['account', '-id'], name='audit_newest'), models.Index(fields=['account', 'user', '-id'], name='audit_by_user'), models.Index(fields=['kind', 'object_id', '-id'], name='audit_of_object'), models.Index(fields=['account', 'at'], name='audit_by_time'), models.Index(condition=models.Q(('number', None)), fields=['account', 'id'], name='audit_unsealed')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('number__isnull', False)), fields=('account', 'number'), name='audit_number_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('hash', ''), ('number', None)), models.Q(('number__isnull', False), models.Q(('hash', ''), _negated=True)), _connector='OR'), name='audit_sealed_whole')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recovery code',
                'verbose_name_plural': 'recovery codes',
                'constraints': [models.UniqueConstraint(fields=('user', 'digest'), name='recovery_code_once')],
            },
        ),
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listed', models.CharField(max_length=100)),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('query', models.CharField(max_length=1000)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_filters', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('account', 'user', 'listed', 'name'), name='saved_filter_once_per_name')],
            },
        ),
        migrations.CreateModel(
            name='SecondFactorRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('editor', 'Editor: rules, menus, content'), ('publisher', 'Publisher: also publishes and sends'), ('service', 'Service: reads and answers messages'), ('finance', 'Finance: orders and refunds'), ('auditor', 'Auditor: reads everything'), ('owner', 'Owner: everything, with secrets and staff')], max_length=16, verbose_name='role')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='second_factor_rules', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'rule for the second step',
                'verbose_name_plural': 'rules for the second step',
                'constraints': [models.UniqueConstraint(fields=('account', 'role'), name='second_factor_rule_once')],
            },
        ),
        migrations.CreateModel(
            name='StaffRight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('editor', 'Editor: rules, menus, content'), ('publisher', 'Publisher: also publishes and sends'), ('service', 'Service: reads and answers messages'), ('finance', 'Finance: orders and refunds'), ('auditor', 'Auditor: reads everything'), ('owner', 'Owner: everything, with secrets and staff')], max_length=16, verbose_name='role')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rights', to='official.officialaccount', verbose_name='account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rights', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'staff right',
                'verbose_name_plural': 'staff rights',
                'constraints': [models.UniqueConstraint(fields=('user', 'account', 'role'), name='staff_right_once')],
            },
        ),
        migrations.CreateModel(
            name='Withheld',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('editor', 'Editor: rules, menus, content'), ('publisher', 'Publisher: also publishes and sends'), ('service', 'Service: reads and answers messages'), ('finance', 'Finance: orders and refunds'), ('auditor', 'Auditor: reads everything'), ('owner', 'Owner: everything, with secrets and staff')], max_length=16, verbose_name='role')),
                ('what', models.CharField(choices=[('export', 'take files with people along'), ('persons', 'see personal data')], max_length=8, verbose_name='what was done')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='official.officialaccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'withheld right',
                'verbose_name_plural': 'withheld rights',
                'constraints': [models.UniqueConstraint(fields=('account', 'role', 'what'), name='withheld_once')],
            },
        ),
        migrations.RunSQL(REFUSE, NO_LONGER),
    ]
