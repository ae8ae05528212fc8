"""The search source of campaigns, mass sends and sequences."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.campaigns.models import Campaign, MassSend, Sequence
from wechat.console.by_name import named


@source("campaigns.campaigns", gettext_lazy("Campaigns"), "campaign", Area.SENDING)
def campaigns(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Campaign.objects.filter(account=account), "name", wanted, MOST):
        yield Found(str(row), str(row.get_state_display()), page_of(row))


@source("campaigns.mass", gettext_lazy("Mass sends"), "podcasts", Area.SENDING)
def mass_sends(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(MassSend.objects.filter(account=account), "name", wanted, MOST):
        yield Found(str(row), str(row.get_state_display()), page_of(row))


@source("campaigns.sequences", gettext_lazy("Sequences"), "schedule_send", Area.SENDING)
def sequences(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Sequence.objects.filter(account=account), "name", wanted, MOST):
        yield Found(str(row), "", page_of(row))
