from django.db import migrations

from wechat.kernel.editions import count_edits

# A file that is uploaded gets the media id that the replies with it wait for.
TABLES = ["replies_rule", "replies_rule_tags", "replies_keyword", "replies_reply", "materials_asset"]


class Migration(migrations.Migration):
    dependencies = [("replies", "0001_initial"), ("kernel", "0001_initial"), ("materials", "0001_initial")]

    operations = [count_edits(table, "rules") for table in TABLES]
