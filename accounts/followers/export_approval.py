"""A file with people leaves the house at once, or once somebody else agrees.

A file of followers is made by a job that ``ask`` starts or has wait. What is made as it is downloaded asks
with ``ask_for_file``, of an action of its own (``action_for_files``) where other people decide about it.
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
from accounts.followers.segments import meaning
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Role

# People whose file somebody makes alone where the owner has set no other limit.
ALONE_UP_TO = 1_000


def ask(account: OfficialAccount, details: Mapping[str, Any], by: User) -> Approval | None:
    """Returns the approval that waits now, or ``None`` where the file may be made at once."""
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
    """Returns the approval that waits, or ``None`` if the file may be downloaded now, at ``page``."""
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
    """Starts the job of a file that one makes; what is made as it is downloaded waits for whoever asked."""
    details = approval.details.get("job")
    if details is None:
        return
    job = job_requests.ask(approval.account, "export", details, approval.asked_by, total=approval.size)
    approval.kind, approval.object_id = job._meta.label_lower, str(job.pk)
    approval.save(update_fields=["kind", "object_id"])


def _fingerprint(approval: Approval) -> str:
    """Returns what the segment asks that the file is for, if it is for one."""
    details = approval.details.get("job")
    return meaning(selection.segment_of(approval.account, details)) if details else ""


def _link(approval: Approval) -> str:
    if page := approval.details.get("page"):
        return str(page)
    if approval.object_id:
        return reverse("admin:followers_job", args=[approval.object_id])
    return reverse("admin:followers_follower_changelist")


def action_for_files(name: str, label: StrOrPromise, area: Area) -> Action:
    """Registers files of people as something that may need approval."""
    return actions.register(
        Action(
            name,
            label,
            area,
            carry_out=_carry_out,
            link=_link,
            fingerprint=_fingerprint,
            usual={Role.OWNER: actions.UNLIMITED},
            otherwise=ALONE_UP_TO,
        )
    )


EXPORT = action_for_files("export_of_persons", gettext_lazy("Export people"), Area.FOLLOWERS)
