"""The takeovers of conversations from the rules by a person.

During a takeover the rules do not answer the follower's messages; menus and other events are answered as
usual. It ends when the person gives the conversation back, or some time after their last message.
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
    """Returns an empty answer during a takeover, which silences the rules; otherwise ``None``."""
    until, by = _turns.get().get((event.account.pk, event.message.openid), (None, ""))
    if until is None or event.message.event or until.timestamp() <= event.message.create_time:
        return None
    return Answer(by)


def take(thread: Thread, user: User) -> None:
    """Begins a takeover by this person, or extends it."""
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
