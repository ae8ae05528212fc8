import dataclasses
import datetime
from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast, message, signed_in
from wechat.inbox import conversation
from wechat.inbox.bubbles import Bubble, Part, of_content
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.pushes.models import Push
from wechat.sdk.content import TYPES, Content, MenuChoice, MenuMessage, News, NewsArticle, Text
from wechat.sdk.stored_content import from_dict

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"


def test_a_message_comes_before_its_answer_and_the_oldest_first(staff: Cast) -> None:
    now = timezone.now()
    message(staff.ours, "two", received_at=now, answer={"type": "text", "content": "answer two"})
    message(staff.ours, "one", received_at=now - datetime.timedelta(hours=1))
    texts = [bubble.part.text for bubble in conversation.page(staff.ours, OPENID).bubbles]
    assert texts == ["one", "two", "answer two"]


def test_nothing_of_other_followers_or_accounts_is_in_it(staff: Cast) -> None:
    message(staff.ours, "mine")
    message(staff.ours, "somebody else's", openid="oOther")
    message(staff.theirs, "another account's")
    assert [bubble.part.text for bubble in conversation.page(staff.ours, OPENID).bubbles] == ["mine"]


def test_what_another_app_sent_is_in_its_place(staff: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()

    def pushed(*args: object) -> Iterator[Bubble]:
        yield Bubble(now - datetime.timedelta(minutes=1), ours=True, part=Part("text", "pushed"))

    monkeypatch.setattr(conversation, "_sources", [conversation.received, pushed])
    message(staff.ours, "before", received_at=now - datetime.timedelta(minutes=2))
    message(staff.ours, "after", received_at=now)
    texts = [bubble.part.text for bubble in conversation.page(staff.ours, OPENID).bubbles]
    assert texts == ["before", "pushed", "after"]


def test_older_pages_follow_without_gaps_or_repeats(staff: Cast) -> None:
    start = timezone.now() - datetime.timedelta(days=1)
    for number in range(75):
        at = start + datetime.timedelta(seconds=number // 2)
        message(staff.ours, str(number), received_at=at, answer={"type": "text", "content": f"a{number}"})
    seen: list[str] = []
    page = conversation.page(staff.ours, OPENID)
    seen += [bubble.part.text for bubble in page.bubbles]
    while page.before:
        page = conversation.page(staff.ours, OPENID, page.before)
        seen += [bubble.part.text for bubble in page.bubbles]
    assert len(seen) == 150
    assert set(seen) == {*map(str, range(75)), *(f"a{number}" for number in range(75))}


def test_the_unreadable_does_not_break_the_page(staff: Cast) -> None:
    message(staff.ours, kind=InboundMessage.MALFORMED, body="<xml><oops>")
    message(staff.ours, "hello", answer={"type": "of tomorrow", "anything": 1})
    address = reverse("admin:inbox_conversation", args=(staff.ours.pk, OPENID))
    html = signed_in(staff.service).get(address).content.decode()
    assert "of tomorrow" in html
    assert "&lt;oops&gt;" in html


def test_a_link_that_is_no_web_address_cannot_be_clicked(staff: Cast) -> None:
    body = (
        "<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oFollower000000000000000001</FromUserName>"
        "<CreateTime>1764000000</CreateTime><MsgType>link</MsgType><Title>click</Title>"
        "<Description>me</Description><Url>javascript:alert(1)</Url><MsgId>9</MsgId></xml>"
    )
    message(staff.ours, kind="link", body=body)
    address = reverse("admin:inbox_conversation", args=(staff.ours.pk, OPENID))
    assert "javascript:" not in signed_in(staff.service).get(address).content.decode()


def test_a_picture_is_shown_once_it_was_fetched(staff: Cast) -> None:
    row = message(staff.ours, kind="image")
    address = reverse("admin:inbox_conversation", args=(staff.ours.pk, OPENID))
    media = InboundMedia.objects.create(message=row, media_id="m", kind="image", due_at=timezone.now())
    picture = reverse("inbound_media", args=(media.pk,))
    assert picture not in signed_in(staff.service).get(address).content.decode()
    InboundMedia.objects.update(state="fetched", file="inbound/x.png", content_type="image/png", due_at=None)
    assert f'src="{picture}"' in signed_in(staff.service).get(address).content.decode()


@pytest.mark.parametrize("before", ["x", "2026-02-30T00:00:00Z", "2026-02-01T00:00:00", ""])
def test_a_moment_of_nonsense_is_the_newest_page(staff: Cast, before: str) -> None:
    message(staff.ours, "hello")
    address = reverse("admin:inbox_conversation", args=(staff.ours.pk, OPENID))
    assert "hello" in signed_in(staff.service).get(address, {"before": before}).content.decode()


def test_choices_keep_the_text_below_them() -> None:
    part = of_content(MenuMessage("head", (MenuChoice("1", "one"),), "tail"))
    assert (part.text, part.choices, part.closing) == ("head", ["one"], "tail")


def test_every_kind_of_content_has_a_look() -> None:
    special: dict[str, Content] = {
        "text": Text("hi"),
        "news": News((NewsArticle("title", url="https://example.com"),)),
        "msgmenu": MenuMessage("head", (MenuChoice("1", "one"),)),
    }
    for name, kind in TYPES.items():
        content = special.get(name) or from_dict({"type": name, **dict.fromkeys(_names(kind), "x")})
        assert of_content(content).kind, name


def _names(kind: type[Content]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


@pytest.mark.parametrize("openid", ["a/b", "o\n1", "..", "?#%", "用户", ""])
def test_no_openid_breaks_the_pages_that_show_it(staff: Cast, openid: str) -> None:
    """An older version, or the platform, may have let in pushes and messages with such an openid."""
    message(staff.ours, "hello", openid=openid)
    Push.objects.create(
        account=staff.ours, openid=openid, content={}, state="skipped", reason="expired", due_at=None
    )
    browser = signed_in(staff.superuser)
    for page in ("pushes_push_changelist", "inbox_inboundmessage_changelist", "inbox_unanswered"):
        assert browser.get(reverse(f"admin:{page}")).status_code == 200
    address = reverse("admin:inbox_conversation", args=[staff.ours.pk, openid])
    assert browser.get(address, follow=True).status_code == 200


def test_links_of_ours_can_be_opened_and_what_a_follower_wrote_stays_text(staff: Cast) -> None:
    words = (
        '<a href="https://a.cn/?a=1&b=2">看订单</a><script>alert(1)</script><a href="javascript:x()">别点</a>'
    )
    message(staff.ours, words, answer={"type": "text", "content": words})
    address = reverse("admin:inbox_conversation", args=[staff.ours.pk, OPENID])
    html = signed_in(staff.service).get(address).content.decode()
    assert html.count('<a class="text-link" href="https://a.cn/?a=1&amp;b=2"') == 1
    assert html.count("&lt;a href=&quot;https://a.cn/?a=1&amp;b=2&quot;&gt;看订单&lt;/a&gt;") == 1
    assert "<script>alert" not in html
    assert 'href="javascript' not in html


def test_a_link_to_a_mini_program_is_told_and_leads_nowhere(staff: Cast) -> None:
    link = '<a data-miniprogram-appid="wx12" data-miniprogram-path="pages/a" href="https://a.cn/">点餐</a>'
    message(staff.ours, "菜单", answer={"type": "text", "content": link})
    address = reverse("admin:inbox_conversation", args=[staff.ours.pk, OPENID])
    html = signed_in(staff.service).get(address).content.decode()
    assert '<span class="text-link" title="打开小程序 wx12 pages/a">点餐</span>' in html
