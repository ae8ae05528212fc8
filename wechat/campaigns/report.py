"""The report of a campaign by variant and for the control group: sent, delivered, tapped, ordered."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from wechat.campaigns import conversions
from wechat.campaigns.counters import SENT, Tally
from wechat.campaigns.models import Campaign, Recipient
from wechat.console.revenue import Revenue
from wechat.pushes import batches
from wechat.pushes.states import SENT_STATES

State, Outcome = Recipient.State, Recipient.Outcome


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The results of one variant, or of the control group."""

    label: str
    people: int
    sent: int | None
    delivered: int | None
    taps: int | None
    revenue: Revenue

    @property
    def tapped(self) -> str:
        return f"{self.taps / self.sent:.1%}" if self.taps is not None and self.sent else ""

    @property
    def ordered(self) -> str:
        return f"{self.revenue.orders / self.people:.2%}" if self.people else ""


def of(campaign: Campaign, tally: Tally) -> list[ReportLine]:
    letters = sorted({each.letter for each in tally.counts if each.letter})
    taps = _taps(campaign)
    lines = [
        ReportLine(
            label=_("Variant %s") % letter,
            people=tally.number(letter=letter),
            sent=tally.number(*SENT, letter=letter),
            delivered=tally.number(Outcome.DELIVERED, letter=letter),
            taps=taps.get(letter, 0) if campaign.tracked else None,
            revenue=_revenue(campaign, reached(campaign).filter(letter=letter)),
        )
        for letter in letters
    ]
    if held_out := tally.number(Outcome.CONTROL):
        control = campaign.recipients.filter(state=State.CONTROL)
        lines.append(
            ReportLine(str(State.CONTROL.label), held_out, None, None, None, _revenue(campaign, control))
        )
    return lines


def reached(campaign: Campaign) -> "QuerySet[Recipient]":
    """Returns the recipients whose push was sent."""
    return campaign.recipients.filter(push__in=batches.of(campaign.cause).filter(state__in=SENT_STATES))


def _taps(campaign: Campaign) -> dict[str, int]:
    tapped = campaign.recipients.filter(tapped_at__isnull=False).order_by()
    return dict(tapped.values_list("letter").annotate(Count("pk")))


def _revenue(campaign: Campaign, recipients: "QuerySet[Recipient]") -> Revenue:
    """Returns the revenue from these recipients, zero until the campaign is over.

    The page of a running campaign refreshes every other second and must not run this query.
    """
    if campaign.state not in (Campaign.State.DONE, Campaign.State.CANCELLED):
        return Revenue()
    return conversions.after(campaign, recipients)
