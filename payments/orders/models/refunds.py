from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from payments.orders.models.orders import Order
from payments.orders.states import SETTLED, RefundState
from wechat.kernel.work import WorkRow, finished_is_not_due


class Refund(WorkRow):
    """A refund of an order, in part or in full, under one fixed ``out_refund_no``; ``amount`` in fen.

    ``calls`` counts the steps with WeChat Pay: from the second one on, its state there is queried first.
    """

    account = models.ForeignKey(
        OfficialAccount, models.PROTECT, related_name="refunds", verbose_name=_("account"), db_index=False
    )
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds", verbose_name=_("order"))
    out_refund_no = models.CharField(_("refund number"), max_length=64, unique=True)
    source = models.CharField(_("made by"), max_length=40)
    key = models.CharField(_("idempotency key"), max_length=160)
    amount = models.BigIntegerField(_("amount"), validators=[MinValueValidator(1)])
    reason = models.CharField(
        _("reason"), max_length=80, blank=True, help_text=_("WeChat shows it to the payer.")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    state = models.CharField(
        _("state"), max_length=12, choices=RefundState.choices, default=RefundState.PENDING
    )
    refund_id = models.CharField(_("WeChat Pay number"), max_length=32, null=True, blank=True, unique=True)
    payer_refund = models.BigIntegerField(_("paid back to the payer"), null=True, blank=True)
    received_account = models.CharField(_("paid back to"), max_length=128, blank=True)
    succeeded_at = models.DateTimeField(_("refunded"), null=True, blank=True)
    calls = models.PositiveIntegerField(_("calls"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["account", "source", "key"], name="refund_key_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(condition=Q(state__in=RefundState.values), name="refund_state_known"),
            models.CheckConstraint(
                condition=~Q(decided_by=F("asked_by")), name="refund_decided_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(state=RefundState.SUCCESS, refund_id__isnull=False, succeeded_at__isnull=False)
                | (~Q(state=RefundState.SUCCESS) & Q(succeeded_at__isnull=True)),
                name="refund_success_with_proof",
            ),
            finished_is_not_due("refund_due_while_open", *sorted(SETTLED | {RefundState.WAITING})),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="refund_newest"),
            models.Index(fields=["account", "state", "-id"], name="refund_by_state"),
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "created_at"], name="refund_day"),
            models.Index(
                fields=["account", "succeeded_at"],
                name="refund_done_day",
                condition=Q(succeeded_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.out_refund_no
