from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import MD5, Left


class Migration(migrations.Migration):
    # The table may have millions of rows, and followers go on arriving.
    atomic = False

    dependencies = [("followers", "0002_people")]

    operations = [
        AddIndexConcurrently(
            model_name="follower",
            index=models.Index(
                condition=models.Q(("nickname", ""), _negated=True),
                fields=["account", "-id"],
                name="follower_named",
            ),
        ),
        AddIndexConcurrently(
            model_name="follower",
            index=models.Index("account", Left(MD5("openid"), 5), name="follower_handle"),
        ),
    ]
