import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Sends go on while it is built.
    atomic = False

    dependencies = [("official", "0001_initial"), ("pushes", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="push",
            index=models.Index(
                fields=["account", "-id"],
                name="push_removable",
                condition=models.Q(
                    state="failed",
                    reason__in=["refused", "gave_up", "template_gone", "bad_value", "unsendable"],
                ),
            ),
        ),
        migrations.CreateModel(
            name="PushDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("day", models.DateField()),
                ("sent", models.PositiveIntegerField(default=0)),
                ("delivered", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("last_id", models.BigIntegerField()),
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
                "verbose_name": "sent messages of a day",
                "verbose_name_plural": "sent messages by day",
                "constraints": [models.UniqueConstraint(fields=("account", "day"), name="push_day_once")],
            },
        ),
    ]
