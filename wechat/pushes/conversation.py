"""The pushes to a follower, for the conversation in the message log."""

import datetime
from collections.abc import Iterator

from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.official.models import OfficialAccount
from wechat.console.phrases import labelled
from wechat.inbox.bubbles import Bubble, Part, Repeat, of_content
from wechat.pushes.models import Push
from wechat.pushes.summary import COLOURS, because, words
from wechat.pushes.transitions import may_repeat
from wechat.sdk.errors import ContentError


def pushed(
    account: OfficialAccount, openid: str, before: datetime.datetime | None, limit: int
) -> Iterator[Bubble]:
    """Yields the pushes to a follower as bubbles, newest first.

    Each has the time it was sent or, if it was not sent, created.
    """
    rows = Push.objects.filter(account=account, openid=openid).select_related("picture")
    pushes = rows.annotate(at=Coalesce("sent_at", "created_at"))
    if before is not None:
        pushes = pushes.filter(at__lt=before)
    for push in pushes.order_by("-at", "-pk")[:limit]:
        yield Bubble(
            push.at,
            ours=True,
            part=_part(push),
            note=push.get_state_display(),
            status=COLOURS[Push.State(push.state)],
            source_link=reverse("admin:pushes_push_change", args=[push.pk]),
            reason=because(push),
            repeat=_repeat(push),
            picture=_picture(push),
        )


def _repeat(push: Push) -> Repeat | None:
    if not may_repeat(push):
        return None
    link = reverse("admin:pushes_push_again", args=[push.pk])
    return Repeat(push.pk, link, surely_missed=push.state != Push.State.UNCERTAIN)


def _picture(push: Push) -> str:
    """Returns the address of the picture that staff sent, or the empty text."""
    return reverse("admin:pushes_picture", args=[push.picture.pk]) if hasattr(push, "picture") else ""


def _part(push: Push) -> Part:
    if push.kind != Push.Kind.SERVICE:
        return Part("other", labelled(push.get_kind_display(), words(push.content)))
    try:
        return of_content(push.body)
    except ContentError:
        return Part("other", words(push.content))
