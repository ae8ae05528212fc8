from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pushes", "0007_reports_to_the_outbox"), ("accounts", "0005_avatars")]
    operations = [
        migrations.RemoveConstraint(model_name="lane", name="lane_once"),
        migrations.RenameModel("Lane", "SendRate"),
    ]
