import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0001_initial'),
        ('official', '0001_initial'),
        ('orders', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Bill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('kind', models.CharField(choices=[('trade', 'Trade bill'), ('funds', 'Fund flow bill')], max_length=8, verbose_name='kind')),
                ('day', models.DateField(verbose_name='day')),
                ('state', models.CharField(choices=[('waiting', 'Not there yet'), ('empty', 'No trade that day'), ('matched', 'Compared'), ('failed', 'Could not be fetched')], default='waiting', max_length=8, verbose_name='state')),
                ('sha1', models.CharField(blank=True, max_length=40, verbose_name='SHA-1')),
                ('file', models.FileField(blank=True, upload_to='bills/%Y/%m', verbose_name='file')),
                ('lines', models.PositiveIntegerField(default=0, verbose_name='lines')),
                ('income', models.BigIntegerField(default=0, verbose_name='income')),
                ('spent', models.BigIntegerField(default=0, verbose_name='refunds and spending')),
                ('fees', models.BigIntegerField(default=0, verbose_name='fees')),
                ('summary', models.JSONField(default=dict, verbose_name='totals')),
                ('fetched_at', models.DateTimeField(blank=True, null=True, verbose_name='fetched')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bills', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'bill',
                'verbose_name_plural': 'bills',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='bills_bill_due')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'kind', 'day'), name='bill_once'), models.CheckConstraint(condition=models.Q(('due_at__isnull', True), ('state', 'waiting'), _connector='OR'), name='bill_due_while_waiting')],
            },
        ),
        migrations.CreateModel(
            name='BillLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='line')),
                ('kind', models.CharField(choices=[('payment', 'Payment'), ('refund', 'Refund'), ('other', 'Other')], max_length=8, verbose_name='kind')),
                ('at', models.DateTimeField(verbose_name='time')),
                ('transaction_id', models.CharField(max_length=32, verbose_name='WeChat Pay number')),
                ('out_trade_no', models.CharField(max_length=32, verbose_name='order number')),
                ('platform_refund_id', models.CharField(blank=True, max_length=32, verbose_name='WeChat Pay refund number')),
                ('out_refund_no', models.CharField(blank=True, max_length=64, verbose_name='refund number')),
                ('state', models.CharField(max_length=16, verbose_name='state')),
                ('amount', models.BigIntegerField(verbose_name='amount')),
                ('settled', models.BigIntegerField(default=0, editable=False)),
                ('fee', models.BigIntegerField(verbose_name='fee')),
                ('bill', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='bills.bill', verbose_name='bill')),
                ('order', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.order', verbose_name='order')),
                ('refund', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.refund', verbose_name='refund')),
            ],
            options={
                'verbose_name': 'bill line',
                'verbose_name_plural': 'bill lines',
                'indexes': [models.Index(condition=models.Q(('order__isnull', False)), fields=['order'], name='bill_line_order'), models.Index(condition=models.Q(('refund__isnull', False)), fields=['refund'], name='bill_line_refund')],
                'constraints': [models.UniqueConstraint(fields=('bill', 'number'), name='bill_line_once')],
            },
        ),
        migrations.CreateModel(
            name='Discrepancy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('amount', 'Another amount was paid'), ('currency', 'Another currency was paid'), ('appid', 'Paid under another AppID'), ('merchant', 'Paid to another merchant number'), ('payer', 'Somebody else paid'), ('unknown_order', 'Payment of an order that is not ours'), ('second_payment', 'Paid twice'), ('late_payment', 'Paid although closed here'), ('refund_amount', 'Another amount was refunded'), ('refund_numbers', 'Refund reported with other numbers'), ('unknown_refund', 'Refund that was not made here'), ('refund_backwards', 'Refund reported with an impossible state'), ('refund_failed', 'Refund that WeChat Pay did not make'), ('unreadable', 'Notification that makes no sense'), ('undecryptable', 'Notifications do not decrypt: enter the APIv3 key again'), ('foreign', 'Payments of another system in the bill'), ('not_paid_here', 'Paid in the bill, not here'), ('not_in_bill', 'Paid here, not in the bill'), ('refund_not_in_bill', 'Refunded here, not in the bill'), ('bill_amount', 'Another amount in the bill'), ('bill_refund', 'Another refund amount in the bill'), ('bill_state', 'Another state in the bill'), ('fund_unknown', 'Money moved for a number that is not known here'), ('fund_amount', 'Another amount moved than the trade bill says'), ('fund_missing', 'Paid here, no money moved'), ('bill_summary', "The bill's summary is not the sum of its lines")], max_length=20, verbose_name='kind')),
                ('subject', models.CharField(max_length=120, verbose_name='subject of it')),
                ('here', models.CharField(blank=True, max_length=200, verbose_name='here')),
                ('there', models.CharField(blank=True, max_length=200, verbose_name='with WeChat Pay')),
                ('state', models.CharField(choices=[('open', 'To be settled'), ('closed', 'Closed')], default='open', max_length=8, verbose_name='state')),
                ('resolution', models.CharField(blank=True, choices=[('accept', 'Book the payment as WeChat Pay has it'), ('refund', 'Book the payment and give all of it back'), ('adopt', 'Book the refund that was made in the merchant platform')], db_default='', max_length=8, verbose_name='to be booked')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='closing note')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='noticed')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='official.officialaccount', verbose_name='account')),
                ('bill', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='discrepancies', to='bills.bill', verbose_name='bill')),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='closed by')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='discrepancies', to='merchants.merchant', verbose_name='merchant')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='discrepancies', to='orders.order', verbose_name='order')),
                ('proposed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='proposed by')),
                ('refund', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.refund', verbose_name='refund')),
            ],
            options={
                'verbose_name': 'discrepancy',
                'verbose_name_plural': 'discrepancies',
                'indexes': [models.Index(fields=['merchant', 'state', '-id'], name='discrepancy_by_state')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'kind', 'subject'), name='discrepancy_once'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'open')), models.Q(('closed_at__isnull', False), ('state', 'closed'), models.Q(('note', ''), _negated=True)), _connector='OR'), name='discrepancy_closed_with_note'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by__isnull', True), ('resolution', '')), models.Q(models.Q(('resolution', ''), _negated=True), ('proposed_by__isnull', False), models.Q(('note', ''), _negated=True)), _connector='OR'), name='discrepancy_proposal_has_proposer'), models.CheckConstraint(condition=models.Q(('closed_by', models.F('proposed_by')), _negated=True), name='discrepancy_agreed_by_a_second_person')],
            },
        ),
        migrations.CreateModel(
            name='FundLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='line')),
                ('at', models.DateTimeField(verbose_name='time')),
                ('business_no', models.CharField(max_length=64, verbose_name='WeChat Pay number')),
                ('flow_no', models.CharField(max_length=64, verbose_name='movement number')),
                ('business', models.CharField(max_length=64, verbose_name='business')),
                ('amount', models.BigIntegerField(help_text='Negative for spending.', verbose_name='amount')),
                ('balance', models.BigIntegerField(verbose_name='balance')),
                ('remark', models.CharField(blank=True, max_length=300, verbose_name='remark')),
                ('voucher', models.CharField(blank=True, max_length=128, verbose_name='our number')),
                ('bill', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='movements', to='bills.bill', verbose_name='bill')),
                ('order', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.order', verbose_name='order')),
                ('refund', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.refund', verbose_name='refund')),
            ],
            options={
                'verbose_name': 'fund movement',
                'verbose_name_plural': 'fund movements',
                'indexes': [models.Index(condition=models.Q(('order__isnull', False)), fields=['order'], name='fund_line_order'), models.Index(condition=models.Q(('refund__isnull', False)), fields=['refund'], name='fund_line_refund')],
                'constraints': [models.UniqueConstraint(fields=('bill', 'number'), name='fund_line_once')],
            },
        ),
    ]
