"""The tags that a channel gives to those who come by it."""

from accounts.followers import tagging
from accounts.followers.models import Follower
from wechat.channels.models import Channel


def tag(channel: Channel, openid: str) -> None:
    """Gives the channel's tags to this follower; what they have stays. Runs twice without harm."""
    follower = Follower.objects.filter(account=channel.account_id, openid=openid)
    for each in channel.tags.all():
        tagging.add(each, follower)
