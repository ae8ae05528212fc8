"""The bookings that resolve a discrepancy: one member of staff proposes a booking, another one agrees.

It books what WeChat Pay reports at the moment of the agreement, and not what was noticed before.

WeChat Pay reference 5.2, 5.3, 10.5.
"""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from payments.bills import fund_matching, matching
from payments.bills.models import Bill, Discrepancy
from payments.merchants.directory import MerchantUnusable, cashier_for
from payments.merchants.error_words import in_words
from payments.orders import history, polling
from payments.orders.apply_transaction import TransactionOutcome, apply
from payments.orders.mismatches import UNFITTING, MismatchKind
from payments.orders.models import Order, Step
from payments.orders.ordering import OrderRefused, Uncertain, without_keys
from payments.orders.refunds import refunding
from payments.orders.refunds.reports import adopt
from wechat.sdk.errors import TransportError
from wechat.sdk.pay.cashier import Cashier
from wechat.sdk.pay.errors import PayError, PayRefused

Resolution = Discrepancy.Resolution
State = Discrepancy.State
# Payments that can be booked although they differ; another currency or merchant cannot.
ACCEPTABLE = frozenset({MismatchKind.AMOUNT, MismatchKind.APPID, MismatchKind.PAYER})


def possible(found: Discrepancy) -> list[Discrepancy.Resolution]:
    """Returns the possible bookings of a discrepancy; none for most, which are closed with a note."""
    order = found.order
    if found.state != State.OPEN or order is None:
        return []
    if found.kind == MismatchKind.UNKNOWN_REFUND and order.is_paid:
        return [Resolution.ADOPT]
    if found.kind in ACCEPTABLE and not order.is_paid and found.refund_id is None:
        return [Resolution.ACCEPT, Resolution.REFUND]
    return []


def propose(found: Discrepancy, resolution: str, note: str, by: User) -> bool:
    """Proposes a booking; returns ``False`` if it is not possible or somebody else was quicker."""
    if resolution not in possible(found):
        return False
    open_ones = Discrepancy.objects.filter(pk=found.pk, state=State.OPEN, resolution="")
    return bool(open_ones.update(resolution=resolution, note=note, proposed_by=by))


def close(found: Discrepancy, note: str, by: User) -> bool:
    """Closes a discrepancy with a note; returns ``False`` if somebody else has decided about it.

    If it was the last discrepancy about a payment that does not match its order, the order can no longer be
    paid. WeChat Pay is asked first: an order that is paid there is closed here only, any other one is closed
    there too.
    """
    undecided = Discrepancy.objects.filter(pk=found.pk, state=State.OPEN, resolution="")
    with transaction.atomic():
        if not undecided.update(state=State.CLOSED, note=note, closed_by=by, closed_at=timezone.now()):
            return False
        if found.order is not None:
            what = MismatchKind(found.kind).label
            history.write(found.order, Step.Kind.DISCREPANCY, what, by, outcome=State.CLOSED.label)
        order = _left_unpaid(found, by)
    if order is not None:
        polling.poll([order])
    return True


def _left_unpaid(found: Discrepancy, by: User) -> Order | None:
    """Returns the order, now being closed, that only this discrepancy kept open; else ``None``."""
    if found.order is None or found.kind not in UNFITTING or found.refund_id is not None:
        return None
    # Of two that close the last two of them, the second one finds the other's closed.
    order = Order.locked(found.order.pk)
    if polling.waits_for_staff(order) or not polling.start_closing(order, by=str(by)):
        return None
    return order


def withdraw(found: Discrepancy) -> bool:
    """Withdraws or rejects a proposal; the discrepancy stays open. Returns ``False`` if it is gone."""
    proposed = Discrepancy.objects.filter(
        pk=found.pk, state=State.OPEN, resolution=found.resolution, proposed_by=found.proposed_by
    )
    return bool(proposed.update(resolution="", note="", proposed_by=None))


def agree(found: Discrepancy, by: User) -> None:
    """Carries out the proposed booking.

    Raises ``OrderRefused``, and ``Uncertain`` while WeChat Pay does not answer.
    """
    if found.proposed_by_id == by.pk:
        raise OrderRefused("second_person", _("Somebody else has to agree to this."))
    if found.order is None or found.resolution not in possible(found):
        raise _over()
    try:
        cashier = cashier_for(found.order.merchant, found.order.protocol)
    except MerchantUnusable:
        raise without_keys() from None
    try:
        if found.resolution == Resolution.ADOPT:
            _adopt(found, found.order, cashier, by)
        else:
            _accept(found, found.order, cashier, by)
    except PayRefused as error:
        raise OrderRefused(error.code, in_words(error.code, error.message)) from None
    except (TransportError, PayError) as error:
        raise Uncertain(str(error)) from None


def _adopt(found: Discrepancy, order: Order, cashier: Cashier, by: User) -> None:
    number = found.subject.partition(" ")[0]
    report = cashier.query_refund(number, order.account.appid)
    with transaction.atomic():
        adopt(order, report, asked_by=found.proposed_by, decided_by=by)
        _close(found, by)
        for bill in Bill.objects.filter(rows__order=order, rows__out_refund_no=number).distinct():
            _link(bill)


def _accept(found: Discrepancy, order: Order, cashier: Cashier, by: User) -> None:
    """Books a payment for all discrepancies about it that have the same proposal, or not at all.

    Closes those discrepancies, and refunds the payment if that was proposed. Raises ``OrderRefused`` if the
    payment differs in another point, or another discrepancy about it has a different proposal.
    """
    payment = cashier.query(order.out_trade_no, order.account.appid)
    alike = order.discrepancies.filter(
        state=State.OPEN, kind__in=sorted(ACCEPTABLE), resolution=found.resolution
    )
    agreed = [found, *alike.exclude(pk=found.pk).exclude(proposed_by=by)]
    with transaction.atomic():
        kinds = {each.kind for each in agreed}
        applied = apply(order.merchant, payment, by=history.PLATFORM, accept=kinds)
        booked = payment.is_paid and applied.outcome is not TransactionOutcome.ASIDE
        if booked:
            for each in agreed:
                history.write(order, Step.Kind.DISCREPANCY, Resolution(each.resolution).label, by)
                _close(each, by)
            if found.resolution == Resolution.REFUND:
                _give_back(found, order, by)
    if not booked:
        # What else differs is a discrepancy of its own by now.
        raise OrderRefused(
            "differs", _("Something else differs, too: look at the discrepancies of the order.")
        )


def _give_back(found: Discrepancy, order: Order, by: User) -> None:
    order = Order.objects.select_related("account", "merchant").get(pk=order.pk)
    refunding.request(
        order,
        order.refundable,
        source="discrepancy",
        key=f"discrepancy:{found.pk}",
        by=found.proposed_by,
        agreed_by=by,
    )


def _close(found: Discrepancy, by: User) -> None:
    """Closes a discrepancy. Raises ``OrderRefused`` if its proposal has changed since it was agreed to."""
    proposal = Discrepancy.objects.filter(
        pk=found.pk, state=State.OPEN, resolution=found.resolution, proposed_by=found.proposed_by_id
    )
    if not proposal.update(state=State.CLOSED, closed_by=by, closed_at=timezone.now()):
        raise _over()


def _over() -> OrderRefused:
    return OrderRefused("over", _("There is nothing left to book here."))


def _link(bill: Bill) -> None:
    """Links the lines of bills to the refund, which is known from now on."""
    for each in Bill.objects.filter(merchant=bill.merchant_id, day=bill.day):
        (matching if each.kind == Bill.Kind.TRADE else fund_matching).link(each)
