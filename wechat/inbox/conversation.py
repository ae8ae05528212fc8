"""The conversation of one follower with the account, in both directions and in time order.

Messages and their passive answers come from the inbox. Other apps that send to followers register a source::

    @register
    def pushed(account, openid, before, limit): ...
"""

import datetime
import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.followers.labels import name_of
from accounts.official.models import OfficialAccount
from wechat.console.phrases import labelled
from wechat.inbox import answerers, event_names
from wechat.inbox.bubbles import Bubble, Part, of_content, of_message
from wechat.inbox.models import NOT_A_RECEIPT, InboundMedia, InboundMessage
from wechat.kernel.registry import Registry
from wechat.sdk.errors import ContentError, MalformedMessage
from wechat.sdk.stored_content import from_dict

PAGE = 30

# Given the account, the follower's openid, a moment and a number: the bubbles before that moment (all, if
# it is None), newest first, at most that many rows' worth.
Source = Callable[[OfficialAccount, str, datetime.datetime | None, int], Iterable[Bubble]]

_sources: Registry[Source] = Registry("source of bubbles")


def register(source: Source) -> Source:
    return _sources.register(source)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a conversation, ``bubbles`` oldest first; ``before`` is the start of the next older page."""

    bubbles: Sequence[Bubble]
    before: datetime.datetime | None


def page(account: OfficialAccount, openid: str, before: datetime.datetime | None = None) -> Page:
    streams = [source(account, openid, before, PAGE + 1) for source in _sources]
    newest_first = heapq.merge(*streams, key=lambda bubble: bubble.at, reverse=True)
    shown: list[Bubble] = []
    # A message and its answer share a moment: a page ends between moments, never inside one.
    for _moment, together in itertools.groupby(newest_first, key=lambda bubble: bubble.at):
        if len(shown) >= PAGE:
            return Page(shown[::-1], shown[-1].at)
        shown.extend(together)
    return Page(shown[::-1], None)


@register
def received(
    account: OfficialAccount, openid: str, before: datetime.datetime | None, limit: int
) -> Iterator[Bubble]:
    """Yields the follower's messages with their passive answers, the newest first."""
    rows = InboundMessage.objects.filter(NOT_A_RECEIPT, account=account, openid=openid)
    if before is not None:
        rows = rows.filter(received_at__lt=before)
    newest = sorted(
        rows.prefetch_related("media").order_by("-pk")[:limit], key=lambda row: row.received_at, reverse=True
    )
    names = answerers.names(row.answered_by for row in newest)
    event_names.attach_event_names(newest)
    for row in newest:
        if row.answer is not None:
            yield _answer(row, names)
        yield _question(row)


def _question(row: InboundMessage) -> Bubble:
    note, status = _trouble(row)
    media = {each.kind: each for each in row.media.all()}
    still = media.pop(InboundMedia.Kind.THUMB, None)
    return Bubble(
        row.received_at,
        ours=False,
        part=part_of(row),
        note=note,
        status=status,
        row_id=row.pk,
        media=next(iter(media.values()), None),
        still=still if still and still.file else None,
    )


def _trouble(row: InboundMessage) -> tuple[str, str]:
    if row.is_given_up:
        return _("Handling failed"), "bad"
    if row.late:
        return _("Answered late"), "warn"
    if row.kind == "text" and not row.answered_by:
        return _("No rule answered"), "warn"
    return "", ""


def _answer(row: InboundMessage, names: answerers.AnswererNames) -> Bubble:
    by = names.of(row.answered_by)
    return Bubble(
        row.received_at, ours=True, part=_part_of_answer(row.answer), note=by.name, note_link=by.link
    )


def part_of(row: InboundMessage) -> Part:
    """Returns the part of a bubble that shows a row, or says that it is unreadable."""
    if row.in_words:
        return Part("system", labelled(name_of(row.kind, row.event), row.in_words))
    try:
        return of_message(row.message)
    except MalformedMessage:
        return Part("other", row.body[:500], _("Unreadable"))


def _part_of_answer(stored: Any) -> Part:
    try:
        return of_content(from_dict(stored))
    except ContentError:
        return Part("other", str(stored)[:500], _("Unreadable"))
