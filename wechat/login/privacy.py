"""What is forgotten of somebody who logged in: the visitor, their sessions, and sign-ins by scanning."""

from django.utils.translation import gettext as _

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from wechat.login.models import ScanLogin, Visitor


@erasing.holds
def logins(follower: Follower) -> Holding | None:
    """With the visitor go the sessions, so every token they gave is refused from now on."""
    of_follower = {"account": follower.account_id, "openid": follower.openid}
    visitors, scans = Visitor.objects.filter(**of_follower), ScanLogin.objects.filter(**of_follower)
    if not visitors.exists() and not scans.exists():
        return None

    def erase() -> None:
        visitors.delete()
        scans.delete()

    return Holding(_("their logins: telephone number, profile and sessions; they are signed out"), erase)
