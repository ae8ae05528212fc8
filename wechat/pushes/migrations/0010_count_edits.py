from django.db import migrations

from wechat.kernel.editions import count_edits


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial"), ("pushes", "0009_batches")]

    operations = [count_edits("pushes_template", "templates")]
