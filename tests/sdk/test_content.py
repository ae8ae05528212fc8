import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.data import REPLIES, sample
from wechat.sdk.content import (
    TYPES,
    ArticleMessage,
    Card,
    Content,
    Image,
    MenuChoice,
    MenuMessage,
    MiniProgramPage,
    Music,
    News,
    NewsArticle,
    Text,
    TransferToService,
    Video,
    Voice,
    to_passive,
    to_service_json,
)
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict, to_dict
from wechat.sdk.text import clean
from wechat.sdk.xml import parse, tree

OPENID, ACCOUNT = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M", "gh_5c1e07ab93d2"
GIFT = NewsArticle(
    "新会员礼", "到店领取体验课一节", "https://img.example.com/a/1.jpg", "https://h5.example.com/gift?from=oa"
)

RECORDED: dict[str, Content] = {
    "reply_text": Text("收到，周六 10:00 还有 3 个名额。\n回复 1 确认"),
    "reply_image": Image("mZ1x0demoReplyImage"),
    "reply_voice": Voice("vZ1x0demoReplyVoice"),
    "reply_video": Video("dZ1x0demoReplyVideo", "开课预告", "三分钟了解新课"),
    "reply_music": Music(
        "热身曲",
        "课前播放",
        "https://cdn.example.com/m/warmup.mp3",
        "https://cdn.example.com/m/warmup-hq.mp3",
        "tZ1x0demoReplyThumb",
    ),
    "reply_news": News((GIFT,)),
    "reply_transfer_customer_service": TransferToService(),
    "reply_transfer_customer_service_account": TransferToService("kf2001@demo_oa"),
}

ONLY_SERVICE: list[Content] = [
    MiniProgramPage("约课", "wx3c5e7a9b1d2f4068", "pages/book/index", "t1"),
    MenuMessage("本次服务是否满意？", (MenuChoice("101", "满意"), MenuChoice("102", "不满意")), "感谢反馈"),
    ArticleMessage("kQ3demoArticleId"),
    Card("pDemoCard"),
]

EVERYTHING: list[Content] = [*RECORDED.values(), *ONLY_SERVICE]


def refusal(content: Content) -> ContentError:
    with pytest.raises(ContentError) as refused:
        validate(content)
    return refused.value


@pytest.mark.parametrize("item", REPLIES, ids=lambda item: str(item["file"]))
def test_every_recorded_reply_is_rendered_like_the_recording(item: dict[str, Any]) -> None:
    body = sample(item["file"])
    content = RECORDED[item["file"].removeprefix("replies/").removesuffix(".xml")]
    at = int(parse(body).findtext("CreateTime") or 0)
    reply = to_passive(content, to=OPENID, sender=ACCOUNT, at=at, in_json=False)
    assert tree(parse(reply)) == tree(parse(body))


@given(text=st.text())
def test_whatever_a_text_says_arrives_and_forges_nothing(text: str) -> None:
    root = parse(to_passive(Text(text), to=text, sender=ACCOUNT, at=1, in_json=False))
    assert [child.tag for child in root] == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]
    assert clean(root.findtext("Content") or "") == clean(text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("item", REPLIES, ids=lambda item: str(item["file"]))
def test_a_reply_in_json_says_the_same_in_the_same_names(item: dict[str, Any]) -> None:
    content = RECORDED[item["file"].removeprefix("replies/").removesuffix(".xml")]
    same: dict[str, Any] = {"to": OPENID, "sender": ACCOUNT, "at": 1769907637}
    in_xml = tree(parse(to_passive(content, **same, in_json=False)))
    in_json = json.loads(to_passive(content, **same, in_json=True))
    assert in_json["CreateTime"] == 1769907637
    assert json.loads(json.dumps(in_json), parse_int=str) == in_xml


def test_a_menu_message_looks_as_the_platform_prints_it() -> None:
    expected = {
        "touser": OPENID,
        "msgtype": "msgmenu",
        "msgmenu": {
            "head_content": "本次服务是否满意？",
            "list": [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}],
            "tail_content": "感谢反馈",
        },
        "customservice": {"kf_account": "kf2001@demo_oa"},
    }
    assert to_service_json(ONLY_SERVICE[1], openid=OPENID, kf_account="kf2001@demo_oa") == expected


