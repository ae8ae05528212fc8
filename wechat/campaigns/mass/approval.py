"""The approval of mass sends by a second person, unless the account's owner lets the role send alone."""

import datetime
import hashlib
import json

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import actions, asking
from accounts.approvals.actions import NOTHING, Action, Refused
from accounts.approvals.models import Approval
from accounts.staff.rights import Area
from wechat.campaigns.mass import allowance, planning
from wechat.campaigns.models import MassSend

# The fields that decide what is sent and to whom: an approval counts for their values only.
SENT_FIELDS = (
    "content", "asset_id", "draft_id", "draft__revision", "pictures", "recommend", "ignore_reprint", "target",
    "tag_id", "segment_id", "segment__match", "segment__conditions", "openids",
)  # fmt: skip


def ask(send: MassSend, at: datetime.datetime | None, by: User) -> Approval | None:
    """Asks for approval; returns the pending approval, or ``None`` if ``by`` may send without one."""
    size = allowance.arithmetic(send, at or timezone.now(), with_planned=True).will_get
    wanted = asking.Request(
        account_id=send.account_id,
        about=send,
        title=send.name,
        size=size,
        after=[send.words, str(send.get_target_display()), when(at)],
        details={"at": at.isoformat() if at else ""},
        until=at,
    )
    return asking.ask(MASS_SEND, wanted, by)


def needs_another(send: MassSend, size: int, by: User) -> bool:
    """Returns whether somebody else has to agree before it goes out to so many."""
    return not asking.may_alone(MASS_SEND, send.account_id, size, by)


def when(at: datetime.datetime | None) -> str:
    return date_format(localtime(at), "Y-m-d H:i") if at else _("at once")


def _carry_out(approval: Approval, by: User) -> None:
    send = MassSend.objects.get(pk=approval.object_id)
    if not planning.plan(send, parse_datetime(approval.details["at"] or ""), approval.asked_by_id):
        raise Refused(_("Somebody has sent it already."))


def fingerprint_of(pk: int | str) -> str:
    """Returns what tells the mass send from one that would send something else, or to others."""
    fields = MassSend.objects.values(*SENT_FIELDS).get(pk=pk)
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()


MASS_SEND = actions.register(
    Action(
        "mass_send",
        gettext_lazy("Mass send"),
        Area.SENDING,
        carry_out=_carry_out,
        link=lambda approval: reverse("admin:campaigns_masssend_change", args=[approval.object_id]),
        fingerprint=lambda approval: fingerprint_of(approval.object_id),
        otherwise=NOTHING,
    )
)
