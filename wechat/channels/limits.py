"""The number of permanent codes that an account may still make. WeChat reference 7.1."""

from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel
from wechat.sdk.calls.qrcodes import MOST_PERMANENT


def permanent_used(account: OfficialAccount) -> int:
    """Returns how many permanent codes were made here.

    The account may have others that were made elsewhere.
    """
    return Channel.objects.filter(account=account, lifetime=Channel.Lifetime.PERMANENT).count()


def permanent_left(account: OfficialAccount) -> int:
    return max(0, MOST_PERMANENT - permanent_used(account))
