from django.db import migrations

from wechat.kernel.editions import count_edits


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial"), ("kernel", "0001_initial"), ("materials", "0001_initial")]

    operations = [
        count_edits("channels_channel", "channels"),
        count_edits("channels_welcome", "channels"),
        # A file that is uploaded gets the media id that the welcomes with it wait for.
        count_edits("materials_asset", "channels", trigger="count_edits_for_channels"),
    ]
