"""The import of auto-replies that were made on WeChat's own page."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from accounts.operations.imports import IMPORTS, Import, ImportState
from accounts.staff.rights import Area
from wechat.replies import importing
from wechat.replies.models import Rule
from wechat.sdk.calls.base import current_autoreply_info


def _here(account: OfficialAccount) -> ImportState:
    return ImportState(Rule.objects.filter(account=account).count())


def _take(account: OfficialAccount, by: User) -> str:
    report = importing.import_autoreply(account, current_autoreply_info(client_for(account)))
    counts = {
        "made": len(report.made),
        "updated": len(report.updated),
        "unchanged": len(report.unchanged),
        "kept": len(report.edited_here),
    }
    return (
        _("%(made)d rules made, %(updated)d updated, %(unchanged)d as before, %(kept)d edited here and kept.")
        % counts
    )


IMPORTS.add(
    "rules",
    Import(gettext_lazy("Auto-replies"), Area.CONTENT, _here, _take, "admin:replies_rule_changelist"),
)
