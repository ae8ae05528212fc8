"""The platform's events about personal data: a changed profile, a withdrawn consent, a closed WeChat account.

The events name the person in ``OpenID``; the sender may be somebody else. Of the data whose consent can be
withdrawn, this console has nickname and avatar (205) and reported locations (206); the other kinds (address,
invoice, card, microphone, chosen pictures) never arrive at an account's callback.

Reference: WeChat reference 2.2.
"""

import logging
from collections.abc import Sequence
from itertools import groupby

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.followers import erasing, erasures
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from wechat.inbox.follower_activity import is_by_follower
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.inbox.routing import InboundEvent, reacts
from wechat.sdk.messages import (
    PersonalData,
    UserAuthorizationCancelled,
    UserAuthorizationRevoked,
    UserInfoModified,
)
from wechat.sdk.openids import is_openid

log = logging.getLogger(__name__)

NICKNAME_AND_PICTURE, PLACES = "205", "206"
FORGOTTEN = (
    "<xml><ToUserName></ToUserName><FromUserName>",
    "</FromUserName><CreateTime>1</CreateTime><MsgType>erased</MsgType><MsgId>1</MsgId></xml>",
)


@reacts(UserInfoModified)
def forget_old_profile(event: InboundEvent) -> None:
    """Clears the profile of a follower who changed it.

    The new one is not fetched: that needs the follower's own token, at their next visit.
    """
    erasing.forget_profile(event.account.pk, _personal_data(event).affected_openid)


@reacts(UserAuthorizationRevoked)
def forget_what_was_withdrawn(event: InboundEvent) -> None:
    message = _personal_data(event)
    if NICKNAME_AND_PICTURE in message.revoke_info:
        erasing.forget_profile(event.account.pk, message.affected_openid)
    if PLACES in message.revoke_info:
        _forget(_messages(event.account.pk, message.affected_openid).filter(event="location"))


@reacts(UserAuthorizationCancelled)
def forget_the_person(event: InboundEvent) -> None:
    """Erases a person who closed their WeChat account."""
    openid = _personal_data(event).affected_openid
    if not is_openid(openid):
        # Without an openid are the rows of nobody in particular, such as orders that were paid by a code.
        log.warning("nobody_to_forget", extra={"account": event.account.slug})
        return
    person = {"account": event.account, "openid": openid}
    erasing.erase(Follower.objects.filter(**person).first() or Follower(**person))
    Follower.objects.filter(**person).update(subscribed=False)


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


def without_what_is_late(rows: Sequence[InboundMessage]) -> list[InboundMessage]:
    """Empties messages sent before their sender was erased that arrived later; returns the others.

    Their senders are not erased until the end of the current transaction.
    """
    late: set[int] = set()
    own = sorted(filter(is_by_follower, rows), key=_account)
    for account_id, of_account in groupby(own, key=_account):
        erasures.block_erasures(account_id)
        sent = list(of_account)
        moments = erasures.moments(account_id, {row.openid for row in sent})
        late |= {row.pk for row in sent if row.openid in moments and row.sent_at <= moments[row.openid]}
    if not late:
        return list(rows)
    emptied = InboundMessage.objects.filter(pk__in=late)
    _forget(emptied)
    emptied.update(handled_at=timezone.now(), due_at=None, error="")
    return [row for row in rows if row.pk not in late]


def is_late(row: InboundMessage) -> bool:
    """Returns whether the sender was erased since; if not, they are not until the transaction ends."""
    if not is_by_follower(row):
        return False
    erasures.block_erasures(row.account_id)
    return erasures.is_from_before(row.account_id, row.openid, row.sent_at)


def _account(row: InboundMessage) -> int:
    return row.account_id


def _messages(account_id: int, openid: str) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(account=account_id, openid=openid)


def _forget(rows: QuerySet[InboundMessage]) -> None:
    """Empties messages; their rows stay, so that a repeat is still a repeat and counts still count."""
    for medium in InboundMedia.objects.filter(message__in=rows).exclude(file=""):
        medium.file.delete(save=False)
    InboundMedia.objects.filter(message__in=rows).delete()
    before, after = (Value(part) for part in FORGOTTEN)
    rows.update(
        # No question any more: it stands in no list of those that wait for an answer.
        kind=Case(When(kind="event", then=F("kind")), default=Value("erased")),
        body=Concat(before, "openid", after),
        raw_bytes=None,
        text="",
        answer=None,
        later=None,
    )


def _personal_data(event: InboundEvent) -> PersonalData:
    assert isinstance(event.message, PersonalData)
    return event.message
