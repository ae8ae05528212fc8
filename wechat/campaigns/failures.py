"""The failure sources of mass sends.

Calls that WeChat never accepted are retried by a button; those it may have sent are left to a person.
"""

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.campaigns.mass import sending
from wechat.campaigns.mass.words import of_error
from wechat.campaigns.models import MassCall

FAILED, UNCERTAIN = MassCall.State.FAILED, MassCall.State.UNCERTAIN


def _not_accepted(account: OfficialAccount) -> QuerySet[MassCall]:
    rows = MassCall.objects.filter(sending.NOT_ACCEPTED, account=account)
    return rows.select_related("send")


def _perhaps_sent(account: OfficialAccount) -> QuerySet[MassCall]:
    ended = Q(state=UNCERTAIN) | (Q(state=FAILED) & ~sending.NOT_ACCEPTED)
    return MassCall.objects.filter(ended, account=account).select_related("send")


def _page(call: MassCall) -> str:
    return reverse("admin:campaigns_masssend_change", args=[call.send_id])


def _title(call: MassCall) -> str:
    return f"{call.send} · {call.number}"


SOURCES.add(
    "mass_sends",
    FailureSource(
        gettext_lazy("Mass sends"), Area.SENDING, _not_accepted, sending.try_again, _page, title=_title,
        words=of_error,
    ),
)  # fmt: skip
SOURCES.add(
    "mass_sends_uncertain",
    FailureSource(
        gettext_lazy("Mass sends that WeChat may have sent"), Area.SENDING, _perhaps_sent, None, _page,
        title=_title,
    ),
)  # fmt: skip
