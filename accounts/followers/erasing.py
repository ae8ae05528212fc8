"""The erasure of a person: all apps delete what they keep, or say why they must keep it.

Each app registers what it holds::

    @holds
    def messages(follower) -> Holding: ...

Erasing runs all of them in one transaction. The follower's row stays without anything about the person as
long as something that must be kept (a paid order) points to them; its openid is what the platform calls
them, and without it the next message would only make a new row.

Reference: WeChat reference 2.2 (user_authorization_revoke, user_authorization_cancellation).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from accounts.followers import avatars, changes, erasures
from accounts.followers.models import Change, Follower, GivenName, OwnWeChat
from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Holding:
    """A kind of data that is held about somebody; ``what`` is a sentence with numbers.

    ``erase`` is ``None`` for what is kept; ``what`` says why.
    """

    what: StrOrPromise
    erase: Callable[[], object] | None = None


Holder = Callable[[Follower], Holding | None]

_holders: Registry[Holder] = Registry("holder of personal data")


def holds(holder: Holder) -> Holder:
    return _holders.register(holder)


def holdings(follower: Follower) -> list[Holding]:
    """Returns what is held about somebody now, by all apps."""
    found = (holder(follower) for holder in _holders)
    return [holding for holding in found if holding is not None]


@dataclass(frozen=True, slots=True)
class KnownElsewhere:
    """The same person in another account; ``address`` is the page that shows them there."""

    account: OfficialAccount
    what: StrOrPromise
    address: str


Finder = Callable[[Follower], Iterable[KnownElsewhere]]

_finders: Registry[Finder] = Registry("finder of a person in other accounts")


def finds_elsewhere(finder: Finder) -> Finder:
    return _finders.register(finder)


def known_elsewhere(follower: Follower) -> list[KnownElsewhere]:
    """Returns where else the person is known by their UnionID: erasing them here changes nothing there."""
    return [found for finder in _finders for found in finder(follower)] if follower.unionid else []


@transaction.atomic
def erase(follower: Follower) -> None:
    """Forgets all that may be forgotten, here and at WeChat, and keeps that it is to stay forgotten.

    What they do afterwards is recorded as a stranger's. Somebody who never followed is given as a row that
    was not saved, with account and openid.
    """
    erasures.note(follower.account_id, follower.openid, timezone.now())
    for holding in holdings(follower):
        if holding.erase is not None:
            holding.erase()
    forget_profile(follower.account_id, follower.openid)
    of_person = {"account": follower.account_id, "openid": follower.openid}
    GivenName.objects.filter(**of_person).delete()
    OwnWeChat.objects.filter(**of_person).delete()
    if follower.pk is not None:
        _take_back_at_wechat(follower)
        _empty(follower)


def _take_back_at_wechat(follower: Follower) -> None:
    """Has WeChat remove the remark and the tags that it has, or was about to be given."""
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


def forget_profile(account_id: int, openid: str) -> None:
    """Deletes the nickname and picture that somebody agreed to show, and withdrew or changed."""
    Follower.objects.filter(account=account_id, openid=openid).update(
        nickname="", avatar_url="", consented_at=None
    )
    avatars.forget(account_id, openid)
