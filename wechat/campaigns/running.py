"""What a worker does for a campaign whose time has come: check, prepare, feed, and look at receipts."""

import datetime
import logging

from django.db import transaction
from django.utils import timezone

from wechat.campaigns import feeding, snapshot, tallying
from wechat.campaigns.models import Campaign, Recipient
from wechat.kernel import due
from wechat.webhooks import outbox

log = logging.getLogger(__name__)

State, Trouble = Campaign.State, Campaign.Trouble

# Longer than a million recipients take to be worked out.
LEASE = datetime.timedelta(minutes=2)
# Less than the tick of beat, which rings again.
LOOK_AGAIN = datetime.timedelta(seconds=0.5)
# Receipts come in after a campaign is done, counted from its end.
RECEIPTS_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600, 86_400)]
CLOSED = (Recipient.State.SENT, Recipient.State.FAILED, Recipient.State.UNCERTAIN, Recipient.State.SKIPPED)


def run_due() -> int:
    """Go on with the campaigns that are due; how many."""
    return due.work_off(Campaign.objects.all(), lambda campaign: _work_on(campaign.pk), lease=LEASE, limit=5)


def is_due() -> bool:
    return Campaign.objects.filter(due_at__lte=timezone.now()).exists()


def _work_on(pk: int) -> None:
    campaign = Campaign.objects.select_related("account", "template", "segment__account", "tag").get(pk=pk)
    match campaign.state:
        case State.SCHEDULED:
            _move(campaign, state=State.PREPARING, due_at=timezone.now())
        case State.DRAFT | State.PREPARING:
            _work_out(campaign)
        case State.RUNNING:
            _go_on(campaign)
        case State.DONE:
            _look_at_receipts(campaign)


def _move(campaign: Campaign, **changes: object) -> bool:
    """Unless somebody pressed a button meanwhile."""
    return bool(Campaign.objects.filter(pk=campaign.pk, state=campaign.state).update(**changes))


def _work_out(campaign: Campaign) -> None:
    try:
        if not snapshot.take(campaign):
            _move(campaign, due_at=timezone.now() + LOOK_AGAIN)
    except snapshot.AudienceGone:
        stopped = State.PAUSED if campaign.state == State.PREPARING else State.DRAFT
        _move(campaign, state=stopped, due_at=None, trouble=Trouble.AUDIENCE_GONE)


def _go_on(campaign: Campaign) -> None:
    while _turn(campaign.pk):
        pass


@transaction.atomic
def _turn(pk: int) -> bool:
    """One batch, with the campaign's row locked; whether there is room for another now."""
    running = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related(
        "account", "template"
    )
    campaign = running.filter(pk=pk, state=State.RUNNING).first()
    if campaign is None:
        return False
    feeding.take_over(campaign, Recipient.State.QUEUED)
    if campaign.template and campaign.template.missing_since and campaign.uses_template:
        return _stop(campaign, Trouble.TEMPLATE_GONE)
    now = timezone.now()
    if quiet_ends := campaign.quiet_ends(now):
        feeding.take_back(campaign)
        return _later(campaign, min(quiet_ends, now + datetime.timedelta(minutes=1)))
    return _fed(campaign)


def _fed(campaign: Campaign) -> bool:
    room = min(feeding.room(campaign), feeding.BATCH)
    try:
        with transaction.atomic():
            done = feeding.Feeder(campaign).feed(room) if room else 0
    except feeding.FileNotReady:
        return _stop(campaign, Trouble.FILE_NOT_READY)
    if room and not done and not campaign.recipients.filter(state=Recipient.State.QUEUED).exists():
        return _finish(campaign)
    _later(campaign, timezone.now() + LOOK_AGAIN)
    return done == feeding.BATCH


def _later(campaign: Campaign, at: datetime.datetime) -> bool:
    campaign.due_at = at
    campaign.save(update_fields=["due_at", "fed_until"])
    tallying.recount(campaign)
    return False


def _stop(campaign: Campaign, trouble: str) -> bool:
    feeding.take_back(campaign)
    campaign.state, campaign.trouble, campaign.due_at = State.PAUSED, trouble, None
    campaign.save(update_fields=["state", "trouble", "due_at"])
    tallying.recount(campaign, at_once=True)
    return False


def _finish(campaign: Campaign) -> bool:
    now = timezone.now()
    campaign.state, campaign.finished_at = State.DONE, now
    campaign.due_at = now + RECEIPTS_AFTER[0]
    campaign.save(update_fields=["state", "finished_at", "due_at"])
    tallying.recount(campaign, at_once=True)
    data = {"id": campaign.pk, "name": campaign.name, "finished_at": now.isoformat()}
    outbox.emit(campaign.account, "campaign.finished", {"campaign": data}, key=f"campaign:{campaign.pk}")
    return False


def _look_at_receipts(campaign: Campaign) -> None:
    feeding.take_over(campaign, *CLOSED)
    tallying.recount(campaign, at_once=True)
    now = timezone.now()
    ended = campaign.finished_at or now
    again = next((ended + after for after in RECEIPTS_AFTER if ended + after > now), None)
    _move(campaign, due_at=again)
