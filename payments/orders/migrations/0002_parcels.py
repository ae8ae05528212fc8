import django.db.models.deletion
from django.db import migrations, models

MOVE = """
INSERT INTO orders_parcel (shipment_id, company, number, contact)
SELECT id, company, number, contact FROM orders_shipment WHERE company <> '' AND number <> ''
"""
# Of several parcels only the first has a place there.
MOVE_BACK = """
UPDATE orders_shipment SET company = first.company, number = first.number, contact = first.contact
FROM (SELECT DISTINCT ON (shipment_id) * FROM orders_parcel ORDER BY shipment_id, id) AS first
WHERE first.shipment_id = orders_shipment.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Parcel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.CharField(max_length=128, verbose_name='carrier')),
                ('number', models.CharField(max_length=128, verbose_name='parcel number')),
                ('contact', models.CharField(blank=True, max_length=32, verbose_name="receiver's telephone")),
                ('shipment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parcels', to='orders.shipment', verbose_name='shipment')),
            ],
            options={
                'verbose_name': 'parcel',
                'verbose_name_plural': 'parcels',
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='shipment',
            name='shipment_parcel_has_number',
        ),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RemoveField(
            model_name='shipment',
            name='company',
        ),
        migrations.RemoveField(
            model_name='shipment',
            name='contact',
        ),
        migrations.RemoveField(
            model_name='shipment',
            name='number',
        ),
        migrations.AddField(
            model_name='shipment',
            name='more_to_come',
            field=models.BooleanField(default=False, verbose_name='more parcels follow'),
        ),
        migrations.AddConstraint(
            model_name='shipment',
            constraint=models.CheckConstraint(condition=models.Q(('how', 1), ('more_to_come', False), _connector='OR'), name='shipment_only_parcels_follow'),
        ),
        migrations.AddConstraint(
            model_name='parcel',
            constraint=models.UniqueConstraint(fields=('shipment', 'company', 'number'), name='parcel_once'),
        ),
        migrations.AddConstraint(
            model_name='parcel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('company', ''), _negated=True), models.Q(('number', ''), _negated=True)), name='parcel_has_number'),
        ),
    ]
