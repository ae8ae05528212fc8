"""The follower sees that somebody is writing, where the platform allows it.

A courtesy: it is asked for in passing, never repeated, and nothing depends on it. Reference: WeChat reference
8.3 Typing.
"""

import datetime
import logging

from celery import current_app
from django.utils import timezone
from django_redis import get_redis_connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.desk import replying
from wechat.desk.models import Thread
from wechat.kernel import work
from wechat.sdk.calls import messages as api
from wechat.sdk.errors import WeChatError

log = logging.getLogger(__name__)

# Later it would be a lie.
SECONDS = 5
# The platform shows it for about as long, and only this soon after something was said.
SHOWN_SECONDS = 12
SOON_AFTER = datetime.timedelta(seconds=30)


def claim_showing(thread: Thread) -> bool:
    """Claims having it shown that somebody is writing, and returns whether the caller is to ask for it.

    It is not asked for again while it is shown, nor where the platform would refuse it.
    """
    return _is_able(thread.account) and _has_just_talked(thread) and _is_first(thread)


def ask_for(thread: Thread) -> None:
    """Has a worker show it; with the broker away nobody does."""
    try:
        current_app.send_task("desk.show_writing", (thread.pk,), queue=work.INTERACTIVE, expires=SECONDS)
    except OperationalError as error:
        log.warning("writing_not_shown", extra={"error": str(error)})


def show(thread: Thread) -> None:
    try:
        api.typing(client_for(thread.account), thread.openid)
    except WeChatError:
        # Shown already, too late, or no right to: the door has logged it, and there is nothing to repair.
        return


def _is_able(account: OfficialAccount) -> bool:
    """Returns whether the account may show it; one that was never asked may be able to."""
    return bool(account.abilities.get("service_messages", {}).get("able", True))


def _has_just_talked(thread: Thread) -> bool:
    since = timezone.now() - SOON_AFTER
    newest = replying.newest_of_staff(thread)
    return thread.newest_at > since or bool(newest and newest.sent_at and newest.sent_at > since)


def _is_first(thread: Thread) -> bool:
    try:
        redis = get_redis_connection("default")
        return bool(redis.set(f"wc:writing:{thread.pk}", b"1", nx=True, ex=SHOWN_SECONDS))
    except RedisError:
        return False
