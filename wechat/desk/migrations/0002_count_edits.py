from django.db import migrations

from wechat.kernel.editions import count_edits


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial"), ("kernel", "0001_initial")]

    operations = [count_edits("desk_takeover", "desk")]
