import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
    ]
