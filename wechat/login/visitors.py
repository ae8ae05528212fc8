"""The creation and update of visitors by their logins, one for each account."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.followers import avatars, erasing, newcomers
from accounts.followers.models import Follower
from accounts.official import app_ids
from accounts.official.models import OfficialAccount
from wechat.login.models import Visitor
from wechat.sdk.calls import oauth


@transaction.atomic
def logged_in(account: OfficialAccount, openid: str, unionid: str = "", **known: Any) -> Visitor:
    """Returns the visitor with this openid, created or updated; ``known`` are further fields."""
    fields = {"last_login_at": timezone.now(), **known}
    if unionid:
        fields["unionid"] = unionid
    newcomers.lock([openid])
    _update_follower(account, openid, fields)
    if "avatar" in fields:
        avatars.update(account.pk, openid, fields["avatar"])
    visitor, _made = Visitor.objects.update_or_create(account=account, openid=openid, defaults=fields)
    return visitor


@app_ids.belongs
def has_visitors(account: OfficialAccount) -> bool:
    return Visitor.objects.filter(account=account).exists()


@newcomers.on_new_followers
def hand_over_consent(account_id: int, openids: Collection[str]) -> None:
    """Copies the unionid and the consented profile of visitors to their new rows as followers."""
    known = Visitor.objects.filter(account=account_id, openid__in=openids)
    for visitor in known.exclude(unionid="", consented_at=None):
        follower = Follower.objects.filter(account=account_id, openid=visitor.openid)
        # The one of the follower's profile is newer: it changes with the account's Open Platform.
        follower.filter(unionid="").update(unionid=visitor.unionid)
        if visitor.consented_at is not None:
            follower.update(
                nickname=visitor.nickname, avatar_url=visitor.avatar, consented_at=visitor.consented_at
            )


def with_profile(account: OfficialAccount, profile: oauth.Profile) -> Visitor:
    """Stores the nickname and avatar that the person agreed to show; returns the visitor."""
    return logged_in(account, profile.openid, profile.unionid, **consented(profile.nickname, profile.avatar))


def consented(nickname: str, avatar: str) -> dict[str, Any]:
    """Returns the fields of a consented profile; an invalid avatar address is left out."""
    shown = avatar if avatar.startswith(("https://", "http://")) and len(avatar) <= 500 else ""
    return {"nickname": nickname[:64], "avatar": shown, "consented_at": timezone.now()}


@transaction.atomic
def forget_profile(account: OfficialAccount, openid: str) -> None:
    """Deletes nickname and avatar, because the person withdrew the consent."""
    erasing.forget_profile(account.pk, openid)
    Visitor.objects.filter(account=account, openid=openid).update(nickname="", avatar="", consented_at=None)


def _update_follower(account: OfficialAccount, openid: str, fields: Mapping[str, Any]) -> None:
    """Updates the follower with the same openid, if there is one."""
    names = {
        "unionid": "unionid",
        "nickname": "nickname",
        "avatar": "avatar_url",
        "consented_at": "consented_at",
    }
    changed = {theirs: fields[ours] for ours, theirs in names.items() if ours in fields}
    if changed:
        Follower.objects.filter(account=account, openid=openid).update(**changed)
