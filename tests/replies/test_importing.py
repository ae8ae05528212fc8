import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.followers.models import Tag
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from tests.replies.conftest import RuleMaker
from tests.simulated import Simulated
from wechat.console.exchange import UnreadableFile
from wechat.materials.models import Asset
from wechat.replies.importing import export_rules, import_autoreply, import_rules
from wechat.replies.models import Rule
from wechat.sdk.calls import media
from wechat.sdk.calls.media import Upload

pytestmark = pytest.mark.django_db

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100)
NEWS = {
    "title": "新品",
    "author": "编辑",
    "digest": "看一看",
    "show_cover": 1,
    "cover_url": "http://mmbiz.qpic.cn/1.jpg",
    "content_url": "http://mp.weixin.qq.com/s/1",
    "source_url": "",
}


def keyword_rule(name: str, *replies: dict[str, Any], at: int = 1423028166, **more: Any) -> dict[str, Any]:
    return {
        "rule_name": name,
        "create_time": at,
        "reply_mode": "reply_all",
        "keyword_list_info": [{"type": "text", "match_mode": "contain", "content": "测试"}],
        "reply_list_info": list(replies),
        **more,
    }


def platform_info(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "is_add_friend_reply_open": 1,
        "is_autoreply_open": 1,
        "add_friend_autoreply_info": {"type": "text", "content": "谢谢关注"},
        "message_default_autoreply_info": {"type": "img", "content": "MEDIA1"},
        "keyword_autoreply_info": {"list": list(rules)},
        **more,
    }


def contents(name: str) -> list[Any]:
    return [reply.content for reply in Rule.objects.get(name=name).replies.all()]


def test_every_kind_of_reply_of_the_platform_survives(account: OfficialAccount) -> None:
    replies: list[dict[str, Any]] = [
        {"type": "text", "content": "文字"},
        {"type": "img", "content": "M1"},
        {"type": "voice", "content": "M2"},
        {"type": "news", "content": "M4", "news_info": {"list": [NEWS, {**NEWS, "title": "二"}]}},
    ]
    video = {"type": "video", "content": "M3"}
    report = import_autoreply(
        account, platform_info(keyword_rule("全部", *replies), keyword_rule("视频", video, at=2))
    )
    assert (len(report.made), report.switched_off) == (4, [])
    kinds = [each["type"] for each in contents("全部")]
    assert kinds == ["text", "image", "voice", "news", "news"]
    assert contents("全部")[3]["articles"] == [
        {
            "title": "新品",
            "description": "看一看",
            "pic_url": "http://mmbiz.qpic.cn/1.jpg",
            "url": "http://mp.weixin.qq.com/s/1",
        }
    ]
    assert contents("视频")[0]["media_id"] == "M3"
    assert set(Rule.objects.values_list("trigger", flat=True)) == {"keyword", "follow", "default"}


def test_a_card_of_more_articles_than_there_is_room_for_answers_with_their_links(
    account: OfficialAccount,
) -> None:
    eight = [{**NEWS, "title": str(number), "content_url": f"http://a.cn/{number}"} for number in range(8)]
    card = {"type": "news", "news_info": {"list": eight}}
    hello = {"type": "text", "content": "您好"}
    report = import_autoreply(account, platform_info(keyword_rule("图文", hello, card)))
    assert report.switched_off == []
    first, links = contents("图文")
    assert first["content"] == "您好"
    assert links["content"].split("\n") == [f'<a href="http://a.cn/{n}">{n}</a>' for n in range(8)]


def test_one_of_several_cards_is_drawn_as_a_whole(account: OfficialAccount) -> None:
    card = {"type": "news", "news_info": {"list": [NEWS, {**NEWS, "title": "二"}]}}
    text = {"type": "text", "content": "文字"}
    import_autoreply(account, platform_info(keyword_rule("随机", card, text, reply_mode="random_one")))
    assert [each["type"] for each in contents("随机")] == ["text", "text"]


def test_a_video_answers_the_message_whatever_stands_before_it(account: OfficialAccount) -> None:
    replies = [{"type": "text", "content": "文字"}, {"type": "video", "content": "M3"}]
    report = import_autoreply(account, platform_info(keyword_rule("视频", *replies)))
    assert report.switched_off == []
    assert [each["type"] for each in contents("视频")] == ["video", "text"]


def test_a_video_of_which_the_platform_tells_the_address_is_taken_into_the_library_once(
    account: OfficialAccount, simulated: Simulated
) -> None:
    simulated.create_account(account)
    film = Upload("film.mp4", MP4, "video/mp4")
    there = media.add_permanent(client_for(account), "video", film, title="片子")
    payload = client_for(account).post("/cgi-bin/material/get_material", {"media_id": there.media_id})
    video = {"type": "video", "content": payload["down_url"]}
    for _ in range(2):
        report = import_autoreply(account, platform_info(keyword_rule("视频", dict(video))))
        assert "视频" not in report.switched_off
    asset = Asset.objects.get()
    reply = Rule.objects.get(name="视频").replies.get()
    assert (reply.asset, reply.complete["media_id"]) == (asset, asset.media_id)
    assert asset.media_id not in ("", there.media_id)
    assert report.unchanged.count("视频") == 1


