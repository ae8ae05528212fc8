import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models
from payments.shop.migrations._count_sale import COUNT_SALE, DROP_COUNT_SALE, DROP_WATCH, WATCH


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('channels', '0001_initial'),
        ('materials', '0001_initial'),
        ('merchants', '0001_initial'),
        ('official', '0001_initial'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=40, verbose_name='title')),
                ('description', models.TextField(blank=True, max_length=2000, verbose_name='description')),
                ('price', models.BigIntegerField(blank=True, null=True, verbose_name='price')),
                ('least', models.BigIntegerField(blank=True, null=True, verbose_name='smallest amount')),
                ('most', models.BigIntegerField(blank=True, null=True, verbose_name='largest amount')),
                ('stock', models.PositiveIntegerField(blank=True, help_text='How many are sold altogether; empty: any number.', null=True, verbose_name='stock')),
                ('each_person', models.PositiveIntegerField(blank=True, help_text='How many one person may buy; empty: any number.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='limit for each person')),
                ('opens_at', models.DateTimeField(blank=True, null=True, verbose_name='on sale from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='on sale until')),
                ('enabled', models.BooleanField(default=True, help_text='The page of an item that is off says so and takes no money.', verbose_name='on sale')),
                ('taken', models.PositiveIntegerField(default=0, editable=False, verbose_name='taken')),
                ('sold', models.PositiveIntegerField(default=0, editable=False, verbose_name='sold')),
                ('paid', models.BigIntegerField(default=0, editable=False, verbose_name='paid')),
                ('refunded', models.BigIntegerField(default=0, editable=False, verbose_name='refunded')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='official.officialaccount', verbose_name='account')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='merchants.merchant', verbose_name='merchant')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='picture')),
            ],
            options={
                'verbose_name': 'payment item',
                'verbose_name_plural': 'payment items',
                'indexes': [models.Index(fields=['account', '-id'], name='item_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('least__isnull', True), ('most__isnull', True), ('price__gte', 1), ('price__isnull', False)), models.Q(('least__gte', 1), ('least__isnull', False), ('most__gte', models.F('least')), ('most__isnull', False), ('most__lte', 10000000), ('price__isnull', True)), _connector='OR'), name='item_price_or_bounds'), models.CheckConstraint(condition=models.Q(('stock__isnull', True), ('taken__lte', models.F('stock')), _connector='OR'), name='item_never_oversold'), models.CheckConstraint(condition=models.Q(('each_person__isnull', True), ('each_person__gte', 1), _connector='OR'), name='item_limit_positive'), models.CheckConstraint(condition=models.Q(('opens_at__isnull', True), ('ends_at__isnull', True), ('ends_at__gt', models.F('opens_at')), _connector='OR'), name='item_ends_after_it_opens', violation_error_message='The sale must end after it begins.')],
            },
        ),
        migrations.CreateModel(
            name='ItemField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('name', 'Full name'), ('phone', 'Telephone'), ('address', 'Postal address'), ('choice', 'Choice'), ('text', 'Text')], default='text', max_length=8, verbose_name='kind')),
                ('label', models.CharField(max_length=40, verbose_name='question')),
                ('choices', models.TextField(blank=True, help_text='For a choice: one a line.', max_length=1000, verbose_name='choices')),
                ('required', models.BooleanField(default=True, verbose_name='required')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='shop.item', verbose_name='payment item')),
            ],
            options={
                'verbose_name': 'field to fill in',
                'verbose_name_plural': 'fields to fill in',
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'choice'), _negated=True), models.Q(('choices', ''), _negated=True), _connector='OR'), name='item_field_choice_has_choices', violation_error_message='Write the choices, one a line.')],
            },
        ),
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('answers', models.JSONField(default=list, verbose_name='what was filled in')),
                ('held', models.BooleanField(default=True, editable=False)),
                ('fulfilment', models.CharField(choices=[('open', 'To be delivered'), ('done', 'Delivered')], db_default='open', default='open', max_length=8, verbose_name='delivery')),
                ('fulfilled_at', models.DateTimeField(blank=True, null=True, verbose_name='delivered')),
                ('fulfilment_note', models.CharField(blank=True, db_default='', help_text='Such as the carrier and the number of the parcel.', max_length=120, verbose_name='how it was delivered')),
                ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='channels.channel', verbose_name='came by the channel')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sales', to='shop.item', verbose_name='payment item')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='sale', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'sale',
                'verbose_name_plural': 'sales',
                'indexes': [models.Index(fields=['item', 'openid'], name='sale_of_person'), django.contrib.postgres.indexes.GinIndex(fields=['answers'], name='sale_by_answer', opclasses=['jsonb_path_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('fulfilled_at__isnull', True), ('fulfilment', 'open')), models.Q(('fulfilled_at__isnull', False), ('fulfilment', 'done')), _connector='OR'), name='sale_delivered_at_a_time')],
            },
        ),
        migrations.RunSQL(COUNT_SALE, DROP_COUNT_SALE),
        migrations.RunSQL(WATCH, DROP_WATCH),
    ]
