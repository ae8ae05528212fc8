from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pushes", "0006_index_for_callers"), ("accounts", "0005_avatars")]
    operations = [
        migrations.RemoveConstraint(model_name="lane", name="lane_once"),
        migrations.RenameModel("Lane", "SendRate"),
    ]
