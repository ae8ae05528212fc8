"""The erasure of a visitor with their sessions and sign-ins by scanning."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import erasing
from accounts.followers.erasing import Holding, KnownElsewhere
from accounts.followers.models import Follower
from wechat.login.models import ScanLogin, Visitor


@erasing.finds_elsewhere
def visitors_elsewhere(follower: Follower) -> Iterator[KnownElsewhere]:
    """Yields the visits of the same person to accounts that they never followed.

    Where they follow or followed, they are told of as that follower.
    """
    rows = Visitor.objects.filter(unionid=follower.unionid).exclude(account=follower.account_id)
    for visitor in rows.select_related("account").order_by("account__name"):
        if visitor.follower is None:
            address = reverse("admin:login_visitor_change", args=[visitor.pk])
            yield KnownElsewhere(visitor.account, gettext_lazy("visitor"), address)


@erasing.holds
def logins(follower: Follower) -> Holding | None:
    """Returns the visitor and sign-ins of a follower as something to erase.

    With the visitor go the sessions, so every token they gave is refused from now on.
    """
    of_follower = {"account": follower.account_id, "openid": follower.openid}
    visitors, scans = Visitor.objects.filter(**of_follower), ScanLogin.objects.filter(**of_follower)
    if not visitors.exists() and not scans.exists():
        return None

    def erase() -> None:
        visitors.delete()
        scans.delete()

    return Holding(_("their logins: telephone number, profile and sessions; they are signed out"), erase)
