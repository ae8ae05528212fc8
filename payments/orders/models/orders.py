from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders.states import OPEN, PAID, OrderState
from wechat.kernel.work import WorkRow


class Order(WorkRow):
    """A sale under one ``out_trade_no``. All amounts are whole fen.

    ``reserved`` is the sum of refunds that were requested and not given up, ``refunded`` the sum paid back.
    ``due_at`` is when WeChat Pay is asked about it; null once its state can no longer change by itself.
    """

    class Way(models.TextChoices):
        JSAPI = "jsapi", _("In WeChat")
        NATIVE = "native", _("QR code payment")
        H5 = "h5", _("Other browser")

    # The indexes below serve both foreign keys; each index more would make every payment slower.
    account = models.ForeignKey(
        OfficialAccount, models.PROTECT, related_name="orders", verbose_name=_("account"), db_index=False
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="orders", verbose_name=_("merchant"), db_index=False
    )
    out_trade_no = models.CharField(_("order number"), max_length=32)
    # Who had it made, as ``api:3``, and the name it has there: the same name is the same order.
    source = models.CharField(_("made by"), max_length=40)
    key = models.CharField(_("idempotency key"), max_length=160)
    # Orders of one purchase: only one of them can be kept paid.
    purchase = models.CharField(_("purchase"), max_length=64, blank=True)
    way = models.CharField(_("way"), max_length=8, choices=Way.choices)
    # The merchant's when it was made: WeChat Pay knows the order by it.
    protocol = models.CharField(
        max_length=8,
        choices=Merchant.Protocol.choices,
        default=Merchant.Protocol.V3,
        db_default="v3",
        editable=False,
    )
    openid = models.CharField(_("OpenID"), max_length=64, blank=True)
    client_ip = models.GenericIPAddressField(_("payer's address"), null=True, blank=True)
    description = models.CharField(_("description"), max_length=127)
    attach = models.CharField(_("attachment"), max_length=128, blank=True)
    item = models.CharField(_("item"), max_length=64, blank=True)
    goods = models.JSONField(_("goods"), default=list, blank=True)
    total = models.BigIntegerField(_("amount"), validators=[MinValueValidator(1)])
    expires_at = models.DateTimeField(_("payable until"))

    state = models.CharField(
        _("state"), max_length=12, choices=OrderState.choices, default=OrderState.CREATED
    )
    prepay = models.CharField(max_length=512, blank=True, editable=False)
    prepay_until = models.DateTimeField(null=True, blank=True, editable=False)
    transaction_id = models.CharField(_("WeChat Pay number"), max_length=32, null=True, blank=True)  # noqa: DJ001 - unique where it is set
    trade_type = models.CharField(_("paid as"), max_length=16, blank=True)
    bank_type = models.CharField(_("bank"), max_length=32, blank=True)
    payer_openid = models.CharField(_("payer"), max_length=128, blank=True)
    payer_total = models.BigIntegerField(_("paid by the payer"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    reserved = models.BigIntegerField(_("asked back"), default=0)
    refunded = models.BigIntegerField(_("refunded"), default=0)
    calls = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("payment orders")
        constraints = [
            # Numbers first: staff look for one without naming the merchant.
            models.UniqueConstraint(fields=["out_trade_no", "merchant"], name="order_number_once"),
            models.UniqueConstraint(fields=["account", "source", "key"], name="order_key_once"),
            models.UniqueConstraint(fields=["transaction_id", "merchant"], name="order_transaction_once"),
            models.CheckConstraint(condition=Q(total__gt=0), name="order_total_positive"),
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(PAID), transaction_id__isnull=False, paid_at__isnull=False)
                | (~Q(state__in=sorted(PAID)) & Q(transaction_id__isnull=True, paid_at__isnull=True)),
                name="order_paid_with_proof",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("reserved"), reserved__lte=F("total")),
                name="order_refunds_within_total",
            ),
            models.CheckConstraint(
                condition=Q(reserved=0) | Q(state__in=sorted(PAID)), name="order_refunds_only_of_paid"
            ),
            models.CheckConstraint(
                condition=Q(state=OrderState.REFUNDED, refunded=F("total"))
                | Q(state=OrderState.PARTLY_REFUNDED, refunded__gt=0, refunded__lt=F("total"))
                | (~Q(state__in=[OrderState.REFUNDED, OrderState.PARTLY_REFUNDED]) & Q(refunded=0)),
                name="order_state_tells_refunds",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OPEN), due_at__isnull=False)
                | (~Q(state__in=sorted(OPEN)) & Q(due_at__isnull=True)),
                name="order_due_while_open",
            ),
            models.CheckConstraint(
                condition=~Q(way="jsapi") | ~Q(openid=""), name="order_in_wechat_has_openid"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="order_newest"),
            models.Index(fields=["account", "state", "-id"], name="order_by_state"),
            models.Index(fields=["account", "openid", "-id"], name="order_by_openid"),
            models.Index(fields=["account", "item", "-id"], name="order_by_item", condition=~Q(item="")),
            *WorkRow.Meta.indexes,
            models.Index(
                fields=["account", "payer_openid", "-id"],
                name="order_by_payer",
                condition=~Q(payer_openid=""),
            ),
            models.Index(fields=["purchase"], name="order_purchase", condition=~Q(purchase="")),
            # Revenue and reconciliation read nothing but this index.
            models.Index(
                fields=["account", "paid_at"],
                include=["total", "refunded", "way", "item", "source"],
                name="order_paid_day",
                condition=Q(paid_at__isnull=False),
            ),
            models.Index(
                fields=["merchant", "paid_at"],
                include=["id", "total"],
                name="order_merchant_day",
                condition=Q(paid_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.out_trade_no

    @classmethod
    def locked(cls, pk: int) -> "Order":
        """Returns an order with its account and merchant, locked until the transaction ends."""
        return cls.objects.select_for_update(of=("self",)).select_related("account", "merchant").get(pk=pk)

    @property
    def impersonal_name(self) -> str:
        """Returns the name of the order in the audit log: its number, which does not identify the payer."""
        return self.out_trade_no

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_paid(self) -> bool:
        return self.state in PAID

    @property
    def refundable(self) -> int:
        """Returns how many fen may still be refunded."""
        return self.total - self.reserved if self.is_paid else 0


class Step(models.Model):
    """A line of an order's history; never changed.

    ``text`` and ``outcome`` are kept untranslated, for readers of every language.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("Order made")
        CALLED = "called", _("Placed with WeChat Pay")
        QUERIED = "queried", _("Asked WeChat Pay")
        CLOSED = "closed", _("Closed with WeChat Pay")
        MOVED = "moved", _("State changed")
        REFUND = "refund", _("Refund")
        DISCREPANCY = "discrepancy", _("Discrepancy")
        SHIPPED = "shipped", _("Shipped")

    order = models.ForeignKey(
        Order, models.CASCADE, related_name="steps", verbose_name=_("order"), db_index=False
    )
    kind = models.CharField(_("what happened"), max_length=16, choices=Kind.choices)
    at = models.DateTimeField(_("when"), auto_now_add=True)
    by = models.CharField(_("by"), max_length=150, blank=True)
    text = models.CharField(_("details"), max_length=300, blank=True)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("history line")
        verbose_name_plural = _("history lines")
        constraints = [
            # The history shows the state in the reader's language.
            models.CheckConstraint(
                condition=~Q(kind="moved") | Q(text__in=OrderState.values), name="step_moved_to_known_state"
            ),
        ]
        indexes = [models.Index(fields=["order", "id"], name="step_of_order")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}"
