from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0006_one_index_less'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='inboundmessage',
            options={'verbose_name': 'message', 'verbose_name_plural': 'message log'},
        ),
    ]
