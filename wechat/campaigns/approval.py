"""The approval of campaigns by a second person, unless the account's owner lets the role send alone."""

import hashlib

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import actions, asking, deciding
from accounts.approvals.actions import NOTHING, Action, Refused
from accounts.approvals.models import Approval
from accounts.followers.segments import fingerprint_of
from accounts.staff.rights import Area
from wechat.campaigns import transitions
from wechat.campaigns.counters import Tally
from wechat.campaigns.models import Campaign


def ask(campaign: Campaign, by: User) -> Approval | None:
    """Asks for approval; returns the pending approval, or ``None`` if ``by`` may send without one."""
    wanted = asking.Request(
        account_id=campaign.account_id,
        about=campaign,
        title=campaign.name,
        size=Tally.of(campaign).going,
        after=[*(_wording(campaign)), str(campaign.get_audience_display()), str(campaign.get_way_display())],
    )
    return asking.ask(CAMPAIGN, wanted, by)


@transaction.atomic
def submit(campaign: Campaign, by: User) -> bool:
    """Asks for approval of a checked campaign, or starts it if none is needed.

    ``by`` is recorded as who approved a campaign that needs no approval.
    """
    if not transitions.submit(campaign):
        return False
    if ask(campaign, by) is None:
        transitions.start(campaign, by)
    return True


@transaction.atomic
def withdraw(campaign: Campaign, by: User) -> bool:
    """Reverts the campaign to an editable draft and drops its approval; nothing has been sent."""
    asking.drop_about(campaign, by)
    return transitions.back_to_draft(campaign)


@transaction.atomic
def cancel(campaign: Campaign, by: User) -> bool:
    """Cancels the campaign for good and drops its approval; messages on their way arrive."""
    asking.drop_about(campaign, by)
    return transitions.cancel(campaign)


def approve(campaign: Campaign, by: User) -> bool:
    """Approves and starts the campaign as it was when ``campaign`` was read.

    Returns ``False`` if the campaign has changed since, or if ``by`` may not approve it.
    """
    approval = asking.waiting_about(campaign)
    if approval is None or approval.fingerprint != _combined(campaign, campaign.segment_fingerprint):
        return False
    try:
        approved = deciding.approve(approval, by)
    except Refused:
        return False
    campaign.refresh_from_db()
    return approved is not None


def may_approve(campaign: Campaign, by: User) -> bool:
    approval = asking.waiting_about(campaign)
    return approval is not None and deciding.may_decide(approval, by)


def _wording(campaign: Campaign) -> list[str]:
    variants = campaign.variants.order_by("letter")
    if campaign.uses_service:
        return [variant.words for variant in variants]
    return [" · ".join(map(str, variant.values.values())) for variant in variants]


def _carry_out(approval: Approval, by: User) -> None:
    if not transitions.start(Campaign.objects.get(pk=approval.object_id), by):
        raise Refused(_("The campaign has changed since you saw it. Look again before you go on."))


def _drop(approval: Approval) -> None:
    transitions.back_to_draft(Campaign.objects.get(pk=approval.object_id))


def _fingerprint(approval: Approval) -> str:
    campaign = Campaign.objects.select_related("segment").get(pk=approval.object_id)
    return _combined(campaign, fingerprint_of(campaign.segment))


def _combined(campaign: Campaign, segment_fingerprint: str) -> str:
    return hashlib.sha256(f"{campaign.version}:{segment_fingerprint}".encode()).hexdigest()


CAMPAIGN = actions.register(
    Action(
        "campaign",
        gettext_lazy("Campaign"),
        Area.SENDING,
        carry_out=_carry_out,
        drop=_drop,
        link=lambda approval: reverse("admin:campaigns_campaign_change", args=[approval.object_id]),
        fingerprint=_fingerprint,
        otherwise=NOTHING,
    )
)
