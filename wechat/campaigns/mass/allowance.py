"""The audience of a mass send, and the platform's remaining allowance of the month or the day.

A follower of a 服务号 receives at most 4 mass messages a calendar month; a 订阅号 sends once a day. Messages
on their way count as well. Days and months are those of China. Reference: WeChat reference 11.
"""

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from accounts.followers import selection
from accounts.followers.models import Follower
from accounts.followers.segments import UnknownCondition
from accounts.official.models import OfficialAccount
from wechat.campaigns.models import MassCall, MassRecipient, MassSend
from wechat.sdk.beijing import BEIJING

Target = MassSend.Target

A_MONTH = 4
NOT_SENT = [MassCall.State.FAILED]
# Accepted by the platform; content that is deleted later was received nevertheless.
ACCEPTED_STATES = [
    MassCall.State.ACCEPTED,
    MassCall.State.DONE,
    MassCall.State.DELETING,
    MassCall.State.DELETED,
]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The numbers of followers from chosen to reached; ``exact`` is false if they are estimates."""

    chosen: int
    gone: int
    blacklisted: int
    used_up: int
    exact: bool = True

    @property
    def will_get(self) -> int:
        return max(0, self.chosen - self.gone - self.blacklisted - self.used_up)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar with the mass sends that begin on it; ``number`` 0 is a day of another month."""

    number: int
    is_today: bool = False
    sends: Sequence[MassSend] = ()


def chosen(send: MassSend) -> QuerySet[Follower]:
    """Returns the followers that the target selects. Raises ``segments.UnknownCondition``."""
    everybody = Follower.objects.filter(account=send.account_id)
    if send.target == Target.TAG:
        return everybody.filter(
            pk__in=Follower.tags.through.objects.filter(tag=send.tag_id).values("follower")
        )
    if send.target == Target.SEGMENT:
        return send.segment.rows() if send.segment else everybody.none()
    if send.target == Target.LIST:
        return everybody.filter(openid__in=send.openids)
    return everybody


def receivers(send: MassSend, at: datetime.datetime) -> QuerySet[Follower]:
    """Returns the followers who get the mass send at that time. Raises ``segments.UnknownCondition``."""
    return _willing(chosen(send)).exclude(openid__in=used_up(send.account, at))


def arithmetic(send: MassSend, at: datetime.datetime, *, with_planned: bool = False) -> Arithmetic:
    """Returns the numbers for a mass send at that time. Raises ``segments.UnknownCondition``.

    ``with_planned`` counts the mass sends that are planned as if they were sent.
    """
    all_of_them = chosen(send)
    staying = all_of_them.filter(subscribed=True)
    spent_by = used_up(send.account, at, with_planned=with_planned)
    counts = [
        selection.count(rows)
        for rows in (
            all_of_them,
            all_of_them.filter(subscribed=False),
            staying.filter(blacklisted=True),
            _willing(all_of_them).filter(openid__in=spent_by),
        )
    ]
    numbers = [number for number, _exact in counts]
    if send.target == Target.LIST:
        # OpenIDs that are unknown here count as not following.
        strangers = len(send.openids) - numbers[0]
        numbers[0], numbers[1] = len(send.openids), numbers[1] + strangers
    everybody, gone, blacklisted, spent = numbers
    return Arithmetic(everybody, gone, blacklisted, spent, all(exact for _number, exact in counts))


def used_up(
    account: OfficialAccount, at: datetime.datetime, *, with_planned: bool = False
) -> QuerySet[Follower, str]:
    """Returns the openids of the followers who can get no more mass messages in the month of that time.

    A mass send to everybody counts for those who followed when it was accepted.
    """
    followers = Follower.objects.filter(account=account).values_list("openid", flat=True)
    if account.kind != OfficialAccount.Kind.SERVICE:
        return followers.none()
    planned = list(_planned(account, at)) if with_planned else []
    to_all = [None for send in planned if send.target == Target.ALL]
    to_some = _in_plans([send for send in planned if send.target != Target.ALL])
    went = [*to_all, *_sent_to_all(account, at)][:A_MONTH]
    spent = Q(pk__in=[])
    for number, following in enumerate([Q(), *map(_following, went)]):
        for more, meant in enumerate(to_some[: A_MONTH - number + 1]):
            spent |= following & meant & _got(account, at, A_MONTH - number - more)
    return followers.filter(spent)


def left_to_all(account: OfficialAccount, at: datetime.datetime) -> int:
    """Returns how many more mass sends to everybody may be planned for the month of that time."""
    planned = _planned(account, at).filter(target=Target.ALL).count()
    return max(0, A_MONTH - len(_sent_to_all(account, at)) - planned)


def planned_to_some(account: OfficialAccount, at: datetime.datetime) -> int:
    """Returns how many mass sends by tag, segment or list are planned for the month of that time."""
    return _planned(account, at).exclude(target=Target.ALL).count()


def sent_since(account: OfficialAccount, since: datetime.datetime) -> list[QuerySet[Any, str]]:
    """Returns queries for the openids of the followers to whom mass sends went since that time."""
    went = MassCall.objects.filter(account=account, state__in=ACCEPTED_STATES, accepted_at__gte=since)
    named = MassRecipient.objects.filter(account=account, call__in=went)
    found: list[QuerySet[Any, str]] = [named.order_by().values_list("openid", flat=True)]
    newest = went.filter(send__target=Target.ALL).aggregate(at=Max("accepted_at"))["at"]
    if newest is not None:
        followed = Follower.objects.filter(_following(newest), account=account)
        found.append(followed.order_by().values_list("openid", flat=True))
    return found


