"""The overview page of a campaign: content, audience, forecast, progress and report."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.staff import audit
from accounts.staff.gate import entered, frame, object_page, reader
from accounts.staff.rights import Area
from wechat.campaigns import (
    approval,
    conversions,
    counters,
    dispatch,
    figures,
    report,
    test_send,
    transitions,
)
from wechat.campaigns.counters import OVER, SENT, Tally
from wechat.campaigns.forms import CampaignTestForm
from wechat.campaigns.models import Campaign, Recipient
from wechat.campaigns.page_rows import all_campaigns
from wechat.campaigns.variant_page import next_letter
from wechat.console.phrases import joined
from wechat.pushes import send_holds

State, Now = Campaign.State, Recipient.Outcome


HISTORY = 30
# The states in which messages on their way still arrive and are counted.
STOPPED = (State.PAUSED, State.DONE, State.CANCELLED)
BEFORE_IT_BEGINS = (State.DRAFT, State.WAITING, State.SCHEDULED)


@dataclass(frozen=True, slots=True)
class StepButton:
    """A button: the action for the person who presses it, and its text in the audit log."""

    do: Callable[[Campaign, User], bool]
    done: StrOrPromise


def _whoever(do: Callable[[Campaign], Any]) -> Callable[[Campaign, User], bool]:
    """Returns the step as a button's action that ignores the person."""
    return lambda campaign, _by: bool(do(campaign))


STEPS: dict[str, StepButton] = {
    "check": StepButton(_whoever(transitions.check), gettext_lazy("Worked out who gets it.")),
    "submit": StepButton(approval.submit, gettext_lazy("Sent for approval.")),
    "approve": StepButton(approval.approve, gettext_lazy("Approved.")),
    "withdraw": StepButton(approval.withdraw, gettext_lazy("Took it back to edit it.")),
    "pause": StepButton(_whoever(transitions.pause), gettext_lazy("Paused.")),
    "resume": StepButton(_whoever(transitions.resume), gettext_lazy("Went on.")),
    "cancel": StepButton(approval.cancel, gettext_lazy("Cancelled for good.")),
    "retry": StepButton(_whoever(transitions.retry), gettext_lazy("Sent the failed ones again.")),
}


