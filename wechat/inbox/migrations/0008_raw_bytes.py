from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0007_message_log'),
    ]

    operations = [
        migrations.AddField(
            model_name='inboundmessage',
            name='raw_bytes',
            field=models.BinaryField(null=True),
        ),
    ]
