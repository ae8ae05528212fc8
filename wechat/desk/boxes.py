"""The boxes of the desk: which conversations are listed, and in which order."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.followers import people, searching
from accounts.followers.people import Person
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Rights
from wechat.desk import staff, threads
from wechat.desk.models import Thread

SHOWN = 60

Threads = QuerySet[Thread]


@dataclass(frozen=True)
class Box:
    """A box of conversations.

    ``narrow`` keeps the conversations of the box; ``order`` is that of an index.
    """

    title: StrOrPromise
    narrow: Callable[[Threads, User], Threads]
    order: str = "-newest_at"


def _opened(rows: Threads) -> Threads:
    return rows.filter(newest_id__gt=F("closed_id"))


def _at_hand(rows: Threads) -> Threads:
    now = timezone.now()
    return rows.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now))


def waiting_rows(rows: Threads | None = None) -> Threads:
    """Returns those of the conversations that wait for a person now; of all, unless told of which."""
    of = Thread.objects.all() if rows is None else rows
    return _at_hand(of.filter(waiting_since__isnull=False))


BOXES: Mapping[str, Box] = {
    "waiting": Box(_("To answer"), lambda rows, user: waiting_rows(rows), "waiting_since"),
    "mine": Box(_("Mine"), lambda rows, user: _at_hand(_opened(rows.filter(assignee=user)))),
    "unassigned": Box(_("Unassigned"), lambda rows, user: _at_hand(_opened(rows.filter(assignee=None)))),
    "open": Box(_("Open"), lambda rows, user: _opened(rows)),
    "later": Box(
        _("Put off"), lambda rows, user: rows.filter(snoozed_until__gt=timezone.now()), "snoozed_until"
    ),
    "all": Box(_("All"), lambda rows, user: rows),
}
USUAL = "waiting"


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation in the list; ``waits`` is how long its follower has waited, ``None`` if nobody waits."""

    thread: Thread
    person: Person
    unread: int
    waits: datetime.timedelta | None
    assignee: str


def box_named(name: str) -> str:
    return name if name in BOXES else USUAL


def lines(account: OfficialAccount, name: str, user: User, search: str = "") -> Sequence[ConversationLine]:
    """Returns the first conversations of a box.

    A search looks through all of them, by what is known of people.
    """
    rows = Thread.objects.filter(account=account).select_related("assignee")
    box = BOXES[name]
    rows = _found(rows, account, user, search) if search else box.narrow(rows, user)
    shown = list(rows.order_by(box.order, "pk")[:SHOWN])
    known = people.of(account.pk, (thread.openid for thread in shown))
    now = timezone.now()
    return [
        ConversationLine(
            thread=thread,
            person=known[thread.openid],
            unread=threads.unread(thread) if thread.newest_id > thread.read_id else 0,
            waits=now - thread.waiting_since if thread.waiting_since else None,
            assignee=staff.name(thread.assignee) if isinstance(thread.assignee, User) else "",
        )
        for thread in shown
    ]


def waiting(account: OfficialAccount, most: int = 99) -> int:
    """Returns how many conversations wait, at most ``most``."""
    return waiting_rows().filter(account=account)[:most].count()


def _found(rows: Threads, account: OfficialAccount, user: User, search: str) -> Threads:
    rights = Rights.of(user)
    found = searching.openids(account.pk, search, lambda area: rights.may_view(area, account.pk))
    return rows.filter(Q(openid__startswith=search) | Q(openid__in=found))
