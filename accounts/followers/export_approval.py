"""The approval of files with personal data: made at once, or once somebody else agrees.

A file of followers is made by a job, for which ``ask`` requests an approval if one is needed. A file that is
made while it is downloaded uses ``ask_for_file``, with an action of its own (``action_for_files``) where
other people decide about it.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.approvals import actions, asking
from accounts.approvals.actions import Action, followers
from accounts.approvals.models import Approval
from accounts.followers import job_requests, selection
from accounts.followers.segments import fingerprint_of
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Role

# The number of people that may be exported without approval, unless the owner has set another limit.
ALONE_UP_TO = 1_000


def ask(account: OfficialAccount, details: Mapping[str, Any], by: User) -> Approval | None:
    """Requests the approval of a file and returns it, or returns ``None`` if the file may be made at once."""
    size = selection.followers_of(account, details).order_by().count()
    wanted = asking.Request(
        account_id=account.pk,
        about=None,
        title=_("File of followers"),
        size=size,
        after=[followers(size), str(details.get("format", ""))],
        details={"job": dict(details)},
    )
    return asking.ask(EXPORT, wanted, by)


def ask_for_file(
    action: Action, account_id: int, by: User, *, title: str, size: int, page: str
) -> Approval | None:
    """Requests the approval of a file and returns it, or ``None`` if ``page`` may serve the file now."""
    wanted = asking.Request(
        account_id=account_id,
        about=None,
        title=title,
        size=size,
        after=[followers(size)],
        details={"page": page},
    )
    return asking.ask_to_repeat(action, wanted, by)


def _carry_out(approval: Approval, by: User) -> None:
    """Starts the job of an approved file; a file made during its download is left to whoever asked for it."""
    details = approval.details.get("job")
    if details is None:
        return
    job = job_requests.ask(approval.account, "export", details, approval.asked_by, total=approval.size)
    approval.kind, approval.object_id = job._meta.label_lower, str(job.pk)
    approval.save(update_fields=["kind", "object_id"])


def _fingerprint(approval: Approval) -> str:
    """Returns what the segment asks that the file is for, if it is for one."""
    details = approval.details.get("job")
    return fingerprint_of(selection.segment_of(approval.account, details)) if details else ""


def _link(approval: Approval) -> str:
    if page := approval.details.get("page"):
        return str(page)
    if approval.object_id:
        return reverse("admin:followers_job", args=[approval.object_id])
    return reverse("admin:followers_follower_changelist")


def _own_step(approval: Approval) -> str:
    if "page" not in approval.details:
        return ""
    return _("Once it is granted, open its page and download the file again within a day.")


def action_for_files(name: str, label: StrOrPromise, area: Area) -> Action:
    """Registers an action for files with personal data that may need approval."""
    return actions.register(
        Action(
            name,
            label,
            area,
            carry_out=_carry_out,
            link=_link,
            own_step=_own_step,
            fingerprint=_fingerprint,
            usual={Role.OWNER: actions.UNLIMITED},
            otherwise=ALONE_UP_TO,
        )
    )


EXPORT = action_for_files("export_of_persons", gettext_lazy("Export people"), Area.FOLLOWERS)
