from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_work_rows")]
    operations = [migrations.RenameField("bulkjob", "done", "processed")]
