import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


# An order may move by a notification, a query, a closing or a bill: the database keeps the item's figures
# along with it, in the same transaction. Money that arrives after closing takes a piece again if one is left.
COUNT = """
CREATE FUNCTION payments_count_sale() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sale payments_sale%ROWTYPE;
    now_paid integer := (NEW.paid_at IS NOT NULL)::integer - (OLD.paid_at IS NOT NULL)::integer;
BEGIN
    SELECT * INTO sale FROM payments_sale WHERE order_id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF now_paid <> 0 OR NEW.refunded <> OLD.refunded THEN
        UPDATE payments_item SET
            sold = sold + now_paid,
            paid = paid + now_paid * NEW.total,
            refunded = refunded + NEW.refunded - OLD.refunded
        WHERE id = sale.item_id;
    END IF;
    IF sale.held AND NEW.state IN ('closed', 'failed') THEN
        UPDATE payments_item SET taken = taken - 1 WHERE id = sale.item_id;
        UPDATE payments_sale SET held = false WHERE id = sale.id;
    ELSIF NOT sale.held AND now_paid = 1 THEN
        UPDATE payments_item SET taken = taken + 1
        WHERE id = sale.item_id AND (stock IS NULL OR taken < stock);
        IF FOUND THEN
            UPDATE payments_sale SET held = true WHERE id = sale.id;
        END IF;
    END IF;
    RETURN NULL;
END $$
"""
WATCH = """
CREATE TRIGGER count_sale AFTER UPDATE OF state, refunded ON payments_order FOR EACH ROW
WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.refunded IS DISTINCT FROM NEW.refunded)
EXECUTE FUNCTION payments_count_sale()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_followers'),
        ('channels', '0002_count_edits'),
        ('materials', '0001_initial'),
        ('payments', '0003_longer_keys_and_searches'),
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
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='accounts.officialaccount', verbose_name='account')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='payments.merchant', verbose_name='merchant')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='materials.asset', verbose_name='picture')),
            ],
            options={
                'verbose_name': 'payment item',
                'verbose_name_plural': 'payment items',
            },
        ),
        migrations.CreateModel(
            name='ItemField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('name', 'Name'), ('phone', 'Telephone'), ('address', 'Postal address'), ('choice', 'Choice'), ('text', 'Text')], default='text', max_length=8, verbose_name='kind')),
                ('label', models.CharField(max_length=40, verbose_name='question')),
                ('choices', models.TextField(blank=True, help_text='For a choice: one a line.', max_length=1000, verbose_name='choices')),
                ('required', models.BooleanField(default=True, verbose_name='required')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='payments.item', verbose_name='payment item')),
            ],
            options={
                'verbose_name': 'field to fill in',
                'verbose_name_plural': 'fields to fill in',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('openid', models.CharField(max_length=64, verbose_name='OpenID')),
                ('answers', models.JSONField(default=list, verbose_name='filled in')),
                ('held', models.BooleanField(default=True, editable=False)),
                ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='channels.channel', verbose_name='came by the channel')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sales', to='payments.item', verbose_name='payment item')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='sale', to='payments.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'sale',
                'verbose_name_plural': 'sales',
            },
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(fields=['account', '-id'], name='item_newest'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('least__isnull', True), ('most__isnull', True), ('price__gte', 1), ('price__isnull', False)), models.Q(('least__gte', 1), ('least__isnull', False), ('most__gte', models.F('least')), ('most__isnull', False), ('most__lte', 10000000), ('price__isnull', True)), _connector='OR'), name='item_price_or_bounds'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('stock__isnull', True), ('taken__lte', models.F('stock')), _connector='OR'), name='item_never_oversold'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('each_person__isnull', True), ('each_person__gte', 1), _connector='OR'), name='item_limit_positive'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('opens_at__isnull', True), ('ends_at__isnull', True), ('ends_at__gt', models.F('opens_at')), _connector='OR'), name='item_ends_after_it_opens', violation_error_message='The sale must end after it begins.'),
        ),
        migrations.AddConstraint(
            model_name='itemfield',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'choice'), _negated=True), models.Q(('choices', ''), _negated=True), _connector='OR'), name='item_field_choice_has_choices', violation_error_message='Write the choices, one a line.'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['item', 'openid'], name='sale_of_person'),
        ),
        migrations.RunSQL(COUNT, "DROP FUNCTION payments_count_sale()"),
        migrations.RunSQL(WATCH, "DROP TRIGGER count_sale ON payments_order"),
    ]
