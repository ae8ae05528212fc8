"""The erasure of a person: each app registers what it holds of them, and says what must be kept.

An app registers a function for each kind of data::

    @holds
    def messages(follower) -> Holding: ...

All of them run in one transaction. The follower's row stays, without personal data, because something that
must be kept (a paid order) may refer to it; its openid is the platform's identifier of the person, and
without the row their next message would only create a new one.

Reference: WeChat reference 2.2 (user_authorization_revoke, user_authorization_cancellation).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from accounts.followers import avatars, changes, erasures, newcomers
from accounts.followers.models import Change, Follower, GivenName, OwnWeChat
from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Holding:
    """A kind of data that is held about a person; ``what`` is a sentence with numbers.

    ``erase`` is ``None`` for data that is kept; ``what`` then says why.
    """

    what: StrOrPromise
    erase: Callable[[], object] | None = None


Holder = Callable[[Follower], Holding | None]

_holders: Registry[Holder] = Registry("holder of personal data")


def holds(holder: Holder) -> Holder:
    return _holders.register(holder)


def holdings(follower: Follower) -> list[Holding]:
    """Returns the data that all apps hold about a follower now."""
    found = (holder(follower) for holder in _holders)
    return [holding for holding in found if holding is not None]


@dataclass(frozen=True, slots=True)
class KnownElsewhere:
    """The same person in another account; ``address`` is that of their page there."""

    account: OfficialAccount
    what: StrOrPromise
    address: str


Finder = Callable[[Follower], Iterable[KnownElsewhere]]

_finders: Registry[Finder] = Registry("finder of a person in other accounts")


def finds_elsewhere(finder: Finder) -> Finder:
    return _finders.register(finder)


def known_elsewhere(follower: Follower) -> list[KnownElsewhere]:
    """Returns the other accounts that know the person's UnionID: erasing them here changes nothing there."""
    return [found for finder in _finders for found in finder(follower)] if follower.unionid else []


@transaction.atomic
def erase(follower: Follower) -> None:
    """Erases what may be erased of a person, here and at WeChat, and records the erasure.

    Their later messages are recorded as a stranger's. A person who never followed is given as an unsaved row,
    with account and openid.
    """
    erasures.record(follower.account_id, follower.openid, timezone.now())
    forget_profile(follower.account_id, follower.openid)
    for holding in holdings(follower):
        if holding.erase is not None:
            holding.erase()
    of_person = {"account": follower.account_id, "openid": follower.openid}
    GivenName.objects.filter(**of_person).delete()
    OwnWeChat.objects.filter(**of_person).delete()
    if follower.pk is not None:
        _queue_removal_at_wechat(follower)
        _empty(follower)


def _queue_removal_at_wechat(follower: Follower) -> None:
    """Queues the removal of the remark and the tags that WeChat has, or that were queued for it."""
    unsent = follower.changes.exclude(kind=Change.Kind.BLACKLIST)
    tags = {*follower.tags.all(), *(each.tag for each in unsent.select_related("tag") if each.tag)}
    has_remark = follower.remark or unsent.filter(kind=Change.Kind.REMARK).exists()
    unsent.delete()
    if has_remark:
        changes.queue(Change.Kind.REMARK, [follower], "")
    changes.queue_untagging(follower, tags)


def _empty(follower: Follower) -> None:
    follower.tags.clear()
    follower.custom_values.all().delete()
    Follower.objects.filter(pk=follower.pk).update(
        unionid="", remark="", subscribe_scene="", qr_scene=0, qr_scene_str="", language="",
        first_subscribed_at=None, subscribed_at=None, unsubscribed_at=None, last_seen_at=None,
        last_seen_kind="",
    )  # fmt: skip


@transaction.atomic
def forget_profile(account_id: int, openid: str) -> None:
    """Deletes the nickname and picture that a person agreed to show and has withdrawn or changed."""
    newcomers.lock([openid])
    Follower.objects.filter(account=account_id, openid=openid).update(
        nickname="", avatar_url="", consented_at=None
    )
    avatars.forget(account_id, openid)
