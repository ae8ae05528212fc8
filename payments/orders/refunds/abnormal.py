"""The payout of an abnormal refund, which can reach neither card nor wallet of the payer, in another way.

WeChat Pay reference 5.3 (abnormal refund).
"""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from accounts.approvals import asking
from payments.merchants.directory import MerchantUnusable, client_for
from payments.merchants.error_words import in_words
from payments.merchants.models import Merchant
from payments.orders import history
from payments.orders.banks import DEBIT_CARDS
from payments.orders.models import Refund, Step
from payments.orders.ordering import OrderRefused, Uncertain, without_keys
from payments.orders.refunds.approval import REFUND
from payments.orders.refunds.refunding import query_soon
from payments.orders.refunds.reports import apply_refund
from payments.orders.states import RefundState
from wechat.sdk.errors import TransportError
from wechat.sdk.pay import refunds
from wechat.sdk.pay.errors import KeyRefused, PayRefused


def is_possible(refund: Refund) -> bool:
    return refund.state == RefundState.ABNORMAL and refund.order.protocol == Merchant.Protocol.V3


def pay_out(refund: Refund, card: refunds.BankCard | None, by: User) -> None:
    """Pays a refund out to another card of the payer, or without a card to the merchant, who pays by hand.

    The card is not stored. Nothing proves that it is the payer's, so ``by`` may pay no more to a card than
    they may refund alone. Raises ``OrderRefused`` and ``Uncertain``.
    """
    if not is_possible(refund):
        raise OrderRefused("not_abnormal", _("This refund does not wait for another card."))
    if card and not asking.may_alone(REFUND, refund.account_id, refund.amount, by):
        raise OrderRefused(
            "limit", _("This is more than you may refund alone: somebody with a higher limit has to do it.")
        )
    merchant = refund.order.merchant
    try:
        client = client_for(merchant)
        report = refunds.pay_out_abnormal(client, str(refund.refund_id), refund.out_refund_no, card)
    except (MerchantUnusable, KeyRefused):
        raise without_keys() from None
    except PayRefused as error:
        raise OrderRefused(error.code, in_words(error.code, error.message)) from None
    except TransportError as error:
        query_soon(merchant, refund.out_refund_no)
        raise Uncertain(str(error)) from None
    where = DEBIT_CARDS[card.bank] if card else _("to the merchant, to be paid by hand")
    history.write(refund.order, Step.Kind.REFUND, str(refund), by, outcome=where)
    apply_refund(merchant, report, by=history.PLATFORM, asked_in=refund.state)
    query_soon(merchant, refund.out_refund_no)
