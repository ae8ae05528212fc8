"""The takeovers: whether rules or a person answer a follower.

While a person talks the rules are silent for this follower's messages; menus and other events are answered
as ever. The person's turn ends when they give back, or by itself some time after their last message.
"""

import datetime
from collections.abc import Mapping

from django.contrib.auth.models import User
from django.utils import timezone

from wechat.desk import staff
from wechat.desk.models import Takeover, Thread
from wechat.inbox.routing import Answer, InboundEvent
from wechat.kernel.versioned_cache import Cached

TURN = datetime.timedelta(minutes=30)

Turns = Mapping[tuple[int, str], tuple[datetime.datetime, str]]


def _build() -> Turns:
    running = Takeover.objects.filter(until__gt=timezone.now()).select_related("user")
    return {(turn.account_id, turn.openid): (turn.until, staff.mark(turn.user)) for turn in running}


_turns = Cached("desk", _build)


def silence(event: InboundEvent) -> Answer | None:
    """Answers with nothing while a person talks with this follower."""
    until, by = _turns.get().get((event.account.pk, event.message.openid), (None, ""))
    if until is None or event.message.event or until.timestamp() <= event.message.create_time:
        return None
    return Answer(by)


def take(thread: Thread, user: User) -> None:
    """Begins the person's turn to talk with the follower, or makes it last longer."""
    Takeover.objects.update_or_create(
        account_id=thread.account_id,
        openid=thread.openid,
        defaults={"user": user, "until": timezone.now() + TURN},
    )


def give_back(thread: Thread) -> None:
    Takeover.objects.filter(account=thread.account_id, openid=thread.openid).delete()


def current(thread: Thread) -> Takeover | None:
    return (
        Takeover.objects.filter(account=thread.account_id, openid=thread.openid, until__gt=timezone.now())
        .select_related("user")
        .first()
    )
