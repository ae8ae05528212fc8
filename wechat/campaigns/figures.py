"""The forecast of a campaign in numbers: who is excluded and why, the kinds of message, the end."""

import datetime
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.campaigns.counters import Tally
from wechat.campaigns.models import Campaign, Recipient
from wechat.kernel import hours
from wechat.pushes import send_rates
from wechat.pushes.models import Push, SendRate
from wechat.pushes.senders import SENDERS
from wechat.sdk.answers import number, part
from wechat.sdk.calls.base import quota_get
from wechat.sdk.errors import WeChatError

Outcome = Recipient.Outcome
# The number of days after which the search for the end of a campaign gives up.
FORECAST_DAYS = 120


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """The number of recipients with one reason, and the values that filter the list of recipients by it."""

    label: str
    number: int
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KindCount:
    """The number of recipients who get one kind of message.

    ``left`` is the day's quota that remains after them; ``None`` if WeChat did not tell it.
    """

    label: str
    number: int
    left: int | None = None

    @property
    def available(self) -> int:
        """Returns the day's quota that remains before these messages are sent."""
        return (self.left or 0) + self.number

    @property
    def lacks(self) -> int:
        return max(0, -(self.left or 0))


REASONS: dict[str, StrOrPromise] = {
    reason.value: reason.label for reason in (*Push.Reason, *Recipient.Reason)
}


def reason_counts(tally: Tally, *states: str) -> list[ReasonCount]:
    """Returns the counts of the recipients in these states by reason, the largest first."""
    return [
        ReasonCount(str(REASONS.get(reason, "") or Outcome(state).label), number, state, reason)
        for (state, reason), number in tally.reasons(*states).items()
    ]


def kind_counts(tally: Tally, account: OfficialAccount | None = None) -> list[KindCount]:
    """Returns the waiting recipients by kind; with an account, WeChat is asked for the day's quota."""
    found = []
    for kind in Push.Kind:
        number = tally.number(Outcome.WAITING, kind=kind)
        if number:
            left = _left(account, kind) if account else None
            found.append(KindCount(str(kind.label), number, None if left is None else left - number))
    return found


def _left(account: OfficialAccount, kind: str) -> int | None:
    try:
        response = quota_get(client_for(account), SENDERS[kind].path)
    except WeChatError:
        return None
    day = part(response, "quota")
    left = number(day, "remain", -1)
    return left if left >= 0 else None


def ends_at(campaign: Campaign, tally: Tally, now: datetime.datetime) -> datetime.datetime | None:
    """Returns when the last message leaves at the set speed, outside of the quiet hours.

    ``None`` if that is months away.
    """
    seconds = _seconds(campaign, tally)
    at = max(now, campaign.starts_at or now)
    for _day in range(FORECAST_DAYS):
        at = campaign.quiet_ends(at) or at
        quiet = hours.next_time(campaign.quiet_from, at) if campaign.quiet_from is not None else None
        if quiet is None or at + datetime.timedelta(seconds=seconds) <= quiet:
            return at + datetime.timedelta(seconds=seconds)
        seconds -= (quiet - at).total_seconds()
        at = quiet
    return None


def _seconds(campaign: Campaign, tally: Tally) -> float:
    """Returns the duration of the sending in seconds.

    The kinds are sent in parallel, each at its send rate, all of them together at the campaign's.
    """
    set_speeds = dict(
        SendRate.objects.filter(account=campaign.account_id, per_second__isnull=False).values_list(
            "kind", "per_second"
        )
    )
    slowest = 0.0
    for kind in Push.Kind:
        speed = set_speeds.get(kind) or send_rates.PER_SECOND[kind]
        slowest = max(slowest, tally.number(Outcome.WAITING, kind=kind) / speed)
    if campaign.per_second:
        slowest = max(slowest, tally.number(Outcome.WAITING) / campaign.per_second)
    return slowest
