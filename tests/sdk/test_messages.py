import json
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.data import PUSHES, event, sample
from wechat.sdk import messages
from wechat.sdk.errors import MalformedMessage
from wechat.sdk.messages import EVENTS, LONGEST_KEY, MESSAGES, Message, parse
from wechat.sdk.xml import parse as parse_xml
from wechat.sdk.xml import tree

SENDER = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M"
TEXT = sample("callbacks/message_text.xml").decode()


def push(**elements: object) -> bytes:
    base = {"ToUserName": "gh_1", "FromUserName": SENDER, "CreateTime": 1769907637, "MsgType": "text"}
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in {**base, **elements}.items())
    return f"<xml>{inner}</xml>".encode()


@pytest.mark.parametrize("item", PUSHES, ids=lambda item: str(item["file"]))
def test_every_recorded_push_becomes_its_own_class(item: dict[str, Any]) -> None:
    message = parse(sample(item["file"]))
    assert message.kind == item.get("msg_type", "event")
    assert message.event == item.get("event", "").lower()
    made_up = item.get("note", "").lower().startswith(("made up", "not documented"))
    assert type(message).__name__.startswith("Unknown") == made_up
    assert message.openid
    assert message.create_time > 0


@pytest.mark.parametrize("item", PUSHES, ids=lambda item: str(item["file"]))
def test_a_recorded_push_reads_the_same_in_json(item: dict[str, Any]) -> None:
    body = sample(item["file"])
    as_json = json.dumps(tree(parse_xml(body)), ensure_ascii=False).encode()
    assert parse(as_json) == parse(body)


def test_no_two_recorded_pushes_share_a_key() -> None:
    recorded = Counter(item["dedupe"] for item in PUSHES)
    keys = Counter(parse(sample(item["file"])).key for item in PUSHES)
    assert len(keys) == len(recorded) == len(PUSHES)


@pytest.mark.parametrize("item", PUSHES, ids=lambda item: str(item["file"]))
def test_a_repeated_delivery_has_the_same_key(item: dict[str, Any]) -> None:
    body = sample(item["file"])
    assert parse(body).key == parse(body + b"\n").key


@pytest.mark.parametrize("item", PUSHES, ids=lambda item: str(item["file"]))
def test_nothing_in_a_recorded_push_is_lost(item: dict[str, Any]) -> None:
    message = parse(sample(item["file"]))
    everything = repr(message) + message.event
    for leaf in parse_xml(sample(item["file"])).iter():
        text = leaf.text or ""
        if not len(leaf) and not text.isdigit():
            assert text.strip() in everything or text.lower() in everything or float(text)


@pytest.mark.parametrize(("name", "kind"), [*MESSAGES.items(), *EVENTS.items()])
def test_every_class_names_a_type_it_is_parsed_from(name: str, kind: type[Message]) -> None:
    made = kind(to="gh_1", openid=SENDER, create_time=1)
    listed = MESSAGES.get(made.kind) or EVENTS.get(made.event)
    assert listed is kind or kind in (messages.ScanCode, messages.SendPics)


def test_messages_of_two_users_with_one_id_are_two_messages() -> None:
    mine, yours = parse(push(MsgId=7)), parse(push(MsgId=7, FromUserName="oOther"))
    assert mine.key != yours.key


def test_events_of_one_user_in_one_second_are_told_apart() -> None:
    events = [
        push(MsgType="event", Event="CLICK", EventKey="A"),
        push(MsgType="event", Event="CLICK", EventKey="B"),
        push(MsgType="event", Event="subscribe"),
        push(MsgType="event", Event="TEMPLATESENDJOBFINISH", MsgID=1),
        push(MsgType="event", Event="TEMPLATESENDJOBFINISH", MsgID=2),
        push(MsgType="event", Event="wxa_media_check", trace_id="1"),
        push(MsgType="event", Event="wxa_media_check", trace_id="2"),
        push(MsgType="event", Event="kf_create_session", KfAccount="a"),
        push(MsgType="event", Event="kf_create_session", KfAccount="b"),
        push(MsgType="event", Event="future", Thing="1"),
        push(MsgType="event", Event="future", Thing="2"),
    ]
    assert len({parse(body).key for body in events}) == len(events)


