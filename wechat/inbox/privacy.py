"""What somebody takes back: their profile, what they agreed to, or themselves.

The events come from the platform and name the person in ``OpenID``; the sender may be somebody else. Of what
a person may withdraw, this console holds nickname and picture (205) and reported places (206); the other
kinds (address, invoice, card, microphone, chosen pictures) never arrive at an account's callback.

Reference: WeChat reference 2.2.
"""

from django.db.models import QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import ngettext

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.inbox.routing import InboundEvent, reacts
from wechat.sdk.messages import (
    PersonalData,
    UserAuthorizationCancelled,
    UserAuthorizationRevoked,
    UserInfoModified,
)

NICKNAME_AND_PICTURE, PLACES = "205", "206"
FORGOTTEN = (
    "<xml><ToUserName></ToUserName><FromUserName>",
    "</FromUserName><CreateTime>1</CreateTime><MsgType>erased</MsgType><MsgId>1</MsgId></xml>",
)


@reacts(UserInfoModified)
def forget_old_profile(event: InboundEvent) -> None:
    """Cleared, not fetched: the new one needs the follower's own token, with their next visit."""
    erasing.forget_profile(event.account.pk, _whom(event).affected_openid)


@reacts(UserAuthorizationRevoked)
def forget_what_was_withdrawn(event: InboundEvent) -> None:
    message = _whom(event)
    if NICKNAME_AND_PICTURE in message.revoke_info:
        erasing.forget_profile(event.account.pk, message.affected_openid)
    if PLACES in message.revoke_info:
        _forget(_messages(event.account.pk, message.affected_openid).filter(event="location"))


@reacts(UserAuthorizationCancelled)
def forget_the_person(event: InboundEvent) -> None:
    """They closed their WeChat account."""
    whom = {"account": event.account, "openid": _whom(event).affected_openid}
    erasing.erase(Follower.objects.filter(**whom).first() or Follower(**whom))
    Follower.objects.filter(**whom).update(subscribed=False)


@erasing.holds
def messages(follower: Follower) -> Holding | None:
    rows = _messages(follower.account_id, follower.openid)
    count = rows.count()
    if not count:
        return None
    what = ngettext(
        "what they wrote and sent: %d message with its files loses its content",
        "what they wrote and sent: %d messages with their files lose their content",
        count,
    )
    return Holding(what % count, lambda: _forget(rows))


def _messages(account_id: int, openid: str) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(account=account_id, openid=openid)


def _forget(rows: QuerySet[InboundMessage]) -> None:
    """The rows stay, so that a repeat is still a repeat and counts still count; what they said goes."""
    for medium in InboundMedia.objects.filter(message__in=rows).exclude(file=""):
        medium.file.delete(save=False)
    InboundMedia.objects.filter(message__in=rows).delete()
    before, after = (Value(part) for part in FORGOTTEN)
    rows.update(body=Concat(before, "openid", after), raw_bytes=None, text="", answer=None, later=None)


def _whom(event: InboundEvent) -> PersonalData:
    assert isinstance(event.message, PersonalData)
    return event.message