def test_a_video_that_cannot_be_had_is_kept_in_the_note_of_a_rule_that_is_off(
    account: OfficialAccount,
) -> None:
    address = "http://127.0.0.1:9/film.mp4"
    report = import_autoreply(
        account, platform_info(keyword_rule("视频", {"type": "video", "content": address}))
    )
    assert report.switched_off == ["视频"]
    assert address in Rule.objects.get(name="视频").note


def test_ways_of_comparing_and_of_replying_survive(account: OfficialAccount) -> None:
    words = [
        {"type": "text", "match_mode": "equal", "content": "甲"},
        {"type": "text", "match_mode": "contain", "content": "乙"},
    ]
    text = {"type": "text", "content": "好"}
    import_autoreply(
        account,
        platform_info(keyword_rule("规则", text, text, reply_mode="random_one", keyword_list_info=words)),
    )
    rule = Rule.objects.get(name="规则")
    assert rule.strategy == "random"
    assert list(rule.keywords.values_list("compare", "text")) == [("equals", "甲"), ("contains", "乙")]


@pytest.mark.parametrize(
    ("switch", "is_on"), [("0", False), (0, False), (None, False), ("1", True), (True, True)]
)
def test_a_switch_of_the_platform_is_read_whatever_its_type(
    account: OfficialAccount, switch: Any, is_on: bool
) -> None:
    switches = {"is_add_friend_reply_open": switch, "is_autoreply_open": switch}
    import_autoreply(
        account, platform_info(keyword_rule("规则", {"type": "text", "content": "好"}), **switches)
    )
    assert set(Rule.objects.filter(name="规则").values_list("enabled", flat=True)) == {is_on}


def test_what_has_no_place_here_is_kept_in_a_note_of_a_rule_that_is_off(account: OfficialAccount) -> None:
    card = {"type": "wxcard_new", "content": "C1"}
    report = import_autoreply(account, platform_info(keyword_rule("卡券", card)))
    rule = Rule.objects.get(name="卡券")
    assert report.switched_off == ["卡券"]
    assert not rule.enabled
    assert json.dumps(card) in rule.note


def test_importing_again_makes_no_duplicates_and_no_history(account: OfficialAccount) -> None:
    twins = [keyword_rule("同名", {"type": "text", "content": "好"}) for _ in range(2)]
    info = platform_info(*twins)
    import_autoreply(account, info)
    entries = Rule.history.count()
    report = import_autoreply(account, info)
    assert (Rule.objects.count(), len(report.unchanged), Rule.history.count()) == (4, 4, entries)


def test_a_change_on_the_platform_is_taken_over_unless_edited_here(account: OfficialAccount) -> None:
    def info(content: str) -> dict[str, Any]:
        text = {"type": "text", "content": content}
        return platform_info(keyword_rule("甲", text, at=1), keyword_rule("乙", text, at=2))

    import_autoreply(account, info("旧"))
    Rule.objects.get(name="乙").replies.update(content={"type": "text", "content": "本地"})
    report = import_autoreply(account, info("新"))
    assert (report.updated, report.edited_here) == (["甲"], ["乙"])
    assert contents("甲")[0]["content"] == "新"
    assert contents("乙")[0]["content"] == "本地"


def test_a_rule_switched_off_here_stays_off(account: OfficialAccount) -> None:
    info = platform_info(keyword_rule("甲", {"type": "text", "content": "好"}))
    import_autoreply(account, info)
    Rule.objects.update(enabled=False)
    import_autoreply(account, info)
    assert not Rule.objects.filter(enabled=True).exists()


def test_an_empty_answer_of_the_platform_brings_nothing(account: OfficialAccount) -> None:
    assert import_autoreply(account, {}).made == []


def test_exported_rules_are_the_same_after_import_into_another_account(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    rule(
        name="全套",
        keywords=("a", ("regex", r"\d+")),
        replies=("一", {"type": "news", "articles": [{"title": "t", "description": "", "pic_url": "", "url": "https://a.cn/"}]}),
        tags=[vip],
        weekdays=[1, 5],
        opens_at="22:00",
        closes_at="06:00",
        valid_from="2026-03-01T00:00:00+08:00",
        new_follower_days=7,
    )  # fmt: skip
    file = export_rules(Rule.objects.filter(account=account)).encode()
    other = OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxffffffffffffffff", token="othertoken", mode="plain"
    )
    Tag.objects.create(account=other, name="VIP")
    assert import_rules(other, file).made == ["全套"]
    assert import_rules(other, file).unchanged == ["全套"]
    again = json.loads(export_rules(Rule.objects.filter(account=other)))
    assert again == json.loads(file)


def test_a_file_brings_a_rule_back_to_what_it_was(account: OfficialAccount, rule: RuleMaker) -> None:
    edited = rule(name="规则", keywords=("a",), replies=("旧",))
    file = export_rules([edited]).encode()
    edited.replies.update(content={"type": "text", "content": "新"})
    assert import_rules(account, file).updated == ["规则"]
    assert contents("规则") == [{"type": "text", "content": "旧"}]
    assert Rule.objects.count() == 1