@object_page(all_campaigns, Area.SENDING)
def show(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    may_change = entered(request).may_change
    if request.GET.get("part") == "now":
        return TemplateResponse(request, "campaigns/now.html", frame(request, "", **_now(campaign)))
    if campaign.state in STOPPED:
        # A message that was retried may have another outcome by now.
        counters.recount(campaign)
    context = frame(
        request,
        campaign.name,
        variants=campaign.variants.select_related("asset", "cover").order_by("letter"),
        next_letter=next_letter(campaign) if campaign.is_editable else "",
        may_approve=may_change and approval.may_approve(campaign, reader(request)),
        may_test=may_change and campaign.state in (State.DRAFT, State.WAITING),
        test_form=CampaignTestForm(campaign.account),
        seeds=len(test_send.seeds(campaign)),
        history=audit.entries_of(campaign)[:HISTORY],
        **_now(campaign),
    )
    return TemplateResponse(request, "campaigns/overview.html", context)


@require_POST
@object_page(all_campaigns, Area.SENDING, change=True)
def step(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Performs the action of a button, unless the page showed an older version of the campaign."""
    before = campaign.get_state_display()
    button = STEPS.get(request.POST.get("step", ""))
    if button is None:
        raise Http404
    same = request.POST.get("version") == str(campaign.version)
    try:
        moved = same and button.do(campaign, reader(request))
    except ValidationError as error:
        messages.error(request, joined(error.messages))
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    if moved:
        name = str(_("state"))
        state = campaign.get_state_display()
        audit.record(request, campaign, str(button.done), {name: before}, {name: state})
    else:
        messages.error(request, _("The campaign has changed since you saw it. Look again before you go on."))
    return redirect("admin:campaigns_campaign_change", campaign.pk)


@require_POST
@object_page(all_campaigns, Area.SENDING, change=True)
def test(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Sends every wording to one follower, or to the test group."""
    form = CampaignTestForm(campaign.account, request.POST)
    if not form.is_valid():
        messages.error(request, joined(form.errors.get("follower", [])))
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    wanted = form.cleaned_data["follower"]
    openids = [wanted] if wanted else test_send.seeds(campaign)
    try:
        pushes = test_send.send(campaign, openids)
    except dispatch.FileNotReady:
        messages.error(request, Campaign.Trouble.FILE_NOT_READY.label)
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    except ValidationError as error:
        messages.error(request, joined(error.messages))
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    if pushes:
        message = _("Test messages on their way: %(count)d. They are under “Sent messages”.")
        messages.success(request, message % {"count": len(pushes)})
        audit.record(request, campaign, _("Sent a test to followers: %d.") % len(openids))
    else:
        messages.error(request, _("Nobody to send it to: name a follower, or fill the test group."))
    return redirect("admin:campaigns_campaign_change", campaign.pk)


def _now(campaign: Campaign) -> dict[str, Any]:
    """Returns the context of the self-refreshing part."""
    tally = Tally.of(campaign)
    is_due = campaign.due_at is not None
    kinds = {each.kind for each in tally.counts if each.kind}
    return {
        "campaign": campaign,
        "checking": is_due and campaign.state == State.DRAFT,
        "is_segment_changed": campaign.state in BEFORE_IT_BEGINS and campaign.is_segment_changed,
        "segment_changed": Campaign.Trouble.AUDIENCE_CHANGED.label,
        "moving": is_due,
        "held": [each for each in send_holds.in_words(campaign.account) if each.part in kinds],
        **_forecast(campaign, tally),
        **_progress(campaign, tally),
    }


def _forecast(campaign: Campaign, tally: Tally) -> dict[str, Any]:
    """Returns who would get it, by which way and until when.

    Asks WeChat what is left of the day's quota only while somebody decides, and nothing moves.
    """
    checked = campaign.checked_at is not None and bool(campaign.tally or campaign.tallied_at)
    is_decided_on = campaign.due_at is None and campaign.state in (State.DRAFT, State.WAITING)
    return {
        "checked": checked,
        "chosen": tally.number(),
        "excluded": figures.reason_counts(tally, Now.EXCLUDED),
        "control": tally.number(Now.CONTROL),
        "to_send": tally.number(Now.WAITING),
        "ways": figures.kind_counts(tally, campaign.account if is_decided_on else None),
        "ends_at": figures.ends_at(campaign, tally, timezone.now()) if checked else None,
    }


def _progress(campaign: Campaign, tally: Tally) -> dict[str, Any]:
    """Returns what was sent so far, and what became of it."""
    over, going, left = tally.number(*OVER), tally.going, tally.number(Now.WAITING, Now.QUEUED)
    failed = tally.reasons(Now.FAILED).items()
    return {
        "going": going,
        "over": over,
        "percent": min(100, round(100 * over / going)) if going else 100,
        "left": left,
        "ready_at": _ready_at(campaign, left),
        "quiet_until": campaign.quiet_ends(timezone.now()) if campaign.state == State.RUNNING else None,
        "outcomes": figures.reason_counts(tally, *OVER),
        "retriable": sum(number for (_state, reason), number in failed if reason in dispatch.RETRIED),
        "report": report.of(campaign, tally) if campaign.started_at else [],
        "tells_orders": conversions.known(),
        "sent": tally.number(*SENT),
    }


def _ready_at(campaign: Campaign, left: int) -> datetime.datetime | None:
    if campaign.state != State.RUNNING or not campaign.speed:
        return None
    return timezone.now() + datetime.timedelta(seconds=left / campaign.speed)
