"""The erasure of a person's conversation at the desk, with notes and takeovers."""

from django.utils.translation import gettext as _

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from wechat.desk.models import Takeover, Thread


@erasing.holds
def conversation(follower: Follower) -> Holding | None:
    of_follower = {"account": follower.account_id, "openid": follower.openid}
    threads, takeovers = Thread.objects.filter(**of_follower), Takeover.objects.filter(**of_follower)
    if not threads.exists() and not takeovers.exists():
        return None

    def erase() -> None:
        threads.delete()
        takeovers.delete()

    return Holding(_("their conversation at the service desk, with the staff's notes"), erase)
