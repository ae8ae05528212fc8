"""The erasure of events about a person."""

from django.utils.translation import ngettext

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from wechat.webhooks.models import Delivery


@erasing.holds
def deliveries(follower: Follower) -> Holding | None:
    mine = Delivery.objects.filter(account=follower.account_id, openid=follower.openid)
    count = mine.count()
    if not count:
        return None
    what = ngettext("%d event sent to your systems", "%d events sent to your systems", count) % count
    return Holding(what, mine.delete)