def test_a_news_message_carries_its_article() -> None:
    body = to_service_json(News((GIFT,)), openid=OPENID)
    assert body["news"]["articles"] == [
        {"title": GIFT.title, "description": GIFT.description, "url": GIFT.url, "picurl": GIFT.pic_url}
    ]
    assert "customservice" not in body


@pytest.mark.parametrize("content", EVERYTHING, ids=lambda content: str(content.type))
def test_content_goes_only_where_it_says_it_can(content: Content) -> None:
    if isinstance(content, Video):
        content = Video("m", thumb_media_id="t")
    ways = []
    for way, render in (
        ("passive", lambda: to_passive(content, to=OPENID, sender=ACCOUNT, at=1, in_json=False)),
        ("service", lambda: to_service_json(content, openid=OPENID)),
    ):
        try:
            render()
        except ContentError as refused:
            assert refused.code == f"not_{way}"  # noqa: PT017 - which way was refused is the question
        else:
            ways.append(way)
    assert ways == [way for way in ("passive", "service") if getattr(content, way)]


def test_parts_only_customer_service_needs_are_asked_for_there() -> None:
    for content, field in ((Video("m"), "thumb_media_id"), (Music(thumb_media_id="t"), "music_url")):
        validate(content)
        with pytest.raises(ContentError) as refused:
            to_service_json(content, openid=OPENID)
        assert (refused.value.field, refused.value.code) == (field, "required")


@pytest.mark.parametrize("content", EVERYTHING, ids=lambda content: str(content.type))
def test_good_content_is_valid_and_survives_storage(content: Content) -> None:
    validate(content)
    assert from_dict(json.loads(json.dumps(to_dict(content)))) == content


def test_every_type_is_tried_here() -> None:
    assert {content.type for content in EVERYTHING} == TYPES.keys()


def test_text_is_measured_in_bytes() -> None:
    validate(Text("x" * 2048))
    validate(Text("好" * 682))
    refused = refusal(Text("好" * 683))
    assert (refused.field, refused.code, refused.limit) == ("content", "too_long", 2048)
    assert "2049" in refused.message
    assert refused.params == {"field": "content", "limit": 2048}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Text(""), "content"),
        (Text(" \n"), "content"),
        (Image(""), "media_id"),
        (Voice(""), "media_id"),
        (Video(""), "media_id"),
        (Music("title"), "thumb_media_id"),
        (News(()), "articles"),
        (News((NewsArticle("", url="https://example.com"),)), "title"),
        (News((NewsArticle("title"),)), "url"),
        (MiniProgramPage("", "", "p", "t"), "appid"),
        (MenuMessage("head", ()), "items"),
        (MenuMessage("head", (MenuChoice("1", ""),)), "content"),
        (ArticleMessage(""), "article_id"),
        (Card(""), "card_id"),
    ],
)
def test_a_missing_part_is_named(content: Content, field: str) -> None:
    refused = refusal(content)
    assert (refused.field, refused.code) == (field, "required")


def test_two_articles_are_one_too_many() -> None:
    refused = refusal(News((GIFT, GIFT)))
    assert (refused.field, refused.code, refused.limit) == ("articles", "too_many", 1)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://a.example", "example.com", "https://", "http://a b", "http://["]
)
def test_an_address_must_be_a_web_address(url: str) -> None:
    assert refusal(News((NewsArticle("title", url=url),))).code == "not_a_url"
    assert refusal(Music(music_url=url, thumb_media_id="t")).code == "not_a_url"


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"type": "hologram"},
        {"type": ["text"]},
        {"type": "text"},
        {"type": "text", "content": 5},
        {"type": "text", "content": "a", "colour": "red"},
        {"type": "news", "articles": "none"},
        {"type": "news", "articles": ["none"]},
        {"type": "news", "articles": [{"name": "none"}]},
        {"type": "msgmenu", "head": "", "items": [{"id": "1"}]},
    ],
)
def test_damaged_storage_is_an_error_one_can_show(stored: dict[str, Any]) -> None:
    with pytest.raises(ContentError):
        from_dict(stored)
