"""The personal data of logins: visitors, their sessions, and sign-ins by scanning."""

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
    """Yields the same person as a visitor of accounts that they never followed.

    Accounts that they follow or followed are reported for the follower.
    """
    rows = Visitor.objects.filter(unionid=follower.unionid).exclude(account=follower.account_id)
    for visitor in rows.select_related("account").order_by("account__name"):
        if visitor.follower is None:
            address = reverse("admin:login_visitor_change", args=[visitor.pk])
            yield KnownElsewhere(visitor.account, gettext_lazy("visitor"), address)


@erasing.holds
def logins(follower: Follower) -> Holding | None:
    """Returns the visitor and the sign-ins of a person as a holding to erase.

    The sessions are deleted with the visitor, so that all of their tokens are refused from then on.
    """
    of_follower = {"account": follower.account_id, "openid": follower.openid}
    visitors, scans = Visitor.objects.filter(**of_follower), ScanLogin.objects.filter(**of_follower)
    if not visitors.exists() and not scans.exists():
        return None

    def erase() -> None:
        visitors.delete()
        scans.delete()

    return Holding(_("their logins: telephone number, profile and sessions; they are signed out"), erase)
