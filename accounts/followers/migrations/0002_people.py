import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("followers", "0001_initial"),
        ("official", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GivenName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("openid", models.CharField(max_length=64, verbose_name="OpenID")),
                ("name", models.CharField(max_length=64, verbose_name="name")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="official.officialaccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "given name",
                "verbose_name_plural": "given names",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "openid"), name="given_name_once_per_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnWeChat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("openid", models.CharField(blank=True, max_length=64, verbose_name="OpenID")),
                ("scene", models.CharField(blank=True, max_length=64)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="official.officialaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "WeChat of a member of staff",
                "verbose_name_plural": "WeChats of the staff",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "account"), name="own_wechat_once_per_account"),
                    models.UniqueConstraint(
                        condition=models.Q(("scene", ""), _negated=True),
                        fields=("scene",),
                        name="own_wechat_scene_once",
                    ),
                ],
            },
        ),
    ]
