from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # People go on buying meanwhile.
    atomic = False

    dependencies = [("shop", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="sale",
            index=GinIndex(fields=["answers"], opclasses=["jsonb_path_ops"], name="sale_by_answer"),
        ),
    ]
