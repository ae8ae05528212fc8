from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from payments.bills.models.bills import Bill
from payments.merchants.models import Merchant
from payments.orders.mismatches import MismatchKind
from payments.orders.models.orders import Order
from payments.orders.models.refunds import Refund
from wechat.console.phrases import labelled


class Discrepancy(models.Model):
    """A point in which WeChat Pay and our books differ; a person checks it and closes it with a note.

    ``account`` is empty for an order number that no account of ours used. Amounts in fen.
    """

    class State(models.TextChoices):
        OPEN = "open", _("To be settled")
        CLOSED = "closed", _("Closed")

    class Resolution(models.TextChoices):
        ACCEPT = "accept", _("Book the payment as WeChat Pay has it")
        REFUND = "refund", _("Book the payment and give all of it back")
        ADOPT = "adopt", _("Book the refund that was made in the merchant platform")

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="discrepancies", verbose_name=_("merchant")
    )
    account = models.ForeignKey(
        OfficialAccount, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=MismatchKind.choices)
    # What makes it the same one when it is noticed again.
    subject = models.CharField(_("subject of it"), max_length=120)
    order = models.ForeignKey(
        Order, models.SET_NULL, null=True, blank=True, related_name="discrepancies", verbose_name=_("order")
    )
    refund = models.ForeignKey(
        Refund, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("refund")
    )
    bill = models.ForeignKey(
        Bill, models.SET_NULL, null=True, blank=True, related_name="discrepancies", verbose_name=_("bill")
    )
    here = models.CharField(_("here"), max_length=200, blank=True)
    there = models.CharField(_("with WeChat Pay"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    # What is booked when a second person agrees; most discrepancies are closed with a note alone.
    resolution = models.CharField(
        _("to be booked"), max_length=8, choices=Resolution.choices, blank=True, db_default=""
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    note = models.CharField(_("closing note"), max_length=500, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    created_at = models.DateTimeField(_("noticed"), auto_now_add=True)

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "kind", "subject"], name="discrepancy_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (Q(state="closed", closed_at__isnull=False) & ~Q(note="")),
                name="discrepancy_closed_with_note",
            ),
            models.CheckConstraint(
                condition=Q(resolution="", proposed_by__isnull=True)
                | (~Q(resolution="") & Q(proposed_by__isnull=False) & ~Q(note="")),
                name="discrepancy_proposal_has_proposer",
            ),
            models.CheckConstraint(
                condition=~Q(closed_by=F("proposed_by")), name="discrepancy_agreed_by_a_second_person"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "state", "-id"], name="discrepancy_by_state"),
        ]

    def __str__(self) -> str:
        return labelled(self.get_kind_display(), self.subject)
