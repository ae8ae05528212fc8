"""Mass sends that failed, for the desk of what failed: whether to send again is decided on their page."""

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.campaigns.models import MassCall

FAILED = Q(state=MassCall.State.FAILED) | Q(state=MassCall.State.UNCERTAIN)


def _failed(account: OfficialAccount) -> QuerySet[MassCall]:
    return MassCall.objects.filter(FAILED, account=account).select_related("send")


def _page(call: MassCall) -> str:
    return reverse("admin:campaigns_masssend_change", args=[call.send_id])


def _title(call: MassCall) -> str:
    return f"{call.send} · {call.number}"


SOURCES.add(
    "mass_sends", FailureSource(gettext_lazy("Mass sends"), Area.SENDING, _failed, None, _page, title=_title)
)
