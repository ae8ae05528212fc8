"""The state transitions of a campaign, each one conditional update: of two requests only one succeeds."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from wechat.campaigns import counters, dispatch, wording
from wechat.campaigns.models import Campaign
from wechat.kernel import work

State = Campaign.State

OPEN = (State.WAITING, State.SCHEDULED, State.PREPARING, State.RUNNING, State.PAUSED)


def check(campaign: Campaign) -> bool:
    """Schedules the selection of the recipients; it has to be repeated after an edit.

    Raises ``ValidationError`` if the content does not fit the settings of the campaign.
    """
    wording.check(campaign)
    return _moved(campaign, [State.DRAFT], due_at=timezone.now(), checked_at=None)


def submit(campaign: Campaign) -> bool:
    """Marks a checked campaign as waiting for approval, unless its segment was changed since."""
    if campaign.is_segment_changed:
        return False
    return _moved(campaign, [State.DRAFT], Q(checked_at__isnull=False), state=State.WAITING, due_at=None)


def back_to_draft(campaign: Campaign) -> bool:
    """Reverts the campaign to an editable draft; nothing has been sent."""
    return _moved(
        campaign, [State.WAITING, State.SCHEDULED, State.PAUSED], Q(prepared_at__isnull=True),
        state=State.DRAFT, due_at=None, approved_at=None, approved_by=None, stopped_at=None, trouble="",
    )  # fmt: skip


def start(campaign: Campaign, by: User) -> bool:
    """Schedules the campaign as it was when ``campaign`` was read; ``by`` is recorded as who approved it."""
    now = timezone.now()
    starts = max(now, campaign.starts_at or now)
    return _moved(
        campaign, [State.WAITING], state=State.SCHEDULED, approved_by=by, approved_at=now, due_at=starts
    )


def pause(campaign: Campaign) -> bool:
    """Pauses the campaign: no more messages leave; those on their way arrive."""
    now = timezone.now()
    return _stop(campaign, [State.PREPARING, State.RUNNING], state=State.PAUSED, due_at=now, stopped_at=now)


def resume(campaign: Campaign) -> bool:
    now = timezone.now()
    go_on: dict[str, Any] = {
        "due_at": now,
        "queued_until": None,
        "trouble": "",
        "stopped_at": None,
        "speed": 0,
    }
    return _moved(
        campaign, [State.PAUSED], Q(prepared_at__isnull=False), state=State.RUNNING, **go_on
    ) or _moved(campaign, [State.PAUSED], Q(prepared_at__isnull=True), state=State.PREPARING, **go_on)


def cancel(campaign: Campaign) -> bool:
    """Cancels the campaign for good; messages on their way arrive."""
    now = timezone.now()
    return _stop(campaign, OPEN, state=State.CANCELLED, due_at=now, finished_at=now)


def retry(campaign: Campaign) -> int:
    """Retries the failed messages that surely were not sent and could be sent now; returns their number."""
    now = timezone.now()
    with transaction.atomic():
        if not _moved(campaign, [State.DONE], state=State.RUNNING, due_at=now, finished_at=None):
            return 0
        return dispatch.put_back_failed(campaign)


@transaction.atomic
def _stop(campaign: Campaign, of: Iterable[str], **changes: Any) -> bool:
    """Stops the campaign and takes back the untried messages; a worker counts the outcomes of the others."""
    stopped = _moved(campaign, of, **changes)
    if stopped:
        dispatch.take_back(campaign)
        counters.recount(campaign, at_once=True)
    return stopped


def _moved(campaign: Campaign, of: Iterable[str], condition: Q | None = None, **changes: Any) -> bool:
    """Updates a campaign if it is in one of these states and unchanged; returns whether it was updated."""
    same = Campaign.objects.filter(condition or Q(), pk=campaign.pk, version=campaign.version, state__in=of)
    moved = bool(same.update(version=F("version") + 1, attempts=0, error="", errcode=None, **changes))
    if moved:
        campaign.refresh_from_db()
        work.wake("campaigns.run")
    return moved
