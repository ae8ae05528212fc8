"""The typing indicator: the follower sees that somebody is writing, where the platform allows it.

It is only a courtesy: it is never retried, and nothing depends on it. Reference: WeChat reference 8.3 Typing.
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

# After this time the task expires: the indicator would be wrong.
SECONDS = 5
# The platform shows the indicator for about as long, and only this soon after a message.
SHOWN_SECONDS = 12
SOON_AFTER = datetime.timedelta(seconds=30)


def claim_showing(thread: Thread) -> bool:
    """Returns whether the caller should ask for the indicator, and claims it for as long as it is shown.

    The claim fails while the indicator is shown, and where the platform would refuse it.
    """
    return _is_able(thread.account) and _has_just_talked(thread) and _is_first(thread)


def ask_for(thread: Thread) -> None:
    """Enqueues the task that shows the indicator; does nothing if the broker cannot be reached."""
    try:
        current_app.send_task("desk.show_typing", (thread.pk,), queue=work.INTERACTIVE, expires=SECONDS)
    except OperationalError as error:
        log.warning("typing_not_shown", extra={"error": str(error)})


def show(thread: Thread) -> None:
    try:
        api.typing(client_for(thread.account), thread.openid)
    except WeChatError:
        # Shown already, too late, or not permitted: the client has logged it, and nothing needs repair.
        return


def _is_able(account: OfficialAccount) -> bool:
    """Returns whether the account has the right to show the indicator; ``True`` if that is not known."""
    return bool(account.abilities.get("service_messages", {}).get("able", True))


def _has_just_talked(thread: Thread) -> bool:
    since = timezone.now() - SOON_AFTER
    newest = replying.newest_of_staff(thread)
    return thread.newest_at > since or bool(newest and newest.sent_at and newest.sent_at > since)


def _is_first(thread: Thread) -> bool:
    try:
        redis = get_redis_connection("default")
        return bool(redis.set(f"wc:typing:{thread.pk}", b"1", nx=True, ex=SHOWN_SECONDS))
    except RedisError:
        return False