def test_rules_of_a_file_that_are_gone_here_are_not_compared_with_all_there_are(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    file = export_rules([rule(keywords=("a",))]).encode()
    Rule.objects.all().delete()
    rule(keywords=("b",))
    with CaptureQueriesContext(connection) as asked:
        assert import_rules(account, file, rehearse=True).made
    looked_up = [each["sql"] for each in asked if each["sql"].startswith('SELECT "replies_rule"."id"')]
    made_here = [sql for sql in looked_up if "\"source_key\" = ''" in sql]
    assert made_here
    assert all('"secret_id" = ' in sql for sql in made_here)


@pytest.mark.parametrize("key", ["rule:", "rule:x", "rule:00000000", "00000000-0000-0000-0000-000000000000"])
def test_a_key_that_only_looks_like_one_of_ours_is_a_name_like_any_other(
    account: OfficialAccount, key: str
) -> None:
    file = one_rule(key=key)
    assert import_rules(account, file).made
    assert import_rules(account, file).unchanged


def test_a_rehearsal_changes_nothing(account: OfficialAccount, rule: RuleMaker) -> None:
    file = export_rules([rule(keywords=("a",))]).encode()
    Rule.objects.all().delete()
    assert import_rules(account, file, rehearse=True).made == ["规则"]
    assert not Rule.objects.exists()


def one_rule(**changes: Any) -> bytes:
    rule = {
        "key": "k1",
        "name": "规则",
        "enabled": True,
        "trigger": "keyword",
        "keywords": [{"compare": "contains", "text": "a"}],
        "replies": [{"type": "text", "content": "好"}],
    }
    return json.dumps({"format": "wechat-console-rules", "version": 1, "rules": [rule | changes]}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""},
        {"name": ""},
        {"name": 7},
        {"trigger": "telepathy"},
        {"keywords": []},
        {"keywords": [{"compare": "regex", "text": "("}]},
        {"keywords": "a"},
        {"replies": []},
        {"replies": [{"type": "text", "content": "字" * 683}]},
        {"replies": [{"type": "hologram"}]},
        {"tags": ["没有"]},
        {"weekdays": [8]},
        {"opens_at": "25:00"},
        {"valid_from": "2026-03-01"},
        {"valid_from": "2026-03-02T00:00:00+08:00", "valid_until": "2026-03-01T00:00:00+08:00"},
        {"new_follower_days": "many"},
        {"forward_url": "ftp://a.cn/"},
        {"forward_url": "http://["},
        {"valid_from": "0001-01-01T00:00:00+08:00"},
    ],
    ids=str,
)
def test_one_bad_rule_in_a_file_is_named_and_nothing_is_imported(
    account: OfficialAccount, changes: dict[str, Any]
) -> None:
    report = import_rules(account, one_rule(**changes))
    assert len(report.problems) == 1
    assert not Rule.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "gb18030"])
def test_a_file_in_any_usual_encoding_is_read(account: OfficialAccount, encoding: str) -> None:
    body = one_rule(name="退款").decode("unicode_escape").encode(encoding)
    assert import_rules(account, body).made == ["退款"]


def test_a_good_rule_in_a_file_is_imported(account: OfficialAccount) -> None:
    assert import_rules(account, one_rule()).problems == []
    assert Rule.objects.count() == 1


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"[" * 100_000,
        b"[]",
        b"\xff\xfe",
        b'{"format": "other", "version": 1, "rules": []}',
        b'{"format": "wechat-console-rules", "version": 2, "rules": []}',
        b'{"format": "wechat-console-rules", "version": 1, "rules": {}}',
        b" " * (5 << 20) + b"{}",
    ],
    ids=range(8),
)
def test_a_file_that_is_none_of_ours_is_refused(account: OfficialAccount, file: bytes) -> None:
    with pytest.raises(UnreadableFile):
        import_rules(account, file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["name", "trigger", "keywords", "replies", "tags", "weekdays"]), JSON))
def test_wild_values_in_a_file_are_problems_and_never_errors(changes: dict[str, Any]) -> None:
    account = OfficialAccount(pk=0, name="演示")
    file = one_rule(**changes)
    report = import_rules(account, file, rehearse=True)
    assert report.problems or report.made


def test_a_variable_that_may_be_empty_is_refused_in_a_file(account: OfficialAccount, rule: RuleMaker) -> None:
    bare = rule(keywords=("a",), replies=("您好{remark}",))
    file = export_rules([bare]).encode()
    (problem,) = import_rules(account, file).problems
    assert "{remark|朋友}" in problem
    # What is off may be half done.
    bare.enabled = False
    assert import_rules(account, export_rules([bare]).encode()).problems == []


def test_a_variable_in_a_text_from_wechat_leaves_the_rule_off_with_a_note(account: OfficialAccount) -> None:
    text = {"type": "text", "content": "您好{remark}"}
    report = import_autoreply(account, platform_info(keyword_rule("问好", text)))
    assert report.switched_off == ["问好"]
    assert "{remark|朋友}" in Rule.objects.get(name="问好").note
