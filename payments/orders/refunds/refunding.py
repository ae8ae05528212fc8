"""The refunding: requested under the order's lock, and called by a worker, always under the same number.

The amount is reserved before the call. It is freed only if WeChat Pay certainly did not accept the refund, or
closed it.

WeChat Pay reference 5.3, 10.3, 10.4.
"""

import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from payments.merchants import held_work
from payments.merchants.directory import cashier_for
from payments.merchants.models import Merchant
from payments.orders import history
from payments.orders.models import Order, Refund, Step
from payments.orders.ordering import LONGEST_KEY, OrderRefused, new_number
from payments.orders.refunds import approval
from payments.orders.refunds.limits import left_alone, serialise
from payments.orders.refunds.reports import apply_refund, settle
from payments.orders.states import RefundState
from wechat.kernel import work
from wechat.sdk.errors import Cause
from wechat.sdk.pay.cashier import Cashier
from wechat.sdk.pay.errors import PayRefused
from wechat.sdk.pay.refunds import NewRefund
from wechat.sdk.pay.transactions import RefundReport

MOST_PARTS = 50
LATEST = datetime.timedelta(days=365)

# Looks at a refund under way: every minute, after five of them less and less often.
LOOK_AFTER = [datetime.timedelta(minutes=minutes) for minutes in (1, 1, 1, 1, 1, 5, 10, 20, 30)]
# The merchant's balance is too small: it is put right by a person, and tried again by itself.
NO_MONEY, NO_MONEY_PAUSE = "NOT_ENOUGH", datetime.timedelta(minutes=10)

REFUNDS = work.Kind(
    "orders.refund",
    lambda: Refund.objects.select_related("order", "order__merchant", "order__account"),
    label=gettext_lazy("Refunds on their way"),
    lease=datetime.timedelta(minutes=2),
    queue=work.INTERACTIVE,
    batch=10,
    retry=[datetime.timedelta(seconds=seconds) for seconds in (5, 20, 60, 300, 1800)],
    subject="order__merchant_id",
    # The money may be on its way: the same number is asked about, and sent again, until WeChat Pay has said
    # what became of it.
    gives_up=False,
)
held_work.add(REFUNDS.name)


def request(
    order: Order,
    amount: int,
    *,
    source: str,
    key: str,
    reason: str = "",
    by: User | None = None,
    agreed_by: User | None = None,
) -> Refund:
    """Reserves the amount and has a worker refund it; the same key is the same refund.

    Beyond the requester's limit it waits for a second person, unless one has approved it already. Raises
    ``OrderRefused``.
    """
    _validate(amount, reason, key)
    try:
        with transaction.atomic():
            locked = Order.locked(order.pk)
            if made := _known(locked.account_id, source, key):
                return _same(made, locked, amount, reason)
            _check(locked, amount)
            serialise(locked.account_id, source, by)
            left = left_alone(locked, source, by)
            agreed = agreed_by is not None or left is None or amount <= left
            refund = Refund(
                account=locked.account,
                order=locked,
                source=source,
                key=key,
                amount=amount,
                reason=reason,
                asked_by=by,
                decided_by=agreed_by,
            )
            return _reserved(locked, refund, agreed=agreed)
    except IntegrityError:
        if (made := _known(order.account_id, source, key)) is None:
            raise
        return _same(made, order, amount, reason)


def query_soon(merchant: Merchant, out_refund_no: str) -> bool:
    """Makes a worker query a refund soon; returns ``False`` if it is unknown or settled."""
    open_ones = Refund.objects.filter(order__merchant=merchant, out_refund_no=out_refund_no)
    return bool(open_ones.filter(due_at__isnull=False).update(due_at=timezone.now()))


@REFUNDS.each
def advance(refund: Refund) -> None:
    """Takes the next step with WeChat Pay.

    After an earlier call, queries the refund first, and calls again only if it does not exist there.
    """
    cashier = cashier_for(refund.order.merchant, refund.order.protocol)
    called_before = refund.calls > 0
    refund.calls += 1
    Refund.objects.filter(pk=refund.pk).update(calls=refund.calls)
    try:
        report = _looked_up(cashier, refund) if called_before else None
        report = report or cashier.refund(_new(refund))
    except PayRefused as error:
        _refused(cashier, refund, error)
    else:
        _take(refund, report)


