import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.followers import erasing
from accounts.followers.handles import handle
from accounts.followers.models import Follower, FollowerSync, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from wechat.inbox import reacting
from wechat.inbox.models import InboundMessage

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"


@pytest.fixture
def follower(account: OfficialAccount) -> Follower:
    row = Follower.objects.create(
        account=account, openid=OPENID, nickname="林小满", avatar_url="https://example.com/a.png",
        consented_at=timezone.now(), remark="王女士", unionid="oUnion", subscribed_at=timezone.now(),
    )  # fmt: skip
    row.tags.add(Tag.objects.create(account=account, name="VIP"))
    return row


def event(account: OfficialAccount, name: str, elements: str = "", **fields: Any) -> InboundMessage:
    body = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>oPlatformHelper</FromUserName>"
        f"<CreateTime>1764000000</CreateTime><MsgType>event</MsgType><Event>{name}</Event>{elements}</xml>"
    )
    fields = {"openid": "oPlatformHelper", "kind": "event", "event": name.lower(), **fields}
    return message(account, body=body, **fields)


def personal(account: OfficialAccount, name: str, withdrawn: str = "") -> None:
    elements = f"<OpenID>{OPENID}</OpenID><AppID>wx</AppID><RevokeInfo>{withdrawn}</RevokeInfo>"
    reacting.react_to([event(account, name, elements)])


def test_a_changed_profile_is_forgotten(account: OfficialAccount, follower: Follower) -> None:
    personal(account, "user_info_modified")
    follower.refresh_from_db()
    assert (follower.nickname, follower.avatar_url, follower.consented_at) == ("", "", None)
    assert follower.remark == "王女士"


def test_a_withdrawn_nickname_is_forgotten_and_nothing_else(
    account: OfficialAccount, follower: Follower
) -> None:
    sent = message(account, "你好")
    personal(account, "user_authorization_revoke", "205")
    follower.refresh_from_db()
    sent.refresh_from_db()
    assert (follower.nickname, follower.remark, sent.text) == ("", "王女士", "你好")


def test_a_withdrawn_address_takes_nothing_that_is_held_here(
    account: OfficialAccount, follower: Follower
) -> None:
    personal(account, "user_authorization_revoke", "201")
    follower.refresh_from_db()
    assert follower.nickname == "林小满"


def test_withdrawn_places_are_forgotten(account: OfficialAccount, follower: Follower) -> None:
    place = event(account, "LOCATION", "<Latitude>23.1</Latitude>", openid=OPENID)
    sent = message(account, "你好")
    personal(account, "user_authorization_revoke", "206")
    place.refresh_from_db()
    sent.refresh_from_db()
    assert "23.1" not in place.body
    assert sent.text == "你好"


@pytest.mark.parametrize(
    "who", ["", "<OpenID></OpenID>", f"<OpenID>{'长' * 5000}</OpenID>", "<OpenID>?</OpenID>"]
)
def test_an_event_that_does_not_say_who_it_is_about_takes_nothing_from_anybody(
    account: OfficialAccount, who: str
) -> None:
    """What cannot be read has no openid either, and is not theirs."""
    unreadable = message(account, kind="malformed", openid="", body="<xml>13800138000")
    row = event(account, "user_authorization_cancellation", who)
    reacting.react_to([row])
    unreadable.refresh_from_db()
    row.refresh_from_db()
    assert "13800138000" in unreadable.body
    assert (row.handled_at is not None, row.error) == (True, "")


def test_who_closed_their_wechat_account_is_erased(account: OfficialAccount, follower: Follower) -> None:
    sent = message(account, "我的电话是 13800138000")
    personal(account, "user_authorization_cancellation")
    follower.refresh_from_db()
    sent.refresh_from_db()
    assert not follower.subscribed
    assert (follower.nickname, follower.remark, follower.unionid) == ("", "", "")
    assert not follower.tags.exists()
    assert "13800138000" not in f"{sent.body}{sent.text}"
    assert sent.message.openid == OPENID


def test_a_cancellation_of_somebody_unknown_erases_their_messages(account: OfficialAccount) -> None:
    sent = message(account, "秘密")
    personal(account, "user_authorization_cancellation")
    sent.refresh_from_db()
    assert "秘密" not in f"{sent.body}{sent.text}"


def test_erasing_says_first_what_goes_and_then_does_it(staff: Cast, follower: Follower) -> None:
    message(staff.ours, "秘密")
    page = f"/admin/followers/follower/{follower.pk}/erase/"
    html = signed_in(staff.owner).get(page).content.decode()
    assert follower.openid in html
    assert len(erasing.holdings(follower)) == 1
    assert signed_in(staff.editor).get(page).status_code == 403
    assert signed_in(staff.outsider).get(page).status_code == 404
    refused = signed_in(staff.owner).post(page, {"account": staff.ours.pk, "word": "好"})
    assert "请准确输入“清除”，尚未执行任何操作。" in refused.content.decode()
    assert InboundMessage.objects.get().text == "秘密"
    signed_in(staff.owner).post(page, {"account": staff.ours.pk, "word": "清除"})
    follower.refresh_from_db()
    assert (follower.remark, follower.nickname, str(follower)) == ("", "", f"粉丝 {handle(OPENID)}")
    assert InboundMessage.objects.get().text == ""


def test_an_erased_message_is_shown_as_such(staff: Cast, follower: Follower) -> None:
    message(staff.ours, "秘密")
    erasing.erase(follower)
    page = f"/admin/inbox/inboundmessage/conversation/{staff.ours.pk}/{OPENID}/"
    html = signed_in(staff.owner).get(page).content.decode()
    assert "秘密" not in html
    assert OPENID in html


def test_the_person_page_shows_what_they_wrote(staff: Cast, follower: Follower) -> None:
    message(staff.ours, "你们几点开门？", answered_by="rule:1")
    page = f"/admin/followers/follower/{follower.pk}/change/"
    assert "你们几点开门？" in signed_in(staff.owner).get(page).content.decode()


# --- what events mean for the row of a follower


def test_who_follows_by_a_code_is_of_that_channel_at_once(account: OfficialAccount) -> None:
    key = "<EventKey>qrscene_store-0042</EventKey><Ticket>t</Ticket>"
    reacting.react_to([event(account, "subscribe", key, openid=OPENID)])
    follower = Follower.objects.get(openid=OPENID)
    assert (follower.subscribe_scene, follower.qr_scene_str) == ("ADD_SCENE_QR_CODE", "store-0042")
    assert follower.profiled_at is None


def test_a_numbered_code_is_a_number(account: OfficialAccount) -> None:
    key = "<EventKey>qrscene_42</EventKey><Ticket>t</Ticket>"
    reacting.react_to([event(account, "subscribe", key, openid=OPENID)])
    follower = Follower.objects.get(openid=OPENID)
    assert (follower.qr_scene, follower.qr_scene_str) == (42, "")


def test_who_follows_is_asked_about_in_a_minute_together_with_others(account: OfficialAccount) -> None:
    for number in range(3):
        reacting.react_to([event(account, "subscribe", openid=f"oNew{number}")])
    run = FollowerSync.objects.get()
    assert run.kind == FollowerSync.Kind.INCREMENTAL
    assert run.due_at is not None
    assert datetime.timedelta() < run.due_at - timezone.now() <= datetime.timedelta(minutes=1)


def test_somebody_who_leaves_starts_no_run(account: OfficialAccount) -> None:
    reacting.react_to([event(account, "unsubscribe", openid=OPENID)])
    assert not FollowerSync.objects.exists()
