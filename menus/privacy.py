"""The erasure of a person's taps; the daily figures name nobody and stay."""

from django.utils.translation import ngettext

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from menus.models import Tap, Tapper


@erasing.holds
def taps(follower: Follower) -> Holding | None:
    """Returns the taps of a person, which lose the OpenID and stay counted, once for each message."""
    rows = Tap.objects.filter(account=follower.account_id, openid=follower.openid)
    if not (count := rows.count()):
        return None
    what = ngettext(
        "which menu buttons they tapped: %d tap stays in the figures without a name",
        "which menu buttons they tapped: %d taps stay in the figures without a name",
        count,
    )

    def erase() -> None:
        for version, uid in rows.order_by().values_list("version", "uid").distinct():
            Tapper.objects.filter(version=version, uid=uid, openid=follower.openid).delete()
        rows.update(openid="")

    return Holding(what % count, erase)