def test_texts_that_came_without_an_id_are_told_apart() -> None:
    assert parse(push(Content="a")).key != parse(push(Content="b")).key


def test_a_long_event_key_still_gives_a_short_key_of_its_own() -> None:
    url = "https://h5.example.com/" + "x" * 2000
    first, second = (parse(push(MsgType="event", Event="VIEW", EventKey=url + end)) for end in "ab")
    assert first.key != second.key
    assert len(first.key) == len(second.key) == LONGEST_KEY


@pytest.mark.parametrize("name", ["SUBSCRIBE", "Subscribe", "subscribe"])
def test_event_names_are_read_in_any_case(name: str) -> None:
    message = parse(push(MsgType="event", Event=name))
    assert isinstance(message, messages.Subscribe)
    assert message.event == "subscribe"


@pytest.mark.parametrize(
    ("name", "scene"),
    [("subscribe", ""), ("subscribe_qrscene_int", "42"), ("subscribe_qrscene_str", "store-0042")],
)
def test_a_follow_knows_the_code_it_came_through(name: str, scene: str) -> None:
    message = parse(event(name))
    assert isinstance(message, messages.Subscribe)
    assert message.scene == scene
    assert bool(message.ticket) == bool(scene)


def test_a_scan_knows_its_scene() -> None:
    message = parse(event("scan_str"))
    assert isinstance(message, messages.Scan)
    assert message.scene == "store-0042"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text", "请问周六上午还有体验课吗？"),
        ("voice_recognition", "我想取消明天的预约。"),
        ("voice", ""),
        ("location", "广州市越秀区示例路 18 号"),
        ("link", "门店活动说明"),
        ("image", ""),
    ],
)
def test_the_words_of_a_message_are_found_where_its_type_keeps_them(name: str, text: str) -> None:
    assert parse(sample(f"callbacks/message_{name}.xml")).text == text


def test_a_tapped_menu_entry_keeps_its_id() -> None:
    message = parse(sample("callbacks/message_text_from_msgmenu.xml"))
    assert isinstance(message, messages.Text)
    assert message.menu_id == "101"


def test_a_place_is_read_in_degrees() -> None:
    message = parse(sample("callbacks/message_location.xml"))
    assert isinstance(message, messages.Location)
    assert (message.latitude, message.longitude, message.scale) == (23.129163, 113.264435, 16)


def test_one_notice_choice_is_a_list_of_one_and_two_are_two() -> None:
    one, two = parse(event("subscribe_msg_popup_event_single")), parse(event("subscribe_msg_popup_event"))
    assert isinstance(one, messages.SubscribeNoticePopup)
    assert isinstance(two, messages.SubscribeNoticePopup)
    assert [choice.status for choice in one.choices] == ["accept"]
    assert [choice.status for choice in two.choices] == ["accept", "reject"]


@pytest.mark.parametrize("many", [True, False])
@pytest.mark.parametrize("name", ["subscribe_msg_popup_event", "subscribe_msg_change_event"])
def test_the_choices_in_a_push_in_json_stand_without_the_element_around_them(name: str, many: bool) -> None:
    """So mini programs get them: several as a list, and one now and then as an object."""
    choice = {"TemplateId": "t1", "SubscribeStatusString": "reject", "PopupScene": "0"}
    base = {"ToUserName": "gh_1", "FromUserName": SENDER, "CreateTime": "1769907637", "MsgType": "event"}
    body = {**base, "Event": name, "List": [choice, {**choice, "TemplateId": "t2"}] if many else choice}
    message = parse(json.dumps(body).encode())
    assert isinstance(message, messages.SubscribeNoticePopup | messages.SubscribeNoticeChange)
    assert [each.template_id for each in message.choices] == ["t1", "t2"][: 1 + many]
    assert message.key != parse(json.dumps({**body, "List": []}).encode()).key


