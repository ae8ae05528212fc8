"""The registrations of mass sends: the platform's report on a finished one, and the use of files."""

from django.db.models import Q
from django.utils.translation import gettext as _

from wechat.campaigns.mass import reports
from wechat.campaigns.models import MassSend
from wechat.inbox.routing import InboundEvent, reacts
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.sdk.messages import MassSendFinished


@reacts(MassSendFinished)
def note_report(event: InboundEvent) -> None:
    assert isinstance(event.message, MassSendFinished)
    reports.store(event.account, event.message)


@usage.register
def mass_sends_with(asset: Asset) -> list[str]:
    using = MassSend.objects.filter(Q(asset=asset) | Q(cover=asset) | Q(pictures__contains=[asset.pk]))
    names = using.filter(account=asset.account_id).values_list("name", flat=True)
    return [_("mass send “%(name)s”") % {"name": name} for name in names]
