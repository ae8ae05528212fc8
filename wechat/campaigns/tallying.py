"""How many recipients are where: counted by one walk through an index, and kept on the campaign's row."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from wechat.campaigns.models import Campaign, Recipient

State = Recipient.State

# A count of many recipients takes a while: no more than this part of the time is spent on counting.
SHARE = 10
COUNT = """
SELECT state, reason, kind, letter, count(*) FROM campaigns_recipient
WHERE campaign_id = %s GROUP BY state, reason, kind, letter ORDER BY 1, 2, 3, 4
"""
SENT = (State.SENT, State.DELIVERED)
OVER = (*SENT, State.FAILED, State.UNCERTAIN, State.SKIPPED)


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
        """How many in these states, of this way and variant; without states, all of them."""
        return sum(
            each.number
            for each in self.counts
            if (not states or each.state in states)
            and (not kind or each.kind == kind)
            and (not letter or each.letter == letter)
        )

    def reasons(self, *states: str) -> dict[tuple[str, str], int]:
        """By state and reason, the most frequent first."""
        found: dict[tuple[str, str], int] = {}
        for each in self.counts:
            if each.state in states:
                found[each.state, each.reason] = found.get((each.state, each.reason), 0) + each.number
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def going(self) -> int:
        """All that are sent to, or were."""
        return self.number() - self.number(State.EXCLUDED, State.CONTROL)


def counted(pk: int) -> list[list[str | int]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [pk])
        return [list(row) for row in cursor.fetchall()]


def recount(campaign: Campaign, *, at_once: bool = False) -> None:
    """Keep the numbers and the speed fresh, unless that was done a moment ago."""
    now = timezone.now()
    last = campaign.tallied_at
    if last is not None and not at_once and now < last + _pause(campaign):
        return
    former, campaign.tally = Tally.of(campaign), counted(campaign.pk)
    over = Tally.of(campaign).number(*OVER)
    if last is not None and now > last:
        lately = max(0.0, (over - former.number(*OVER)) / (now - last).total_seconds())
        campaign.speed = (campaign.speed + lately) / 2 if campaign.speed and lately else lately
    campaign.tallied_at = now
    campaign.save(update_fields=["tally", "tallied_at", "speed"])


def _pause(campaign: Campaign) -> datetime.timedelta:
    """A million rows are counted in a fifth of a second."""
    return datetime.timedelta(seconds=max(0.9, Tally.of(campaign).number() / 5_000_000 * SHARE))


def letters(counts: Iterable[Count]) -> list[str]:
    return sorted({each.letter for each in counts if each.letter})