def test_the_outcome_of_a_notice_in_a_push_in_json_is_read() -> None:
    outcome = {
        "TemplateId": "t1",
        "MsgID": "1864323726461255680",
        "ErrorCode": "43101",
        "ErrorStatus": "refuse",
    }
    base = {"ToUserName": "gh_1", "FromUserName": SENDER, "CreateTime": "1769907637", "MsgType": "event"}
    message = parse(json.dumps({**base, "Event": "subscribe_msg_sent_event", "List": outcome}).encode())
    assert isinstance(message, messages.SubscribeNoticeSent)
    assert [(one.msg_id, one.error_code) for one in message.outcomes] == [(1864323726461255680, 43101)]


@pytest.mark.parametrize("status", ["send success", "sendsuccess", "Send Success"])
def test_a_mass_send_has_succeeded_however_its_status_is_written(status: str) -> None:
    message = parse(push(MsgType="event", Event="MASSSENDJOBFINISH", MsgID=1, Status=status))
    assert isinstance(message, messages.MassSendFinished)
    assert message.succeeded


def test_a_failed_notice_says_why() -> None:
    message = parse(event("subscribe_msg_sent_event_failed"))
    assert isinstance(message, messages.SubscribeNoticeSent)
    assert [(one.msg_id, one.error_code) for one in message.outcomes] == [(2031907355120889346, 43101)]


def test_a_refused_publication_lists_the_articles_at_fault() -> None:
    message = parse(event("publishjobfinish_original_failed"))
    assert isinstance(message, messages.PublishFinished)
    assert (message.status, message.failed, message.articles) == (2, (1, 2), ())


def test_a_publication_lists_its_articles() -> None:
    message = parse(event("publishjobfinish_success"))
    assert isinstance(message, messages.PublishFinished)
    assert [article.url for article in message.articles] == ["https://mp.weixin.qq.com/s/demoPublished01"]


def test_a_mass_send_reports_counts_checks_and_addresses() -> None:
    message = parse(event("masssendjobfinish_success"))
    assert isinstance(message, messages.MassSendFinished)
    assert message.succeeded
    assert (message.msg_id, message.total, message.sent, message.errors) == (1000002711, 5120, 4999, 5)
    assert [check.idx for check in message.checks] == [1]
    assert [article.url for article in message.urls] == ["https://mp.weixin.qq.com/s/demoMassArticle01"]


@pytest.mark.parametrize(
    ("name", "delivered", "blocked"),
    [("success", True, False), ("user_block", False, True), ("system_failed", False, False)],
)
def test_a_template_receipt_says_what_happened(name: str, delivered: bool, blocked: bool) -> None:
    message = parse(event(f"templatesendjobfinish_{name}"))
    assert isinstance(message, messages.TemplateSendFinished)
    assert (message.delivered, message.blocked) == (delivered, blocked)


@pytest.mark.parametrize("name", ["OpenID", "openid"])
def test_personal_data_events_name_the_user_they_are_about(name: str) -> None:
    message = parse(push(MsgType="event", Event="user_info_modified", **{name: "oAffected"}))
    assert isinstance(message, messages.UserInfoModified)
    assert (message.openid, message.affected_openid) == (SENDER, "oAffected")


def test_pictures_taken_from_a_menu_are_counted_by_their_digests() -> None:
    message = parse(event("pic_weixin"))
    assert isinstance(message, messages.SendPics)
    assert (message.count, message.md5s) == (1, ("1b5f7c23b5bf75682a53e7b6d163e185",))


def test_an_unknown_type_keeps_everything_it_carried() -> None:
    message = parse(sample("callbacks/message_unknown_type.xml"))
    assert isinstance(message, messages.UnknownMessage)
    assert message.msg_type == "file"
    assert message.extra == {"Title": "报价单.pdf", "FileKey": "demo-file-key"}


