"""The background work on campaigns that are due: check, prepare, dispatch, count the outcomes."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from wechat.campaigns import counters, dispatch, snapshot, transitions
from wechat.campaigns.models import Campaign
from wechat.kernel import work
from wechat.pushes import batches, lateness
from wechat.webhooks import outbox

State, Trouble = Campaign.State, Campaign.Trouble

CAMPAIGNS = work.Kind(
    "campaigns.run",
    lambda: Campaign.objects.filter(account__enabled=True).select_related(
        "account", "template", "segment__account", "tag"
    ),
    # The lease is longer than the selection of a million recipients takes.
    label=gettext_lazy("Campaigns under way"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
    # It calls no platform: a refusal there holds the messages, not the campaign.
    subject="",
    asks=Q(state__in=[State.SCHEDULED, State.PREPARING, State.RUNNING]),
)
# Shorter than the interval of beat, at which the campaign is picked up again.
LOOK_AGAIN = datetime.timedelta(seconds=0.5)
# When to count receipts after a campaign has ended or stopped, relative to that time.
RECEIPTS_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600, 86_400)]


CAMPAIGNS.cancels(transitions.cancel)


@CAMPAIGNS.each
def work_on(campaign: Campaign) -> None:
    """Performs the next step of a campaign, unless its state was changed in the meantime."""
    match campaign.state:
        case State.SCHEDULED:
            campaign.done(state=State.PREPARING, due_at=timezone.now())
        case State.DRAFT | State.PREPARING:
            _work_out(campaign)
        case State.RUNNING:
            # The campaign itself is not overdue, or a person released it, so its overdue messages are sent.
            lateness.send(campaign.account_id, campaign.cause)
            while _dispatched(campaign.pk):
                pass
        case State.PAUSED | State.DONE | State.CANCELLED:
            _count_outcomes(campaign)


def _work_out(campaign: Campaign) -> None:
    try:
        if not snapshot.take(campaign):
            campaign.done(due_at=timezone.now() + LOOK_AGAIN)
    except snapshot.AudienceChanged:
        campaign.done(state=State.PAUSED, trouble=Trouble.AUDIENCE_CHANGED)
    except snapshot.AudienceGone:
        stopped = State.PAUSED if campaign.state == State.PREPARING else State.DRAFT
        campaign.done(state=stopped, trouble=Trouble.AUDIENCE_GONE)


@transaction.atomic
def _dispatched(pk: int) -> bool:
    """Queues one batch, with the campaign's row locked; returns whether another batch fits at once."""
    running = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related(
        "account", "template"
    )
    campaign = running.filter(pk=pk, state=State.RUNNING).first()
    if campaign is None:
        return False
    if campaign.template and campaign.template.missing_since and campaign.uses_template:
        return _stop(campaign, Trouble.TEMPLATE_GONE)
    now = timezone.now()
    if quiet_ends := campaign.quiet_ends(now):
        dispatch.take_back(campaign)
        return _later(campaign, min(quiet_ends, now + datetime.timedelta(minutes=1)))
    return _queued(campaign)


def _queued(campaign: Campaign) -> bool:
    room = min(dispatch.room(campaign), dispatch.BATCH)
    try:
        with transaction.atomic():
            done = dispatch.Dispatcher(campaign).queue_next(room) if room else 0
    except dispatch.FileNotReady:
        return _stop(campaign, Trouble.FILE_NOT_READY)
    if room and not done and not batches.count_open(campaign.cause):
        return _finish(campaign)
    if done == dispatch.BATCH:
        campaign.save(update_fields=["queued_until"])
        counters.recount(campaign)
        return True
    return _later(campaign, timezone.now() + LOOK_AGAIN)


def _later(campaign: Campaign, at: datetime.datetime) -> bool:
    campaign.done(due_at=at, queued_until=campaign.queued_until)
    counters.recount(campaign)
    return False


def _stop(campaign: Campaign, trouble: str) -> bool:
    dispatch.take_back(campaign)
    now = timezone.now()
    campaign.done(state=State.PAUSED, trouble=trouble, stopped_at=now, due_at=now + RECEIPTS_AFTER[0])
    counters.recount(campaign, at_once=True)
    return False


def _finish(campaign: Campaign) -> bool:
    now = timezone.now()
    campaign.done(state=State.DONE, finished_at=now, due_at=now + RECEIPTS_AFTER[0])
    counters.recount(campaign, at_once=True)
    data = {"id": campaign.pk, "name": campaign.name, "finished_at": now.isoformat()}
    outbox.emit(campaign.account, "campaign.finished", {"campaign": data}, key=f"campaign:{campaign.pk}")
    return False


def _count_outcomes(campaign: Campaign) -> None:
    """Counts the outcomes and schedules the next count.

    Messages on their way still get their outcome, and receipts still arrive.
    """
    counters.recount(campaign, at_once=True)
    now = timezone.now()
    ended = campaign.finished_at or campaign.stopped_at or now
    again = next((ended + after for after in RECEIPTS_AFTER if ended + after > now), None)
    if batches.count_open(campaign.cause):
        again = now + counters.pause(campaign)
    campaign.done(due_at=again)
