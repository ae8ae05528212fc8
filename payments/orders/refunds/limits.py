"""The limit on refunds without a second person.

It holds for each order, however many partial refunds it has, and for each day of the requester, who is a
member of staff or a business system. The account's owner sets it with the other limits, see
``accounts.approvals``.
"""

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.approvals import policy
from accounts.approvals.models import API
from payments.orders.models import Order, Refund
from payments.orders.refunds.approval import REFUND
from payments.orders.states import RELEASED, RefundState
from wechat.sdk.beijing import midnight

# Sources of the business API are called ``api:3``.
API_PREFIX = f"{API}:"
# Of one asking person or system in one account: two refunds at once are counted one after the other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def limit_of(user: User, account_id: int) -> int | None:
    """Returns how many fen the member of staff may refund alone; ``None`` means no limit."""
    return policy.limit_of(user, account_id, REFUND)


def left_alone(order: Order, source: str, by: User | None) -> int | None:
    """Returns how many fen of the order may be refunded without a second person; ``None`` means no limit.

    Refunds that the software makes by its own rules have no limit.
    """
    if by is not None:
        limit = limit_of(by, order.account_id)
        asked = Refund.objects.filter(asked_by=by)
    elif source.startswith(API_PREFIX):
        limit = policy.limit_of_api(order.account_id, REFUND)
        asked = Refund.objects.filter(source=source)
    else:
        return None
    if limit is None:
        return None
    today = midnight(timezone.localdate())
    of_the_day = asked.filter(account=order.account_id, created_at__gte=today)
    of_the_order = Refund.objects.filter(order=order)
    return max(limit - max(_alone(of_the_order), _alone(of_the_day)), 0)


def serialise(account_id: int, source: str, by: User | None) -> None:
    """Locks the refunds of this requester until the transaction ends, so that they are made one by one."""
    asking = f"staff:{by.pk}" if by else source
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"refunds:{account_id}:{asking}"])


def _alone(refunds: QuerySet[Refund]) -> int:
    """Returns the fen that were refunded without a second person."""
    counted = refunds.filter(decided_by=None).exclude(state__in=[*RELEASED, RefundState.WAITING])
    return int(counted.aggregate(sum=Sum("amount"))["sum"] or 0)