def _validate(amount: int, reason: str, key: str) -> None:
    if type(amount) is not int or amount < 1:
        raise OrderRefused("amount", _("The amount is a whole number of fen, 1 or more."))
    if len(reason) > 80:
        raise OrderRefused("reason", _("The reason has at most 80 characters."))
    if not 1 <= len(key) <= LONGEST_KEY:
        raise OrderRefused("key", _("The key has 1 to 160 characters."))


def _known(account_id: int, source: str, key: str) -> Refund | None:
    return Refund.objects.filter(account=account_id, source=source, key=key).first()


def _reserved(order: Order, refund: Refund, *, agreed: bool) -> Refund:
    """Reserves the amount of a new refund, which otherwise waits for a second person.

    The caller holds the order's lock.
    """
    now = timezone.now()
    refund.out_refund_no = new_number("WR", now)
    refund.state = RefundState.PENDING if agreed else RefundState.WAITING
    refund.due_at = now if agreed else None
    refund.save()
    order.reserved += refund.amount
    order.save(update_fields=["reserved"])
    by = refund.asked_by or refund.source
    history.write(order, Step.Kind.REFUND, str(refund), by, outcome=RefundState(refund.state).label)
    if not agreed:
        approval.wait(refund)
    return refund


def _check(order: Order, amount: int) -> None:
    if not order.is_paid or order.paid_at is None:
        raise OrderRefused("not_paid", _("Only a paid order can be refunded."))
    if amount > order.refundable:
        raise OrderRefused(
            "too_much", _("Only %(left)d fen of the order are left.") % {"left": order.refundable}
        )
    if timezone.now() - order.paid_at > LATEST:
        raise OrderRefused("too_late", _("WeChat Pay refunds within a year of the payment."))
    if order.refunds.count() >= MOST_PARTS:
        raise OrderRefused("too_many", _("WeChat Pay refunds an order in 50 parts at most."))


def _same(found: Refund, order: Order, amount: int, reason: str) -> Refund:
    if (found.order_id, found.amount, found.reason) != (order.pk, amount, reason):
        raise OrderRefused("conflict", _("Under this key there is a refund with other contents."))
    return found


def _looked_up(cashier: Cashier, refund: Refund) -> RefundReport | None:
    """Returns WeChat Pay's report of the refund.

    ``None`` if it never accepted the refund, so that the call may be repeated.
    """
    try:
        return cashier.query_refund(refund.out_refund_no, refund.order.account.appid)
    except PayRefused as error:
        if error.code == "RESOURCE_NOT_EXISTS" and refund.state == RefundState.PENDING:
            return None
        raise


def _new(refund: Refund) -> NewRefund:
    order = refund.order
    return NewRefund(
        transaction_id=str(order.transaction_id),
        out_refund_no=refund.out_refund_no,
        refund=refund.amount,
        total=order.total,
        notify_url=order.merchant.notify_url("refund"),
        reason=refund.reason,
        appid=order.account.appid,
    )


def _refused(cashier: Cashier, refund: Refund, error: PayRefused) -> None:
    """Frees the amount if WeChat Pay refuses this refund and reports that it does not exist there.

    Otherwise raises the error, applies WeChat Pay's report, or tries later if the merchant's balance is too
    low.
    """
    if error.code == NO_MONEY:
        refund.again(_kept(error), timezone.now() + NO_MONEY_PAUSE, counts=False)
    elif error.cause != Cause.ROW or error.outcome_unknown or refund.state != RefundState.PENDING:
        raise error
    elif report := _looked_up(cashier, refund):
        _take(refund, report)
    else:
        with transaction.atomic():
            order, locked = approval.locked(refund)
            if locked.state == RefundState.PENDING:
                locked.error = _kept(error)
                settle(order, locked, RefundState.REFUSED, history.PLATFORM)


def _kept(refusal: PayRefused) -> str:
    """Returns the text of a refusal to keep, with the code from which words for staff are made."""
    return f"{refusal.code} {refusal.message}"


def _take(refund: Refund, report: RefundReport) -> None:
    """Applies WeChat Pay's report of a refund; polls an unfinished one less and less often."""
    apply_refund(refund.order.merchant, report, by=history.PLATFORM, asked_in=refund.state)
    pause = LOOK_AFTER[min(refund.calls, len(LOOK_AFTER)) - 1]
    refund.done(due_at=timezone.now() + pause)
