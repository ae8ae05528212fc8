"""The application of WeChat Pay's reports to refunds: under the order's lock, and forward only.

WeChat Pay reference 5.3, 10.4.
"""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from payments.merchants.models import Merchant
from payments.orders import events, history
from payments.orders.apply_transaction import Applied, TransactionOutcome
from payments.orders.mismatches import Mismatch, MismatchKind, report_mismatch
from payments.orders.models import Order, Refund, Step
from payments.orders.ordering import OrderRefused
from payments.orders.states import ORDER_MOVES, REFUND_MOVES, RELEASED, OrderState, RefundState, move
from wechat.sdk.pay.transactions import RefundReport

REPORTED = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.SUCCESS,
    "ABNORMAL": RefundState.ABNORMAL,
    "CLOSED": RefundState.CLOSED,
}


def apply_refund(merchant: Merchant, report: RefundReport, *, by: str, asked_in: str = "") -> Applied:
    """Applies what WeChat Pay reports of a refund.

    ``by`` is the reporter, for the history; ``asked_in`` is the refund's state before the call, for a report
    that answers one.
    """
    # No savepoint: what does not fit is found before anything is written.
    with transaction.atomic(savepoint=False):
        try:
            order, refund = _found(merchant, report)
            return Applied(_applied(order, refund, report, by, asked_in), order)
        except Mismatch as mismatch:
            report_mismatch(merchant, mismatch)
            return Applied(TransactionOutcome.ASIDE, mismatch.order)


def adopt(order: Order, report: RefundReport, *, asked_by: User | None, decided_by: User) -> Refund:
    """Adds a refund that was made on WeChat Pay's own page. Raises ``OrderRefused``."""
    with transaction.atomic():
        order = Order.locked(order.pk)
        _check_adoptable(order, report)
        refund = Refund.objects.create(
            account=order.account,
            order=order,
            out_refund_no=report.out_refund_no,
            source=history.PLATFORM,
            key=report.out_refund_no,
            amount=report.refund or 0,
            asked_by=asked_by,
            decided_by=decided_by,
            due_at=timezone.now(),
            # It was called for already: from now on it is looked after like any other.
            calls=1,
        )
        order.reserved += refund.amount
        order.save(update_fields=["reserved"])
        history.write(order, Step.Kind.REFUND, str(refund), decided_by)
        _applied(order, refund, report, history.PLATFORM)
    return refund


def _check_adoptable(order: Order, report: RefundReport) -> None:
    if report.transaction_id not in {"", order.transaction_id} or not report.refund:
        raise OrderRefused("differs", _("WeChat Pay has this refund for another payment."))
    if REPORTED.get(report.status) not in {RefundState.PROCESSING, RefundState.SUCCESS, RefundState.ABNORMAL}:
        raise OrderRefused("closed", _("WeChat Pay closed this refund: nothing was given back."))
    if report.refund > order.refundable:
        raise OrderRefused("too_much", _("It is more than what is left of the order."))
    if Refund.objects.filter(out_refund_no=report.out_refund_no).exists():
        raise OrderRefused("known", _("The refund is known here already."))


def _applied(
    order: Order, refund: Refund, report: RefundReport, by: str, asked_in: str = ""
) -> TransactionOutcome:
    _compare(order, refund, report)
    state = REPORTED.get(report.status)
    # Under way anew is only what was paid out since it failed: an answer from before tells of the first way.
    failed_since = refund.state == RefundState.ABNORMAL and asked_in != RefundState.ABNORMAL
    if state == refund.state or (failed_since and state == RefundState.PROCESSING):
        return TransactionOutcome.REPEAT
    if state is None or state not in REFUND_MOVES[refund.state]:
        return _out_of_order(order, refund, report, state)
    _take(refund, report, state)
    settle(order, refund, state, by)
    return TransactionOutcome.APPLIED


