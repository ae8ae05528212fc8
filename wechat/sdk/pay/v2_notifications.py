"""The notifications of API v2, converted to those of API v3. WeChat Pay reference 8.3."""

from wechat.sdk.pay import v2
from wechat.sdk.pay.errors import NotGenuine, NotUnderstood
from wechat.sdk.pay.notifications import OpenedNotification
from wechat.sdk.pay.v2_cashier import refund, transaction

# It carries no signature: a reason to ask, no proof of anything.
UNPROVEN_REFUND = "refund to be asked about"
DECLINED = (
    b"<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[REFUSED]]></return_msg></xml>"
)


def is_ours(body: bytes) -> bool:
    """Returns whether the body is of API v2, as API v3 never sends XML."""
    return body.lstrip()[:1] == b"<"


def open_notification(body: bytes, key: str) -> OpenedNotification:
    """Verifies and reads a notification; a repeated one has the same id.

    Raises NotGenuine, also for an unreadable one without proof of its sender; Unsealable; or NotUnderstood
    for a genuine one that cannot be read.
    """
    try:
        is_refund = "req_info" in v2.from_xml(body)
        fields = v2.open_refund(body, key) if is_refund else v2.open_payment(body, key)
    except NotUnderstood:
        raise NotGenuine("malformed") from None
    if is_refund:
        return _refunded(fields)
    if fields.get("result_code") != "SUCCESS" or not fields.get("transaction_id"):
        raise NotUnderstood("no payment that was made")
    return OpenedNotification(
        id=f"v2:{fields['transaction_id']}"[:64],
        event_type="TRANSACTION.SUCCESS",
        original_type="transaction",
        summary="支付成功",
        resource=transaction(fields),
    )


def _refunded(fields: dict[str, str]) -> OpenedNotification:
    resource = refund(fields)
    return OpenedNotification(
        id=f"v2:{fields.get('refund_id', '')}:{resource['status']}"[:64],
        event_type=f"REFUND.{resource['status']}"[:128],
        original_type=UNPROVEN_REFUND,
        summary="",
        resource=resource,
    )
