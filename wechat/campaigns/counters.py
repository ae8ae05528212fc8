"""The numbers of recipients by state, counted by two indexes and kept on the campaign's row.

Those that were not queued are counted by their own state, the others by that of their pushes.
"""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count as Number
from django.utils import timezone

from wechat.campaigns.models import Campaign, Recipient
from wechat.campaigns.models.recipients import OUTCOME_OF_PUSH
from wechat.pushes import batches
from wechat.pushes.models import Push

State, Outcome = Recipient.State, Recipient.Outcome

# A count of many recipients takes a while: no more than this part of the time is spent on counting.
SHARE = 10
NOT_QUEUED = [state for state in State if state != State.QUEUED]
SENT = (Outcome.SENT, Outcome.DELIVERED)
OVER = (*SENT, Outcome.FAILED, Outcome.UNCERTAIN, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class Count:
    state: str
    reason: str
    kind: str
    letter: str
    number: int


@dataclass(frozen=True, slots=True)
class Tally:
    counts: tuple[Count, ...]

    @classmethod
    def of(cls, campaign: Campaign) -> "Tally":
        return cls(tuple(Count(*each) for each in campaign.tally))

    def number(self, *states: str, kind: str = "", letter: str = "") -> int:
        """Returns how many are in these states, of this way and variant; without states, all of them."""
        return sum(
            each.number
            for each in self.counts
            if (not states or each.state in states)
            and (not kind or each.kind == kind)
            and (not letter or each.letter == letter)
        )

    def reasons(self, *states: str) -> dict[tuple[str, str], int]:
        """Returns the numbers by state and reason, the most frequent first."""
        found: dict[tuple[str, str], int] = {}
        for each in self.counts:
            if each.state in states:
                found[each.state, each.reason] = found.get((each.state, each.reason), 0) + each.number
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def going(self) -> int:
        """Returns how many are sent to, or were."""
        return self.number() - self.number(Outcome.EXCLUDED, Outcome.CONTROL)


def counted(campaign: Campaign) -> list[list[str | int]]:
    """Returns the rows of a tally: outcome, reason, kind, variant and number."""
    numbers: Counter[tuple[str, str, str, str]] = Counter()
    rows = campaign.recipients.filter(state__in=NOT_QUEUED).order_by()
    for *where, number in rows.values_list("state", "reason", "kind", "letter").annotate(n=Number("*")):
        numbers[tuple(where)] += number
    for each in batches.counts(campaign.cause):
        outcome = OUTCOME_OF_PUSH[Push.State(each.state)]
        numbers[outcome.value, each.reason, each.kind, each.variant] += each.number
    return [[*where, number] for where, number in sorted(numbers.items())]


def recount(campaign: Campaign, *, at_once: bool = False) -> None:
    """Keeps the numbers and the speed fresh, unless that was done a moment ago."""
    now = timezone.now()
    last = campaign.tallied_at
    if last is not None and not at_once and now < last + pause(campaign):
        return
    former, campaign.tally = Tally.of(campaign), counted(campaign)
    over = Tally.of(campaign).number(*OVER)
    if last is not None and now > last:
        lately = max(0.0, (over - former.number(*OVER)) / (now - last).total_seconds())
        campaign.speed = (campaign.speed + lately) / 2 if campaign.speed and lately else lately
    campaign.tallied_at = now
    campaign.save(update_fields=["tally", "tallied_at", "speed"])


def pause(campaign: Campaign) -> datetime.timedelta:
    """Returns how long to wait for the next count; a million are counted in a fifth of a second."""
    return datetime.timedelta(seconds=max(0.9, Tally.of(campaign).number() / 5_000_000 * SHARE))
