from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

RECEIPTS = (
    "masssendjobfinish",
    "publishjobfinish",
    "subscribe_msg_sent_event",
    "templatesendjobfinish",
    "wxa_media_check",
)


class Migration(migrations.Migration):
    # Callbacks go on while it is built.
    atomic = False

    dependencies = [("inbox", "0002_messages_by_day")]

    operations = [
        AddIndexConcurrently(
            model_name="inboundmessage",
            index=models.Index(
                fields=["account", "-id"],
                name="inbound_but_receipts",
                condition=~models.Q(event__in=RECEIPTS),
            ),
        ),
        RemoveIndexConcurrently(model_name="inboundmessage", name="inbound_newest"),
    ]
