from django.db import migrations

from wechat.kernel.editions import count_edits

TABLES = ["replies_rule", "replies_rule_tags", "replies_keyword", "replies_reply"]


class Migration(migrations.Migration):
    dependencies = [("replies", "0001_initial"), ("kernel", "0001_initial")]

    operations = [count_edits(table, "rules") for table in TABLES]
