"""The work on hold as staff see it: the reason, when it resumes, and what can be done."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.official.error_sentences import is_unreadable, sentence, unreadable
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights
from wechat.kernel.models import Hold
from wechat.kernel.registry import Registry
from wechat.kernel.work import KINDS, Kind, WorkRow, holds

Cause = Hold.Cause
# The functions that explain holds of work that is not done for an account, by the name of the work.
WORDS: Registry[Callable[[Hold], str]] = Registry("words about held work")
# For work on hold for merchants or receivers, by its name: returns those whose holds the reader may lift.
DECIDED: Registry[Callable[[HttpRequest], QuerySet[Any]]] = Registry("decision about held work")
# A reader who may change one of these areas may resume work on hold for an account, except the work that
# ``AREAS`` assigns to another area.
CHANGED_BY = (Area.FOLLOWERS, Area.CONTENT, Area.SENDING)
AREAS: Registry[Area] = Registry("area of held work")
# A reader who may change none of these areas can decide nothing about held work.
DECIDING = (*CHANGED_BY, Area.MONEY)


def of(account: OfficialAccount, *works: str) -> list[str]:
    """Returns the reasons why these kinds of work of the account wait, as sentences without repetition."""
    return list(dict.fromkeys(reason_with_part(hold) for hold in _holds(account, works).order_by("-until")))


def resume(account: OfficialAccount, works: Iterable[str]) -> bool:
    """Resumes these kinds of work of the account at once; returns whether any was on hold."""
    return lift(_holds(account, works))


def resume_after_quota(account: OfficialAccount) -> None:
    """Resumes the work that waited only for the daily quota, because the account has calls again."""
    lift(_holds(account, KINDS.names()).filter(cause=Cause.QUOTA))


def may_resume(request: HttpRequest, account_id: int | None, *works: str) -> bool:
    """Returns whether the reader of the page may resume all these kinds of work of the account."""
    rights = Rights.of(request.user)
    return all(any(rights.may_change(area, account_id) for area in _areas(work)) for work in works)


def _areas(work: str) -> tuple[Area, ...]:
    area = AREAS.find(work)
    return CHANGED_BY if area is None else (area,)


def decided_by(request: HttpRequest, account: OfficialAccount) -> Q:
    """Returns the filter for holds that the reader may lift: of the account, merchants, and receivers."""
    if Rights.of(request.user).everything:
        return Q()
    ours = [name for name in KINDS.names() if name not in DECIDED and may_resume(request, account.pk, name)]
    mine = Q(work__in=ours, subject=account.pk)
    for work, subjects in DECIDED.by_name().items():
        mine |= Q(work=work, subject__in=subjects(request).values("pk"))
    return mine


def lift(held: QuerySet[Hold]) -> bool:
    """Ends these holds; returns whether there were any."""
    found = list(held)
    holds.lift_all(found)
    return bool(found)


@dataclass(frozen=True, slots=True)
class Overdue:
    """The overdue sends of one kind: ``number`` of them, the first planned for ``since``."""

    work: str
    number: int
    since: datetime.datetime


def overdue(account: OfficialAccount, *works: str) -> list[Overdue]:
    """Returns the overdue sends of these kinds, which wait for a person's decision."""
    found = []
    for kind in _asking(works):
        rows = kind.overdue(account.pk)
        if since := rows.aggregate(since=Min("due_at"))["since"]:
            found.append(Overdue(kind.name, rows.count(), since))
    return found


def send_overdue(account: OfficialAccount, works: Iterable[str]) -> int:
    """Sends the overdue sends of these kinds now; returns their number."""
    return sum(kind.send_overdue(account.pk) for kind in _asking(works))


def cancel_overdue(account: OfficialAccount, works: Iterable[str]) -> int:
    """Cancels the overdue sends of these kinds, so that they are never sent; returns their number."""
    return sum(kind.cancel_overdue(account.pk) for kind in _asking(works))


def _asking(works: Iterable[str]) -> Iterator[Kind[WorkRow]]:
    for name in works:
        kind = KINDS.find(name)
        if isinstance(kind, Kind) and kind.asks is not None:
            yield kind


def _holds(account: OfficialAccount, works: Iterable[str]) -> QuerySet[Hold]:
    """Returns the holds of these kinds of work on the account itself.

    Other kinds are left out: in their holds the same number may be a merchant or a receiver.
    """
    ours = [name for name in works if _is_of_accounts(name)]
    return Hold.objects.filter(work__in=ours, subject=account.pk, until__isnull=False)


def _is_of_accounts(name: str) -> bool:
    kind = KINDS.find(name)
    return isinstance(kind, Kind) and kind.subject.split("__")[-1] == "account_id"


def reason_with_part(hold: Hold) -> str:
    """Returns why work waits, with the part of it that does, where the rest of the kind may go on."""
    kind = KINDS.find(hold.work)
    part = kind.parts.get(hold.part) if kind else None
    return _("%(part)s: %(reason)s") % {"part": part, "reason": reason(hold)} if part else reason(hold)


def reason(hold: Hold) -> str:
    """Returns a sentence or two for staff on why work waits."""
    say = WORDS.find(hold.work)
    return say(hold) if say else usual_reason(hold)


def usual_reason(hold: Hold) -> str:
    """Returns the sentence for a hold whose kind of work registers no words of its own."""
    match hold.cause:
        case Cause.QUOTA:
            return _("WeChat's limit of the day is used up. It goes on by itself at %(until)s.") % when(hold)
        case Cause.RATE:
            return _("WeChat's limit a minute is reached. It goes on by itself at %(until)s.") % when(hold)
        case Cause.ACCOUNT:
            return _(
                "WeChat refuses this for the whole account: %(why)s Nobody is lost: it is tried again at "
                "%(until)s, and goes on by itself once the cause is gone."
            ) % {"why": sentence(hold.errcode, hold.error), **when(hold)}
    if is_unreadable(hold.error):
        return _("%(why)s It is tried again at %(until)s, and goes on by itself.") % {
            "why": unreadable(),
            **when(hold),
        }
    return _("It could not be reached. It is tried again at %(until)s, and goes on by itself.") % when(hold)


def when(hold: Hold) -> dict[str, str]:
    """Returns the time at which the work resumes or is retried, as ``until``."""
    until = timezone.localtime(hold.until)
    is_today = until.date() == timezone.localdate()
    return {"until": date_format(until, "H:i:s" if is_today else "m-d H:i")}
