from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0012_webhooks_to_the_outbox'),
    ]

    operations = [
        migrations.RenameField("refund", "attempts", "calls"),
        migrations.RenameField("refund", "problem", "error"),
        migrations.RenameField("event", "problem", "error"),
        migrations.RenameField("notice", "problem", "error"),
        migrations.RenameField("bill", "problem", "error"),
        migrations.RenameIndex(
            model_name='bill',
            new_name='payments_bill_due',
            old_name='bill_due',
        ),
        migrations.RenameIndex(
            model_name='event',
            new_name='payments_event_due',
            old_name='event_due',
        ),
        migrations.RenameIndex(
            model_name='merchant',
            new_name='payments_merchant_due',
            old_name='merchant_due',
        ),
        migrations.RenameIndex(
            model_name='notice',
            new_name='payments_notice_due',
            old_name='notice_due',
        ),
        migrations.RenameIndex(
            model_name='order',
            new_name='payments_order_due',
            old_name='order_due',
        ),
        migrations.RenameIndex(
            model_name='refund',
            new_name='payments_refund_due',
            old_name='refund_due',
        ),
        migrations.AddField(
            model_name='bill',
            name='errcode',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code'),
        ),
        migrations.AddField(
            model_name='event',
            name='errcode',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='errcode',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code'),
        ),
        migrations.AddField(
            model_name='merchant',
            name='error',
            field=models.TextField(blank=True, editable=False, verbose_name='error'),
        ),
        migrations.AddField(
            model_name='notice',
            name='errcode',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code'),
        ),
        migrations.AddField(
            model_name='order',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts'),
        ),
        migrations.AddField(
            model_name='order',
            name='errcode',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code'),
        ),
        migrations.AddField(
            model_name='order',
            name='error',
            field=models.TextField(blank=True, editable=False, verbose_name='error'),
        ),
        migrations.AddField(
            model_name='refund',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts'),
        ),
        migrations.AddField(
            model_name='refund',
            name='errcode',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code'),
        ),
        migrations.AlterField(
            model_name='bill',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='bill',
            name='due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='bill',
            name='error',
            field=models.TextField(blank=True, editable=False, verbose_name='error'),
        ),
        migrations.AlterField(
            model_name='event',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='event',
            name='due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='event',
            name='error',
            field=models.TextField(blank=True, editable=False, verbose_name='error'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='error',
            field=models.TextField(blank=True, editable=False, verbose_name='error'),
        ),
        migrations.AlterField(
            model_name='order',
            name='due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='calls',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='calls'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='error',
            field=models.TextField(blank=True, editable=False, verbose_name='error'),
        ),
    ]
