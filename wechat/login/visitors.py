"""The visitors: everybody who logged in, once for each account."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from accounts.followers import avatars, erasing, newcomers
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from wechat.login.models import Visitor
from wechat.sdk.calls import oauth


def logged_in(account: OfficialAccount, openid: str, unionid: str = "", **known: Any) -> Visitor:
    """Returns the visitor with this openid, made or brought up to date; ``known`` are more of its fields."""
    fields = {"last_login_at": timezone.now(), **known}
    if unionid:
        fields["unionid"] = unionid
    _update_follower(account, openid, fields)
    if "avatar" in fields:
        avatars.keep(account.pk, openid, fields["avatar"])
    visitor, _made = Visitor.objects.update_or_create(account=account, openid=openid, defaults=fields)
    return visitor


@newcomers.meets
def hand_over_consent(account_id: int, openids: Collection[str]) -> None:
    """Copies what somebody agreed to before they followed to the follower they are now."""
    known = Visitor.objects.filter(account=account_id, openid__in=openids)
    for visitor in known.exclude(unionid="", consented_at=None):
        fields: dict[str, Any] = {"unionid": visitor.unionid} if visitor.unionid else {}
        if visitor.consented_at is not None:
            fields |= {
                "nickname": visitor.nickname,
                "avatar_url": visitor.avatar,
                "consented_at": visitor.consented_at,
            }
        Follower.objects.filter(account=account_id, openid=visitor.openid).update(**fields)


def with_profile(account: OfficialAccount, profile: oauth.Profile) -> Visitor:
    """Keeps the nickname and avatar that the person agreed to show; returns the visitor."""
    return logged_in(account, profile.openid, profile.unionid, **consented(profile.nickname, profile.avatar))


def consented(nickname: str, avatar: str) -> dict[str, Any]:
    """Returns the fields of a profile that was agreed to; an address that is none is left out."""
    shown = avatar if avatar.startswith(("https://", "http://")) and len(avatar) <= 500 else ""
    return {"nickname": nickname[:64], "avatar": shown, "consented_at": timezone.now()}


def forget_profile(account: OfficialAccount, openid: str) -> None:
    """Forgets nickname and avatar, as the person withdrew the consent."""
    Visitor.objects.filter(account=account, openid=openid).update(nickname="", avatar="", consented_at=None)
    erasing.forget_profile(account.pk, openid)


def _update_follower(account: OfficialAccount, openid: str, fields: Mapping[str, Any]) -> None:
    """Updates the follower of the same openid, if there is one, as the same person."""
    names = {
        "unionid": "unionid",
        "nickname": "nickname",
        "avatar": "avatar_url",
        "consented_at": "consented_at",
    }
    changed = {theirs: fields[ours] for ours, theirs in names.items() if ours in fields}
    if changed:
        Follower.objects.filter(account=account, openid=openid).update(**changed)
