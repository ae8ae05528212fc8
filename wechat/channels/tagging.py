"""The tagging of followers with the tags of a channel."""

from accounts.followers import tagging
from accounts.followers.models import Follower
from wechat.channels.models import Channel


def tag(channel: Channel, openid: str) -> None:
    """Adds the channel's tags to the follower, who keeps all others. Idempotent."""
    follower = Follower.objects.filter(account=channel.account_id, openid=openid)
    for each in channel.tags.all():
        tagging.add(each, follower)
