"""The things about campaigns, mass sends and sequences that wait for a person."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held, overdue
from wechat.campaigns.models import Campaign, MassSend

CAMPAIGNS = "admin:campaigns_campaign_changelist"
MASS_SENDS = "admin:campaigns_masssend_changelist"
SEQUENCES = "admin:campaigns_sequence_changelist"
SENDING = (Area.SENDING,)

KINDS.add(
    "campaigns.stopped",
    TodoKind(
        title=_("Campaigns that stopped by themselves"),
        page=CAMPAIGNS,
        areas=SENDING,
        severity=Severity.FAULT,
        rows=lambda account, user: Campaign.objects.filter(
            account=account, state=Campaign.State.PAUSED
        ).exclude(trouble=""),
    ),
)
KINDS.add(
    "campaigns.paused",
    TodoKind(
        title=_("Campaigns that somebody paused"),
        page=CAMPAIGNS,
        areas=SENDING,
        severity=Severity.NOTICE,
        rows=lambda account, user: Campaign.objects.filter(
            account=account, state=Campaign.State.PAUSED, trouble=""
        ),
    ),
)
KINDS.add(
    "campaigns.mass_failed",
    TodoKind(
        title=_("Mass sends that failed, or whose outcome is not known"),
        page=MASS_SENDS,
        areas=SENDING,
        severity=Severity.FAULT,
        rows=lambda account, user: MassSend.objects.filter(
            account=account, state__in=[MassSend.State.FAILED, MassSend.State.UNCERTAIN]
        ),
        acknowledged=True,
    ),
)
KINDS.add(
    "campaigns.mass_confirming",
    TodoKind(
        title=_("Mass sends wait for an administrator to agree on the phone"),
        page=MASS_SENDS,
        query=f"state={MassSend.State.CONFIRMING.value}",
        areas=SENDING,
        severity=Severity.DECISION,
        rows=lambda account, user: MassSend.objects.filter(account=account, state=MassSend.State.CONFIRMING),
    ),
)
for page, works, title in (
    (CAMPAIGNS, ["campaigns.run"], _("Campaigns are on hold")),
    (MASS_SENDS, ["campaigns.mass_begin", "campaigns.mass_send"], _("Mass sends are on hold")),
    (SEQUENCES, ["campaigns.run_sequences"], _("Sequences are on hold")),
):
    KINDS.add(
        f"held.{works[0]}",
        TodoKind(title=title, page=page, areas=SENDING, severity=Severity.FAULT, rows=held(*works)),
    )
for page, work, title in (
    (CAMPAIGNS, "campaigns.run", _("Campaigns that were due long ago: send them or not?")),
    (MASS_SENDS, "campaigns.mass_begin", _("Mass sends that were due long ago: send them or not?")),
    (SEQUENCES, "campaigns.run_sequences", _("Steps of sequences that were due long ago: send them or not?")),
):
    KINDS.add(
        f"overdue.{work}",
        TodoKind(title=title, page=page, areas=SENDING, severity=Severity.DECISION, rows=overdue(work)),
    )
