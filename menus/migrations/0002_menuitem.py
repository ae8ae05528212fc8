"""The buttons of a version are called what they are in the field: the items of a menu."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("menus", "0001_initial")]

    operations = [migrations.RenameModel("Item", "MenuItem")]
