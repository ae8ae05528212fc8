"""Sending again, which only a person decides: the follower may already have the message."""

from django.utils import timezone

from wechat.kernel import work
from wechat.pushes.models import Push

State = Push.State

REPEATABLE = frozenset({State.UNCERTAIN, State.FAILED, State.SKIPPED})


def may_repeat(push: Push) -> bool:
    return push.state in REPEATABLE


def send_again(push: Push) -> bool:
    """Put it back in the queue; ``False`` if it is no longer in a state for that."""
    changed = Push.objects.filter(pk=push.pk, state__in=REPEATABLE).update(
        state=State.PENDING,
        reason="",
        errcode=None,
        error="",
        due_at=timezone.now(),
        tried_at=None,
        sent_at=None,
        msgid=None,
    )
    work.wake("pushes.send")
    return bool(changed)
