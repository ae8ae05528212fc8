"""The approval of refunds beyond the requester's limit by a second person, in the list of approvals."""

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.approvals import actions, asking, deciding
from accounts.approvals.actions import Action, Refused
from accounts.approvals.models import API, Approval
from accounts.staff.rights import Area, Role
from payments.orders import history
from payments.orders.models import Order, Refund, Step
from payments.orders.ordering import OrderRefused
from payments.orders.refunds.reports import settle
from payments.orders.states import REFUND_MOVES, RefundState, move
from wechat.sdk.pay.money import yuan

# Fen that are given back alone where the owner has set no other limit: 1,000 yuan.
ALONE_UP_TO = 100_000


def wait(refund: Refund) -> Approval:
    """Requests the approval of a waiting refund."""
    order = refund.order
    through = "API" if refund.source.startswith(f"{API}:") else ""
    wanted = asking.Request(
        account_id=refund.account_id,
        about=refund,
        title=f"{order.out_trade_no} · ¥{yuan(refund.amount)}",
        size=refund.amount,
        before=[f"{order.description} · ¥{yuan(order.total)}", f"– ¥{yuan(order.refunded)}"],
        after=[f"– ¥{yuan(order.refunded + refund.amount)}", *filter(None, [refund.reason])],
    )
    return asking.wait(REFUND, wanted, refund.asked_by, through=through)


def approve(refund: Refund, by: User) -> bool:
    """Approves a refund; returns ``False`` if somebody decided before.

    Raises ``OrderRefused``.
    """
    approval = asking.waiting_about(refund)
    if approval is None:
        return False
    try:
        return deciding.approve(approval, by) is not None
    except Refused:
        raise OrderRefused("second_person", _("Somebody else has to agree to this refund.")) from None


def reject(refund: Refund, by: User) -> bool:
    """Rejects a refund and frees its amount; the requester may withdraw it in the same way."""
    approval = asking.waiting_about(refund)
    return approval is not None and deciding.reject(approval, by) is not None


def locked(refund: Refund) -> tuple[Order, Refund]:
    """Returns order and refund, locked in this order, as everywhere."""
    order = Order.locked(refund.order_id)
    return order, Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)


@transaction.atomic
def _carry_out(approval: Approval, by: User) -> None:
    order, refund = locked(_refund_of(approval))
    if refund.asked_by_id != by.pk:
        refund.decided_by = by
    refund.state = move(REFUND_MOVES, refund.state, RefundState.PENDING)
    refund.due_at = timezone.now()
    refund.save()
    history.write(order, Step.Kind.REFUND, str(refund), by, outcome=RefundState(refund.state).label)


@transaction.atomic
def _drop(approval: Approval) -> None:
    order, refund = locked(_refund_of(approval))
    by = approval.decided_by
    if by is not None and refund.asked_by_id != by.pk:
        refund.decided_by = by
    settle(order, refund, RefundState.REJECTED, str(by or history.WORKER))


def _refund_of(approval: Approval) -> Refund:
    return Refund.objects.get(pk=approval.object_id)


REFUND = actions.register(
    Action(
        "refund",
        gettext_lazy("Refund"),
        Area.MONEY,
        carry_out=_carry_out,
        drop=_drop,
        link=lambda approval: reverse("admin:orders_refund_change", args=[approval.object_id]),
        usual={Role.FINANCE: ALONE_UP_TO, API: ALONE_UP_TO},
        has_api=True,
        unit=gettext_lazy("yuan, for one order and for one day"),
        scale=100,
        in_words=lambda fen: f"¥{yuan(fen)}",
    )
)