def month_counts(account: OfficialAccount, at: datetime.datetime) -> list[tuple[int, int]]:
    """Returns pairs (number of mass messages, number of followers who got that many) for the month.

    Mass sends to everybody are not counted.
    """
    counts = _counted(account, at).values("openid").annotate(n=Count("pk")).values_list("n", flat=True)
    tally: dict[int, int] = {}
    for number in counts.iterator():
        tally[number] = tally.get(number, 0) + 1
    return sorted(tally.items())


def is_spent_today(account: OfficialAccount, at: datetime.datetime) -> bool:
    """Returns whether a 订阅号 has used or planned its mass send of that day; ``False`` for a 服务号."""
    if account.kind != OfficialAccount.Kind.SUBSCRIPTION:
        return False
    day = at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    begun = MassCall.objects.filter(
        account=account, send__started_at__gte=day, send__started_at__lt=day + datetime.timedelta(days=1)
    )
    planned = MassSend.objects.filter(
        account=account,
        state=MassSend.State.SCHEDULED,
        starts_at__gte=day,
        starts_at__lt=day + datetime.timedelta(1),
    )
    return begun.exclude(state__in=NOT_SENT).exists() or planned.exists()


def month(at: datetime.datetime) -> datetime.datetime:
    """Returns when the calendar month of that time began."""
    local = at.astimezone(BEIJING)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(at: datetime.datetime) -> datetime.datetime:
    """Returns when the calendar month of that time ends."""
    return (month(at) + datetime.timedelta(days=32)).replace(day=1)


def weeks(account: OfficialAccount, at: datetime.datetime) -> list[list[Day]]:
    """Returns the calendar of the month, Monday first, with what was sent and is planned."""
    local = at.astimezone(BEIJING)
    today = timezone.now().astimezone(BEIJING).date()
    by_day: dict[int, list[MassSend]] = {}
    begins, ends = month(at), next_month(at)
    found = MassSend.objects.filter(account=account).filter(
        Q(started_at__gte=begins, started_at__lt=ends)
        | Q(state=MassSend.State.SCHEDULED, starts_at__gte=begins, starts_at__lt=ends)
    )
    for send in found.exclude(state=MassSend.State.FAILED).order_by("pk"):
        moment = send.started_at or send.starts_at
        assert moment is not None
        by_day.setdefault(moment.astimezone(BEIJING).day, []).append(send)
    return [
        [
            Day(number, local.replace(day=number or 1).date() == today and number > 0, by_day.get(number, []))
            for number in week
        ]
        for week in calendar.Calendar().monthdayscalendar(local.year, local.month)
    ]


def _willing(followers: QuerySet[Follower]) -> QuerySet[Follower]:
    return followers.filter(subscribed=True, blacklisted=False)


def _sent_to_all(account: OfficialAccount, at: datetime.datetime) -> list[datetime.datetime | None]:
    """Returns when WeChat accepted the mass sends to everybody that began in the month, the newest first.

    ``None`` stands for one that it has not accepted, as far as is known; these come first.
    """
    calls = MassCall.objects.filter(account=account, send__target=Target.ALL, send__started_at__gte=month(at))
    newest_first = calls.exclude(state__in=NOT_SENT).order_by(F("accepted_at").desc(nulls_first=True))
    return list(newest_first.values_list("accepted_at", flat=True))


def _planned(account: OfficialAccount, at: datetime.datetime) -> QuerySet[MassSend]:
    planned = MassSend.objects.filter(account=account, state=MassSend.State.SCHEDULED)
    return planned.filter(starts_at__gte=month(at), starts_at__lt=next_month(at)).order_by("starts_at")


def _in_plans(sends: Sequence[MassSend]) -> list[Q]:
    """Returns the conditions for followers selected by at least 0, 1, 2 … of the mass sends."""
    times = [Q()]
    for meant in filter(None, map(_meant, sends)):
        more = [times[number] | (times[number - 1] & meant) for number in range(1, len(times))]
        times = [Q(), *more, times[-1] & meant][: A_MONTH + 1]
    return times


def _meant(send: MassSend) -> Q | None:
    """Returns the condition for the followers that the target selects; ``None`` if its segment is broken."""
    try:
        return Q(pk__in=chosen(send).order_by().values("pk"))
    except UnknownCondition:
        return None


def _following(moment: datetime.datetime | None) -> Q:
    """Returns the condition for those who followed then, as far as is known; ``None``: for everybody."""
    if moment is None:
        return Q(pk__isnull=False)
    returned = Q(first_subscribed_at__lte=moment, unsubscribed_at__gt=moment)
    return Q(subscribed_at=None) | Q(subscribed_at__lte=moment) | returned


def _got(account: OfficialAccount, at: datetime.datetime, number: int) -> Q:
    """Returns the condition for followers named in at least ``number`` mass sends of the month."""
    if number <= 0:
        return Q(pk__isnull=False)
    counted = _counted(account, at).values("openid").annotate(n=Count("pk")).filter(n__gte=number)
    return Q(openid__in=counted.values("openid"))


def _counted(account: OfficialAccount, at: datetime.datetime) -> QuerySet[MassRecipient]:
    mine = MassRecipient.objects.filter(account=account, at__gte=month(at))
    return mine.exclude(call__state__in=NOT_SENT)