def _compare(order: Order, refund: Refund, report: RefundReport) -> None:
    """Raises ``Mismatch`` for a report that differs from the refund.

    Only the amount must be in a report; other missing values are not compared.
    """
    numbers = [
        (MismatchKind.MERCHANT, order.merchant.mchid, report.mchid),
        (MismatchKind.REFUND_NUMBERS, order.out_trade_no, report.out_trade_no),
        (MismatchKind.REFUND_NUMBERS, order.transaction_id, report.transaction_id),
        (MismatchKind.REFUND_NUMBERS, refund.refund_id, report.refund_id if refund.refund_id else None),
    ]
    differing = [(kind, here, there) for kind, here, there in numbers if there and here != there]
    if report.refund != refund.amount:
        differing.append((MismatchKind.REFUND_AMOUNT, str(refund.amount), str(report.refund)))
    for kind, here, there in differing:
        subject = f"{report.out_refund_no} {report.refund_id}".strip()
        raise Mismatch(kind, subject, order=order, refund=refund, here=here, there=there)


def settle(order: Order, refund: Refund, state: RefundState, by: str) -> None:
    """Moves the refund to a state and updates the order's sums. The caller holds both locks."""
    refund.state = move(REFUND_MOVES, refund.state, state)
    if state == RefundState.SUCCESS:
        refund.due_at = None
        _paid_back(order, refund)
        events.emit(events.Topic.REFUNDED, order, refund)
    elif state in RELEASED:
        refund.due_at = None
        order.reserved -= refund.amount
        events.emit(events.Topic.REFUND_FAILED, order, refund)
        if state != RefundState.REJECTED:
            _tell_of_failure(order, refund)
    order.save()
    refund.save()
    history.write(order, Step.Kind.REFUND, str(refund), by, outcome=RefundState(refund.state).label)


def _tell_of_failure(order: Order, refund: Refund) -> None:
    """Records a discrepancy for a failed refund, because the payer waits for the money."""
    mismatch = Mismatch(
        MismatchKind.REFUND_FAILED,
        refund.out_refund_no,
        order=order,
        refund=refund,
        here=refund.amount,
        there=refund.error or refund.get_state_display(),
    )
    report_mismatch(order.merchant, mismatch)


def _found(merchant: Merchant, report: RefundReport) -> tuple[Order, Refund]:
    """Returns order and refund, locked in this order, as everywhere. Raises ``Mismatch``."""
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("account", "merchant")
        .filter(merchant=merchant, refunds__out_refund_no=report.out_refund_no)
        .first()
    )
    if order is None:
        known = Order.objects.filter(merchant=merchant, out_trade_no=report.out_trade_no)
        raise Mismatch(
            MismatchKind.UNKNOWN_REFUND,
            f"{report.out_refund_no} {report.refund_id}".strip(),
            order=known.select_related("account").first(),
            there=f"{report.refund} {report.status}",
        )
    return order, Refund.objects.select_for_update(of=("self",)).get(out_refund_no=report.out_refund_no)


def _take(refund: Refund, report: RefundReport, state: RefundState) -> None:
    refund.refund_id = report.refund_id or refund.refund_id
    refund.payer_refund = report.payer_refund
    refund.received_account = report.user_received_account[:128]
    refund.error, refund.errcode = "", None
    if state == RefundState.SUCCESS:
        refund.succeeded_at = report.success_time or timezone.now()


def _paid_back(order: Order, refund: Refund) -> None:
    order.refunded += refund.amount
    after = OrderState.REFUNDED if order.refunded == order.total else OrderState.PARTLY_REFUNDED
    if order.state != after:
        order.state = move(ORDER_MOVES, order.state, after)


def _out_of_order(
    order: Order, refund: Refund, report: RefundReport, state: RefundState | None
) -> TransactionOutcome:
    """Returns ``REPEAT`` for an older report that arrives late.

    Raises ``Mismatch`` if it contradicts a final state.
    """
    final = {RefundState.SUCCESS, RefundState.CLOSED, RefundState.ABNORMAL}
    if state is not None and not (state in final and refund.state in final | RELEASED):
        return TransactionOutcome.REPEAT
    if state == RefundState.ABNORMAL and refund.state in {RefundState.SUCCESS, RefundState.CLOSED}:
        return TransactionOutcome.REPEAT
    raise Mismatch(
        MismatchKind.REFUND_BACKWARDS,
        f"{report.out_refund_no} {report.status}",
        order=order,
        refund=refund,
        here=refund.state,
        there=report.status,
    )
