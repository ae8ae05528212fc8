"""How much is given back without a second person: a sum for each order, and the same for each day of whoever
asks, a member of staff or a business system. In parts it stays one sum.
"""

import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.staff.rights import Rights, Role
from payments.orders.models import Order, Refund, RefundLimit
from payments.orders.states import RELEASED, RefundState
from wechat.sdk.beijing import BEIJING

# Fen that are given back alone where the owner has set no other limit: 1,000 yuan.
ALONE_UP_TO = 100_000
API = RefundLimit.API
# Sources of the business API are called ``api:3``.
API_PREFIX = f"{API}:"
# Of one asking person or system in one account: two refunds at once are counted one after the other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def limit_of(user: User, account_id: int) -> int | None:
    """Up to how many fen the member of staff refunds alone; ``None`` is without a limit.

    Superusers are as owners here.
    """
    rights = Rights.of(user)
    roles = rights.roles.get(account_id, frozenset()) | ({Role.OWNER} if rights.everything else set())
    limits = _limits(account_id)
    if Role.OWNER in roles and Role.OWNER not in limits:
        return None
    own = [limits.get(role, ALONE_UP_TO) for role in roles if role in {Role.OWNER, Role.FINANCE}]
    return max(own, default=0)


def left_alone(order: Order, source: str, by: User | None) -> int | None:
    """How many fen of the order may be asked for without a second person; ``None`` is without a limit.

    What the product gives back by its own rules has no limit.
    """
    if by is not None:
        limit = limit_of(by, order.account_id)
        asked = Refund.objects.filter(asked_by=by)
    elif source.startswith(API_PREFIX):
        limit = _limits(order.account_id).get(API, ALONE_UP_TO)
        asked = Refund.objects.filter(source=source)
    else:
        return None
    if limit is None:
        return None
    today = datetime.datetime.combine(timezone.now().astimezone(BEIJING), datetime.time(), tzinfo=BEIJING)
    of_the_day = asked.filter(account=order.account_id, created_at__gte=today)
    of_the_order = Refund.objects.filter(order=order)
    return max(limit - max(_alone(of_the_order), _alone(of_the_day)), 0)


def serialise(account_id: int, source: str, by: User | None) -> None:
    """Until the transaction ends, whoever asks waits for their own other refunds."""
    asking = f"staff:{by.pk}" if by else source
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"refunds:{account_id}:{asking}"])


def _alone(refunds: QuerySet[Refund]) -> int:
    """Fen for which nobody else was asked."""
    counted = refunds.filter(decided_by=None).exclude(state__in=[*RELEASED, RefundState.WAITING])
    return int(counted.aggregate(sum=Sum("amount"))["sum"] or 0)


def _limits(account_id: int) -> dict[str, int]:
    return dict(RefundLimit.objects.filter(account=account_id).values_list("role", "alone_up_to"))
