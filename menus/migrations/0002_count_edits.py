from django.db import migrations

from wechat.kernel.editions import count_edits


class Migration(migrations.Migration):
    dependencies = [("menus", "0001_initial"), ("kernel", "0001_initial"), ("materials", "0001_initial")]

    operations = [
        count_edits("menus_version", "menus"),
        count_edits("menus_item", "menus"),
        # A file that is uploaded gets the media id that the replies with it wait for.
        count_edits("materials_asset", "menus", trigger="count_edits_for_menus"),
    ]
