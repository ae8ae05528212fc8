"""Where the desk joins in: it hears what followers write, and silences the rules while a person talks."""

import datetime
from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from wechat.desk import staff, takeovers, threads
from wechat.desk.models import Note
from wechat.inbox import conversation
from wechat.inbox.bubbles import Bubble, Part
from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, reacts


@answers(order=Precedence.DESK, quick=True)
def leave_it_to_the_person(event: InboundEvent) -> Answer | None:
    return takeovers.silence(event)


@reacts()
def note_message(event: InboundEvent) -> None:
    if event.row is not None and event.row.openid and not event.message.event:
        threads.note_message(event.row)


@conversation.register
def noted(
    account: OfficialAccount, openid: str, before: datetime.datetime | None, limit: int
) -> Iterator[Bubble]:
    """The staff's notes, among what was said."""
    notes = Note.objects.filter(thread__account=account, thread__openid=openid).select_related("author")
    if before is not None:
        notes = notes.filter(created_at__lt=before)
    for note in notes.order_by("-created_at")[:limit]:
        author = staff.name(note.author) if note.author else _("somebody who left")
        yield Bubble(note.created_at, ours=True, part=Part("note", note.text), note=author)
