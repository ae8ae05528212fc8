import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from payments.orders.migrations._forward_only import CHECK_MOVE, DROP_CHECK_MOVE, ORDER_MOVES, REFUND_MOVES, forward_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0001_initial'),
        ('official', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('out_trade_no', models.CharField(max_length=32, verbose_name='order number')),
                ('source', models.CharField(max_length=40, verbose_name='made by')),
                ('key', models.CharField(max_length=160, verbose_name='idempotency key')),
                ('purchase', models.CharField(blank=True, max_length=64, verbose_name='purchase')),
                ('way', models.CharField(choices=[('jsapi', 'In WeChat'), ('native', 'QR code payment'), ('h5', 'Other browser')], max_length=8, verbose_name='way')),
                ('protocol', models.CharField(choices=[('v3', 'API v3'), ('v2-md5', 'API v2, signed with MD5'), ('v2-hmac', 'API v2, signed with HMAC-SHA256')], db_default='v3', default='v3', editable=False, max_length=8)),
                ('openid', models.CharField(blank=True, max_length=64, verbose_name='OpenID')),
                ('client_ip', models.GenericIPAddressField(blank=True, null=True, verbose_name="payer's address")),
                ('description', models.CharField(max_length=127, verbose_name='description')),
                ('attach', models.CharField(blank=True, max_length=128, verbose_name='attachment')),
                ('item', models.CharField(blank=True, max_length=64, verbose_name='item')),
                ('goods', models.JSONField(blank=True, default=list, verbose_name='goods')),
                ('total', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='amount')),
                ('expires_at', models.DateTimeField(verbose_name='payable until')),
                ('state', models.CharField(choices=[('created', 'Being placed'), ('paying', 'Waiting for payment'), ('closing', 'Being closed'), ('closed', 'Closed'), ('failed', 'Refused by WeChat Pay'), ('paid', 'Paid'), ('partly', 'Partly refunded'), ('refunded', 'Refunded')], default='created', max_length=12, verbose_name='state')),
                ('prepay', models.CharField(blank=True, editable=False, max_length=512)),
                ('prepay_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('transaction_id', models.CharField(blank=True, max_length=32, null=True, verbose_name='WeChat Pay number')),
                ('trade_type', models.CharField(blank=True, max_length=16, verbose_name='paid as')),
                ('bank_type', models.CharField(blank=True, max_length=32, verbose_name='bank')),
                ('payer_openid', models.CharField(blank=True, max_length=128, verbose_name='payer')),
                ('payer_total', models.BigIntegerField(blank=True, null=True, verbose_name='paid by the payer')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid')),
                ('reserved', models.BigIntegerField(default=0, verbose_name='asked back')),
                ('refunded', models.BigIntegerField(default=0, verbose_name='refunded')),
                ('calls', models.PositiveIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='official.officialaccount', verbose_name='account')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'payment orders',
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('out_refund_no', models.CharField(max_length=64, unique=True, verbose_name='refund number')),
                ('source', models.CharField(max_length=40, verbose_name='made by')),
                ('key', models.CharField(max_length=160, verbose_name='idempotency key')),
                ('amount', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='amount')),
                ('reason', models.CharField(blank=True, help_text='WeChat shows it to the payer.', max_length=80, verbose_name='reason')),
                ('state', models.CharField(choices=[('waiting', 'Waiting for a second person'), ('pending', 'Being asked for'), ('processing', 'Under way'), ('abnormal', 'Cannot be paid out'), ('success', 'Refunded'), ('closed', 'Closed by WeChat Pay'), ('refused', 'Refused by WeChat Pay'), ('rejected', 'Rejected')], default='pending', max_length=12, verbose_name='state')),
                ('refund_id', models.CharField(blank=True, max_length=32, null=True, unique=True, verbose_name='WeChat Pay number')),
                ('payer_refund', models.BigIntegerField(blank=True, null=True, verbose_name='paid back to the payer')),
                ('received_account', models.CharField(blank=True, max_length=128, verbose_name='paid back to')),
                ('succeeded_at', models.DateTimeField(blank=True, null=True, verbose_name='refunded')),
                ('calls', models.PositiveIntegerField(default=0, editable=False, verbose_name='calls')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='official.officialaccount', verbose_name='account')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
            },
        ),
        migrations.CreateModel(
            name='OrderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('topic', models.CharField(choices=[('order.paid', 'Order paid'), ('order.closed', 'Order closed'), ('refund.succeeded', 'Refund paid out'), ('refund.failed', 'Refund failed')], max_length=24, verbose_name='topic')),
                ('handled_by', models.JSONField(default=list, verbose_name='told')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='orders.order', verbose_name='order')),
                ('refund', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='orders.refund', verbose_name='refund')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
            },
        ),
        migrations.CreateModel(
            name='RevenueDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('day', models.DateField(verbose_name='day')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'day of revenue',
                'verbose_name_plural': 'days of revenue',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RevenueSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('facet', models.CharField(blank=True, choices=[('', 'all'), ('item', 'item'), ('way', 'way'), ('source', 'made by'), ('merchant', 'merchant'), ('channel', 'channel')], max_length=10)),
                ('value', models.CharField(blank=True, max_length=64)),
                ('count', models.PositiveIntegerField(verbose_name='orders')),
                ('total', models.BigIntegerField(verbose_name='amount')),
                ('refunded', models.BigIntegerField(verbose_name='refunded')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'sum of a day',
                'verbose_name_plural': 'sums of days',
            },
        ),
        migrations.CreateModel(
            name='Shipment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('how', models.PositiveSmallIntegerField(choices=[(1, 'parcel'), (2, 'delivery in town'), (3, 'nothing to carry, such as a voucher'), (4, 'picked up by the payer')], verbose_name='way of delivery')),
                ('more_to_come', models.BooleanField(default=False, verbose_name='more parcels follow')),
                ('state', models.CharField(choices=[('waiting', 'being told to WeChat'), ('uploaded', 'WeChat knows it'), ('failed', 'WeChat refused it')], default='waiting', max_length=8, verbose_name='state')),
                ('shipped_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='shipped')),
                ('uploaded_at', models.DateTimeField(blank=True, null=True, verbose_name='told to WeChat')),
                ('corrected', models.BooleanField(default=False)),
                ('due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='shipment', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'shipment',
                'verbose_name_plural': 'shipments',
                'abstract': False,
            },
        ),
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
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('created', 'Order made'), ('called', 'Placed with WeChat Pay'), ('queried', 'Asked WeChat Pay'), ('closed', 'Closed with WeChat Pay'), ('moved', 'State changed'), ('refund', 'Refund'), ('discrepancy', 'Discrepancy'), ('shipped', 'Shipped')], max_length=16, verbose_name='what happened')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='when')),
                ('by', models.CharField(blank=True, max_length=150, verbose_name='by')),
                ('text', models.CharField(blank=True, max_length=300, verbose_name='details')),
                ('outcome', models.CharField(blank=True, max_length=300, verbose_name='outcome')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'history line',
                'verbose_name_plural': 'history lines',
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['account', '-id'], name='order_newest'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['account', 'state', '-id'], name='order_by_state'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['account', 'openid', '-id'], name='order_by_openid'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('item', ''), _negated=True), fields=['account', 'item', '-id'], name='order_by_item'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='orders_order_due'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('payer_openid', ''), _negated=True), fields=['account', 'payer_openid', '-id'], name='order_by_payer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('purchase', ''), _negated=True), fields=['purchase'], name='order_purchase'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('paid_at__isnull', False)), fields=['account', 'paid_at'], include=('total', 'refunded', 'way', 'item', 'source'), name='order_paid_day'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('paid_at__isnull', False)), fields=['merchant', 'paid_at'], include=('id', 'total'), name='order_merchant_day'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('out_trade_no', 'merchant'), name='order_number_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('account', 'source', 'key'), name='order_key_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('transaction_id', 'merchant'), name='order_transaction_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total__gt', 0)), name='order_total_positive'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['created', 'paying', 'closing', 'closed', 'failed', 'paid', 'partly', 'refunded'])), name='order_state_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('state__in', ['paid', 'partly', 'refunded']), ('transaction_id__isnull', False)), models.Q(models.Q(('state__in', ['paid', 'partly', 'refunded']), _negated=True), ('paid_at__isnull', True), ('transaction_id__isnull', True)), _connector='OR'), name='order_paid_with_proof'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('refunded__gte', 0), ('refunded__lte', models.F('reserved')), ('reserved__lte', models.F('total'))), name='order_refunds_within_total'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('reserved', 0), ('state__in', ['paid', 'partly', 'refunded']), _connector='OR'), name='order_refunds_only_of_paid'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('refunded', models.F('total')), ('state', 'refunded')), models.Q(('refunded__gt', 0), ('refunded__lt', models.F('total')), ('state', 'partly')), models.Q(models.Q(('state__in', ['refunded', 'partly']), _negated=True), ('refunded', 0)), _connector='OR'), name='order_state_tells_refunds'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state__in', ['closing', 'created', 'paying'])), models.Q(models.Q(('state__in', ['closing', 'created', 'paying']), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='order_due_while_open'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('way', 'jsapi'), _negated=True), models.Q(('openid', ''), _negated=True), _connector='OR'), name='order_in_wechat_has_openid'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['account', '-id'], name='refund_newest'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['account', 'state', '-id'], name='refund_by_state'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='orders_refund_due'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['account', 'created_at'], name='refund_day'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('succeeded_at__isnull', False)), fields=['account', 'succeeded_at'], name='refund_done_day'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(fields=('account', 'source', 'key'), name='refund_key_once'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'pending', 'processing', 'abnormal', 'success', 'closed', 'refused', 'rejected'])), name='refund_state_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', models.F('asked_by')), _negated=True), name='refund_decided_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('refund_id__isnull', False), ('state', 'success'), ('succeeded_at__isnull', False)), models.Q(models.Q(('state', 'success'), _negated=True), ('succeeded_at__isnull', True)), _connector='OR'), name='refund_success_with_proof'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__isnull', True), models.Q(('state__in', ['closed', 'refused', 'rejected', 'success', 'waiting']), _negated=True), _connector='OR'), name='refund_due_while_open'),
        ),
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='orders_orderevent_due'),
        ),
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('due_at__isnull', True), models.Q(('error', ''), _negated=True)), fields=['order'], name='order_event_given_up'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.UniqueConstraint(condition=models.Q(('refund__isnull', True)), fields=('order', 'topic'), name='order_event_once'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.UniqueConstraint(condition=models.Q(('refund__isnull', False)), fields=('refund', 'topic'), name='refund_event_once'),
        ),
        migrations.AddIndex(
            model_name='revenueday',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='orders_revenueday_due'),
        ),
        migrations.AddConstraint(
            model_name='revenueday',
            constraint=models.UniqueConstraint(fields=('account', 'day'), name='revenue_day_once'),
        ),
        migrations.AddConstraint(
            model_name='revenuesum',
            constraint=models.UniqueConstraint(fields=('account', 'facet', 'day', 'value'), include=('count', 'total', 'refunded'), name='revenue_sum_once'),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='orders_shipment_due'),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['order'], name='shipment_refused'),
        ),
        migrations.AddConstraint(
            model_name='shipment',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__isnull', True), models.Q(('state__in', ['uploaded', 'failed']), _negated=True), _connector='OR'), name='shipment_not_due_once_ended'),
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
        migrations.AddIndex(
            model_name='step',
            index=models.Index(fields=['order', 'id'], name='step_of_order'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'moved'), _negated=True), ('text__in', ['created', 'paying', 'closing', 'closed', 'failed', 'paid', 'partly', 'refunded']), _connector='OR'), name='step_moved_to_known_state'),
        ),
        migrations.RunSQL(CHECK_MOVE, DROP_CHECK_MOVE),
        forward_only("orders_order", ORDER_MOVES),
        forward_only("orders_refund", REFUND_MOVES),
    ]