def test_new_elements_of_a_known_type_are_kept() -> None:
    assert parse(push(Content="a", Mood="<happy>")).extra == {"Mood": "<happy>"}


BEYOND = 2**63


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml></xml>",
        b"<xml>text</xml>",
        b"[1]",
        b'{"a":' * 100_000,
        b"{" + b'"a":[' * 20_000,
        b'{"ToUserName": 1',
        push(CreateTime="soon"),
        push(CreateTime=""),
        push(CreateTime=-5),
        push(CreateTime=10**15),
        push(CreateTime=2**33 + 1),
        push(CreateTime=253_402_300_799),
        push(FromUserName=""),
        push(FromUserName="o" * 1000),
        push(ToUserName="g" * 1000),
        push(MsgType=""),
        push(MsgType="x" * 1000),
        push(MsgType="event"),
        push(MsgType="event", Event="x" * 1000),
        TEXT.replace("<Content>", "<Content><b>bold</b></Content><Content>").encode(),
    ],
    ids=lambda body: str(body[:60]),
)
def test_nonsense_from_the_platform_is_kept_raw(body: bytes) -> None:
    with pytest.raises(MalformedMessage) as malformed:
        parse(body)
    assert malformed.value.raw == body


@pytest.mark.parametrize("number", [BEYOND - 1, BEYOND, 2**64, 10**30])
def test_an_id_of_any_size_survives_and_tells_two_messages_apart(number: int) -> None:
    first, second = parse(push(MsgId=number)), parse(push(MsgId=number + 1))
    assert (first.msg_id, first.text == second.text) == (number, True)
    assert first.key != second.key


@pytest.mark.parametrize(
    ("written", "number"), [("16.0", 16), (" 16\n", 16), ("", 0), ("12x", 0), ("9" * 5000, 0)]
)
def test_a_number_is_read_however_it_is_written_and_costs_nobody_the_message(
    written: str, number: int
) -> None:
    message = parse(push(MsgType="location", Scale=written, Location_X=f" {written}", Label="here"))
    assert isinstance(message, messages.Location)
    assert (message.scale, message.text) == (number, "here")
    assert math.isfinite(message.latitude)


@pytest.mark.parametrize("written", ["-1", "99999999999", "1e9", ""])
def test_what_is_no_number_of_people_is_none_of_a_mass_send(written: str) -> None:
    message = parse(push(MsgType="event", Event="MASSSENDJOBFINISH", TotalCount=written, SentCount=" 7.0"))
    assert isinstance(message, messages.MassSendFinished)
    assert (message.total, message.sent) == (0, 7)


def test_a_receipt_of_a_message_whose_id_no_row_of_ours_holds_is_about_none() -> None:
    assert parse(push(MsgType="event", Event="TEMPLATESENDJOBFINISH", MsgID=BEYOND)).msg_id == 0


