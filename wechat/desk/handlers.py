"""The registrations of the desk: it stores what followers write, and is a place of handover for rules.

While a person talks with a follower it silences the rules.
"""

import datetime
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.console import page_paths
from wechat.contents.models import pages_of
from wechat.desk import queue_variables, service_hours, staff, takeovers, threads
from wechat.desk.models import CannedAnswer, Note
from wechat.inbox import conversation, event_names
from wechat.inbox.bubbles import Bubble, Part
from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, reacts
from wechat.replies import rulebook
from wechat.replies.handovers import HANDOVERS, Handover

NAME = "desk"
# Registered by being imported.
__all__ = ["queue_variables"]


@answers(order=Precedence.DESK, quick=True)
def leave_it_to_the_person(event: InboundEvent) -> Answer | None:
    return takeovers.silence(event)


HANDOVERS.add(
    NAME,
    Handover(
        gettext_lazy("our service desk"),
        service_hours.is_open,
        gettext_lazy("Nobody is at our desk now ({hours}). We have your message and answer {opens|soon}."),
    ),
)


@reacts()
def note_message(event: InboundEvent) -> None:
    """Records a follower's message, or an event (such as a tap on a menu) by which a rule hands them over."""
    row = event.row
    if row is None or not row.openid:
        return
    is_handed_over = rulebook.handed_to(event) == NAME
    if is_handed_over:
        event_names.attach_event_names([row])
    if is_handed_over or not event.message.event:
        threads.note_message(row, is_handed_over=is_handed_over)


@conversation.register
def noted(
    account: OfficialAccount, openid: str, before: datetime.datetime | None, limit: int
) -> Iterator[Bubble]:
    """Yields the staff's notes as bubbles of the conversation, the newest first."""
    notes = Note.objects.filter(thread__account=account, thread__openid=openid).select_related("author")
    if before is not None:
        notes = notes.filter(created_at__lt=before)
    for note in notes.order_by("-created_at")[:limit]:
        author = staff.name(note.author) if note.author else _("somebody who left")
        yield Bubble(note.created_at, ours=True, part=Part("note", note.text), note=author)


@page_paths.used.register
def pages(account_id: int) -> Iterator[page_paths.Pairs]:
    yield pages_of(CannedAnswer.objects.filter(account=account_id))
