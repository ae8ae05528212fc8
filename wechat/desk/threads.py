"""The state changes of a conversation: heard, read, answered, put off, closed.

In all functions the ``newest_id`` of the given conversation is the newest message that was seen: later
messages still wait.
"""

import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from wechat.desk.models import ReplyTime, Thread
from wechat.desk.staff import is_mark
from wechat.inbox.models import InboundMessage

LONGEST_BEGINNING = 200

# In any order and more than once: only ids and times that are newer than what is on record change it.
NOTE_MESSAGE = """
INSERT INTO desk_thread
    (account_id, openid, newest_id, newest_at, newest_text, read_id, answered_id, closed_id, waiting_since)
VALUES (%s, %s, %s, %s, %s, 0, 0, 0, %s)
ON CONFLICT (account_id, openid) DO UPDATE SET
    newest_id = greatest(desk_thread.newest_id, excluded.newest_id),
    newest_at = greatest(desk_thread.newest_at, excluded.newest_at),
    newest_text = CASE WHEN excluded.newest_id > desk_thread.newest_id
        THEN excluded.newest_text ELSE desk_thread.newest_text END,
    snoozed_until = CASE WHEN excluded.newest_id > desk_thread.newest_id
        THEN NULL ELSE desk_thread.snoozed_until END,
    waiting_since = CASE WHEN excluded.newest_id > greatest(desk_thread.answered_id, desk_thread.closed_id)
        THEN least(desk_thread.waiting_since, excluded.waiting_since) ELSE desk_thread.waiting_since END
"""


def note_message(row: InboundMessage, *, is_handed_over: bool = False) -> None:
    """Records a follower's message.

    The follower waits for a person if a rule handed them over, no rule answered, or a takeover is running.
    """
    unanswered = row.answer is None and not row.later and (not row.answered_by or is_mark(row.answered_by))
    waits = is_handed_over or unanswered
    with connection.cursor() as cursor:
        cursor.execute(
            NOTE_MESSAGE,
            [
                row.account_id,
                row.openid,
                row.pk,
                row.received_at,
                _beginning(str(row)),
                row.received_at if waits else None,
            ],
        )


def _beginning(text: str) -> str:
    # As the database counts: Django's truncator leaves out accents, of which a letter may have hundreds.
    return text if len(text) <= LONGEST_BEGINNING else f"{text[: LONGEST_BEGINNING - 1]}…"


def read(thread: Thread) -> None:
    Thread.objects.filter(pk=thread.pk, read_id__lt=thread.newest_id).update(read_id=thread.newest_id)


def answered(thread: Thread, by: User) -> None:
    """Records a reply by staff: messages up to the newest one seen no longer wait.

    A conversation without an assignee is assigned to ``by``.
    """
    _note_reply_time(thread)
    Thread.objects.filter(pk=thread.pk).update(
        answered_id=Greatest("answered_id", thread.newest_id),
        read_id=Greatest("read_id", thread.newest_id),
        waiting_since=_still_waiting(thread),
        assignee=Coalesce("assignee", by.pk, output_field=IntegerField()),
        snoozed_until=None,
    )


def _note_reply_time(thread: Thread) -> None:
    now = timezone.now()
    since = Thread.objects.filter(pk=thread.pk).values_list("waiting_since", flat=True).first()
    if since is not None:
        ReplyTime.objects.create(account=thread.account, at=now, waited=now - since)


def close(thread: Thread) -> None:
    """Closes the conversation until the follower writes again."""
    Thread.objects.filter(pk=thread.pk).update(
        closed_id=Greatest("closed_id", thread.newest_id),
        waiting_since=_still_waiting(thread),
        snoozed_until=None,
    )


def reopen(thread: Thread) -> None:
    Thread.objects.filter(pk=thread.pk).update(closed_id=0)


def put_off(thread: Thread, until: datetime.datetime) -> bool:
    """Postpones the conversation; returns ``False`` if the follower wrote a message that nobody has seen."""
    seen = Thread.objects.filter(pk=thread.pk, newest_id__lte=thread.newest_id)
    return bool(seen.update(snoozed_until=until))


def assign(thread: Thread, to: User | None) -> None:
    Thread.objects.filter(pk=thread.pk).update(assignee=to)


def unread(thread: Thread, most: int = 99) -> int:
    """Returns the number of messages that nobody on the desk has seen, at most ``most``."""
    newer = InboundMessage.objects.filter(
        account=thread.account_id, openid=thread.openid, pk__gt=thread.read_id
    ).exclude(kind="event")
    return newer[:most].count()


def _still_waiting(thread: Thread) -> Case:
    """Returns the expression for ``waiting_since``, kept if a message arrived after the newest one seen."""
    return Case(When(newest_id__gt=thread.newest_id, then=F("waiting_since")), default=Value(None))