def test_blanks_around_values_belong_to_no_value() -> None:
    body = push(Content="\n 你好\n").replace(b"<![CDATA[", b"\n  <![CDATA[ ").replace(b"]]>", b"\t]]>\r\n ")
    assert parse(body) == parse(push(Content="你好"))


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("看 <b>这里</b> & 那里", "看 <b>这里</b> & 那里"),
        ("<b>粗</b>", "<b>粗</b>"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("<br>&nbsp;", "<br>&nbsp;"),
        ("<![CDATA[a]]>b]]>", "a]]>b"),
        ("<![CDATA[a]]]]><![CDATA[>b<c]]>&", "a]]>b<c]]>&"),
        ("<![CDATA[a", "a"),
        ("<!-- ", "<!--"),
        ("a\x00b<", "ab<"),
    ],
)
def test_markup_in_the_text_of_a_follower_is_its_text(inner: str, text: str) -> None:
    message = parse(push(Content="?", MsgId=7).replace(b"<![CDATA[?]]>", inner.encode()))
    assert (message.openid, message.text, message.msg_id) == (SENDER, text, 7)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (b"\xe6\xb8\x85\xe6\xb8", "清\N{REPLACEMENT CHARACTER}"),
        (b"\xe5\xa5\xbd\xed\xa0\xbd\xed\xb8\x80", "好😀"),
        (b"\xff!", "\N{REPLACEMENT CHARACTER}!"),
        (b"\xed\xa0\xbd!", "\N{REPLACEMENT CHARACTER}" * 3 + "!"),
    ],
    ids=["cut", "CESU-8", "0xFF", "half a pair"],
)
@pytest.mark.parametrize("form", ["xml", "json"])
def test_bytes_that_are_no_utf_8_do_not_lose_the_message(form: str, inner: bytes, text: str) -> None:
    body = push(Content="?", MsgId=7)
    if form == "json":
        body = json.dumps(tree(parse_xml(body))).encode()
    message = parse(body.replace(b"?", inner))
    assert (message.openid, message.text, message.msg_id) == (SENDER, text, 7)


@pytest.mark.parametrize("text", ["你好", "a & b <c>"])
@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("<xml>", '<xml xmlns="http://example.com/push">'),
        ("<xml>", '<xml version="1.0" >'),
        ("<Content>", '<Content xml:lang="zh">'),
        ("<MsgId>7</MsgId>", "<Ticket/><MsgId>7</MsgId>"),
        ("<MsgId>7</MsgId>", "<MsgId>7</MsgId><MsgId><![CDATA[7]]></MsgId>"),
    ],
)
def test_what_a_writer_of_xml_may_add_changes_no_message(text: str, written: str, instead: str) -> None:
    body = (
        f"<xml><FromUserName>{SENDER}</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>"
        f"<Content>{text}</Content><MsgId>7</MsgId></xml>"
    )
    message = parse(body.replace(written, instead).encode())
    assert (message.openid, message.text, message.msg_id) == (SENDER, text, 7)


@pytest.mark.parametrize("encoding", ["gb2312", "GBK", "gb18030"])
def test_a_push_that_is_declared_as_chinese_has_all_characters_of_chinese(encoding: str) -> None:
    body = push(Content="朱镕、李喆😀").decode()
    message = parse(f'<?xml version="1.0" encoding="{encoding}"?>\n{body}'.encode("gb18030"))
    assert message.text == "朱镕、李喆😀"


def test_two_texts_of_one_element_are_none() -> None:
    with pytest.raises(MalformedMessage):
        parse(push(Content="a").replace(b"</xml>", b"<FromUserName>oVictim</FromUserName></xml>"))


def test_a_text_that_claims_another_sender_is_believed_by_nobody() -> None:
    forged = "]]></Content><FromUserName>oVictim</FromUserName><Content>&<![CDATA["
    with pytest.raises(MalformedMessage):
        parse(push(Content=forged))


def test_json_numbers_keep_every_digit_and_text_stays_storable() -> None:
    body = {"ToUserName": "gh_1", "FromUserName": SENDER, "CreateTime": 1769907637, "MsgType": "text"}
    message = parse(json.dumps({**body, "Content": "a\x00b\ud800c", "MsgId": BEYOND - 1}).encode())
    assert (message.msg_id, message.text) == (BEYOND - 1, "abc")


@given(
    st.recursive(st.text(max_size=20), lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4))
)
def test_wild_json_is_a_message_or_malformed_and_never_crashes(value: object) -> None:
    base = {"FromUserName": SENDER, "CreateTime": 1, "MsgType": "event", "Event": "MASSSENDJOBFINISH"}
    for wild in ({"a": value}, {**base, "MsgID": value}, {**base, "CopyrightCheckResult": value}):
        try:
            assert parse(json.dumps(wild).encode()).kind == "event"
        except MalformedMessage:
            continue
