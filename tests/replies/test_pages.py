import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight, Withheld
from menus.models import Menu, MenuItem, Version
from tests.platform import Platform
from tests.replies.conftest import RuleMaker
from wechat.articles.models import Draft
from wechat.channels.models import Channel
from wechat.inbox.models import InboundMessage
from wechat.materials.models import Asset
from wechat.replies import rulebook
from wechat.replies.forms import RuleForm
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db

LIST = "/admin/replies/rule/"
TESTER = "/admin/replies/rule/tester/"
IMPORT = "/admin/replies/rule/import/"
EVIL = "<script>alert(1)</script>"


def signed_in(name: str, account: OfficialAccount, role: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    StaffRight.objects.create(user=user, account=account, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def editor(account: OfficialAccount) -> Client:
    return signed_in("editor", account, "editor")


@pytest.fixture
def outsider(account: OfficialAccount) -> Client:
    """A member of staff who owns an account, but not this one."""
    theirs = OfficialAccount.objects.create(
        slug="theirs", name="别家", appid="wxffffffffffffffff", token="theirtoken", mode="plain"
    )
    return signed_in("outsider", theirs, "owner")


def form(account: OfficialAccount, *replies: dict[str, str], keywords: Any = ("退款",), **rule: str) -> Any:
    """Returns what the page of a new rule sends."""
    sent = {
        "account": str(account.pk),
        "name": "规则",
        "enabled": "on",
        "trigger": "keyword",
        "strategy": "all",
        **rule,
    }
    for prefix, rows in (("keywords", [_keyword(each) for each in keywords]), ("replies", replies)):
        sent |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
        for number, row in enumerate(rows):
            sent |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return sent


def _keyword(keyword: Any) -> dict[str, str]:
    compare, text = keyword if isinstance(keyword, tuple) else ("contains", keyword)
    return {"compare": compare, "text": text}


def reply(kind: str = "text", **fields: str) -> dict[str, str]:
    return {"kind": kind, "position": "0", **fields}


def complaints(client: Client, sent: Any) -> str:
    """Returns the sentences with which a new rule is refused."""
    response: Any = client.post(f"{LIST}add/", sent)
    assert response.status_code == 200
    assert not Rule.objects.exists()
    context = response.context
    errors = [str(error) for error in context["adminform"].form.errors.values()]
    for formset in context["inline_admin_formsets"]:
        errors += [str(formset.formset.non_form_errors()), *map(str, formset.formset.errors)]
    return " ".join(errors)


def test_a_rule_whose_signing_secret_no_key_opens_is_shown_and_takes_a_new_one(
    account: OfficialAccount, editor: Client
) -> None:
    hook = {"forward_url": "https://example.com/hook"}
    editor.post(f"{LIST}add/", form(account, reply(text="好的"), new_secret="s" * 20, **hook))
    Rule.objects.update(forward_secret=b"lost.from another installation")
    rule = Rule.objects.get()
    shown = editor.get(f"{LIST}{rule.pk}/change/").content.decode()
    assert "FIELD_ENCRYPTION_KEYS" in shown
    kept, replied = rule.keywords.get(), rule.replies.get()
    sent = form(account, reply(text="好的", id=str(replied.pk)), name="改名", **hook)
    sent |= {"keywords-INITIAL_FORMS": "1", "keywords-0-id": str(kept.pk), "replies-INITIAL_FORMS": "1"}
    assert editor.post(f"{LIST}{rule.pk}/change/", sent).status_code == 302
    assert Rule.objects.get().is_undecryptable("forward_secret")
    assert editor.post(f"{LIST}{rule.pk}/change/", sent | {"new_secret": "n" * 20}).status_code == 302
    assert Rule.objects.get().forward_secret == "n" * 20


CONTENTS: list[tuple[dict[str, str], dict[str, Any]]] = [
    (reply(text="好的\r\n谢谢"), {"type": "text", "content": "好的\n谢谢"}),
    (
        reply("news", title="新品", url="https://a.cn/", description="d", pic_url=""),
        {
            "type": "news",
            "articles": [{"title": "新品", "description": "d", "url": "https://a.cn/", "pic_url": ""}],
        },
    ),
    (
        reply("msgmenu", text="想问什么？", choices="退款\r\n\r\n发货\r\n", tail="请点"),
        {
            "type": "msgmenu",
            "head": "想问什么？",
            "items": [{"id": "1", "content": "退款"}, {"id": "2", "content": "发货"}],
            "tail": "请点",
        },
    ),
    (reply("mpnewsarticle", article_id="A1"), {"type": "mpnewsarticle", "article_id": "A1"}),
    (reply("wxcard", card_id="C1"), {"type": "wxcard", "card_id": "C1"}),
    (
        reply("transfer_customer_service", kf_account="kf1@demo"),
        {"type": "transfer_customer_service", "kf_account": "kf1@demo"},
    ),
]


@pytest.mark.parametrize(("typed", "stored"), CONTENTS, ids=[typed["kind"] for typed, _ in CONTENTS])
def test_each_kind_of_reply_is_made_from_plain_fields_and_shown_in_them_again(
    editor: Client, account: OfficialAccount, typed: dict[str, str], stored: dict[str, Any]
) -> None:
    Draft.objects.create(account=account, state="published", article_id="A1")
    assert editor.post(f"{LIST}add/", form(account, typed)).status_code == 302
    rule = Rule.objects.get()
    assert rule.replies.get().content == stored
    page: Any = editor.get(f"{LIST}{rule.pk}/change/")
    shown = page.context["inline_admin_formsets"][1].formset.forms[0]
    again = {
        name: str(shown[name].value() or "").replace("\n", "\r\n") for name in typed if name != "position"
    }
    expected = {**typed, "choices": "退款\r\n发货"} if "choices" in typed else typed
    assert again == {name: value for name, value in expected.items() if name != "position"}


def test_a_file_is_picked_from_the_library_and_sent_once_it_is_on_the_platform(
    editor: Client, account: OfficialAccount
) -> None:
    picture = Asset.objects.create(
        account=account, name="海报", file="a.png", size=1, content_type="image/png", due_at=timezone.now()
    )
    assert editor.post(f"{LIST}add/", form(account, reply("image", image=str(picture.pk)))).status_code == 302
    rule = Rule.objects.get()
    assert rulebook.of(account).compiled.broken == {rule.pk}
    Asset.objects.update(state="uploaded", media_id="MEDIA1", due_at=None)
    (content,) = rulebook.of(account).scripts[rule.pk].contents
    assert content.service_object() == {"media_id": "MEDIA1"}


def test_a_file_of_another_account_cannot_be_picked(
    editor: Client, outsider: Client, account: OfficialAccount
) -> None:
    theirs = Asset.objects.create(
        account=OfficialAccount.objects.get(slug="theirs"),
        name="别家的",
        file="a.png",
        size=1,
        content_type="image/png",
        due_at=timezone.now(),
    )
    assert complaints(editor, form(account, reply("image", image=str(theirs.pk))))


def test_a_form_ties_together_nothing_of_two_accounts(editor: Client, account: OfficialAccount) -> None:
    """That holds whatever its page offers: the switcher may have moved since."""
    theirs = OfficialAccount.objects.create(
        slug="theirs", name="别家", appid="wxffffffffffffffff", token="theirtoken", mode="plain"
    )
    tags = [Tag.objects.create(account=each, name="VIP") for each in (account, theirs)]
    sent = {"account": account.pk, "name": "规则", "trigger": "keyword", "strategy": "all"}
    ours, foreign = (RuleForm({**sent, "tags": [tag.pk]}) for tag in tags)
    assert "tags" not in ours.errors
    assert "另一个公众号" in str(foreign.errors["tags"])


@pytest.mark.parametrize(
    ("keywords", "replies", "rule", "sentence"),
    [
        ([("regex", "(")], [reply(text="好")], {}, "缺少对应的 )"),
        ([("regex", "a(?=b)")], [reply(text="好")], {}, "前后查找"),
        ([("regex", "((a{99}){99}){99}")], [reply(text="好")], {}, "重复次数"),
        ([("regex", "(?i)[一-龥]{900}")], [reply(text="好")], {}, "过于庞大"),
        (["　"], [reply(text="好")], {}, "关键词"),
        ([], [reply(text="好")], {}, "关键词回复需要关键词"),
        (["a", "a"], [reply(text="好")], {}, "重复"),
        (["a"], [], {}, "没有内容"),
        (["a"], [reply(text=" ")], {}, "请填写“文字”"),
        (["a"], [reply(text="字" * 683)], {}, "2049 字节，微信最多接受 2048 字节。请缩短 1 字节"),
        (["a"], [reply(text="字" * 660 + "{remark|友}")], {}, "请缩短"),
        (["a"], [reply("news", title="t", url="javascript:alert(1)")], {}, "http"),
        (["a"], [reply("image")], {}, "请填写“文件”"),
        (["a"], [reply("msgmenu", text="?", choices="")], {}, "选项"),
        (["a"], [reply(text=str(number)) for number in range(7)], {}, "请删除 1 条"),
        (["a"], [reply("transfer_customer_service")] * 2, {}, "转人工"),
        ([], [reply(text="好")], {"trigger": "event"}, "请选择"),
        ([], [reply(text="好")], {"trigger": "message_type"}, "请选择"),
        (["a"], [reply(text="好")], {"opens_at": "09:00", "closes_at": "09:00"}, "两个时间相同"),
        (["a"], [], {"forward_url": "https://example.com/hook"}, "签名密钥"),
        (["a"], [], {"forward_url": "http://10.0.0.1/", "new_secret": "s" * 16}, "内部网络"),
    ],
)  # fmt: skip
def test_a_rule_that_would_not_work_is_refused_with_what_to_change(
    editor: Client, account: OfficialAccount, keywords: Any, replies: Any, rule: Any, sentence: str
) -> None:
    assert sentence in complaints(editor, form(account, *replies, keywords=keywords, **rule))


def test_days_and_times_are_read_as_an_input_method_for_chinese_types_them(
    editor: Client, account: OfficialAccount
) -> None:
    typed = {
        "opens_at": "9：5",
        "closes_at": "22：00",
        "valid_from_0": "2026年12月1日",
        "valid_from_1": "8：30",
    }
    editor.post(f"{LIST}add/", form(account, reply(text="好"), **typed))
    made = Rule.objects.get()
    assert (made.opens_at, made.closes_at) == (datetime.time(9, 5), datetime.time(22))
    assert made.valid_from is not None
    assert timezone.localtime(made.valid_from).isoformat() == "2026-12-01T08:30:00+08:00"


@pytest.mark.parametrize(
    ("reply_of", "refused"),
    [
        ({"text": "您好{remark}"}, True),
        ({"text": "{remark}{remark|朋友}"}, True),
        ({"text": "您好{remark|朋友}"}, False),
        ({"text": "您好{remark|}"}, False),
        ({"text": "{account}"}, False),
        ({"kind": "news", "title": "给{remark}", "url": "https://a.cn/"}, True),
    ],
)
def test_a_variable_that_may_be_empty_has_to_tell_what_to_say_then(
    editor: Client, account: OfficialAccount, reply_of: dict[str, str], refused: bool
) -> None:
    page: Any = editor.post(f"{LIST}add/", form(account, reply(**reply_of)), follow=True)
    assert Rule.objects.exists() is not refused
    sentence = "请把 {remark} 写成 {remark|朋友}，没有的人会看到“朋友”"
    assert (sentence in page.content.decode()) is refused


@pytest.mark.parametrize(
    ("reply_of", "refused"),
    [
        ({"text": "{nikname|朋友}，您好"}, "{nikname} 不是此处可用的变量"),
        ({"text": "{限时}优惠"}, "请改用全角花括号，例如 ｛限时｝"),
        ({"text": "｛限时｝优惠"}, ""),
        ({"text": "｛remark｜朋友｝，您好"}, "请用半角花括号写成 {remark}"),
        ({"kind": "news", "title": "{限时}优惠", "url": "https://a.cn/"}, "{限时} 不是此处可用的变量"),
    ],
)
def test_braces_hold_variables_or_it_is_said_how_to_write_them(
    editor: Client, account: OfficialAccount, reply_of: dict[str, str], refused: str
) -> None:
    page: Any = editor.post(f"{LIST}add/", form(account, reply(**reply_of)), follow=True)
    assert refused in page.content.decode()
    assert Rule.objects.exists() is not bool(refused)


@pytest.mark.parametrize(
    ("fields", "reply_text"),
    [
        ({}, "您好{remark}"),
        ({}, {"type": "news", "articles": [{"title": "给{remark}", "url": "https://a.cn/"}]}),
        ({"hands_to": "desk", "away_text": "{remark}，我们明天回复"}, "请稍等"),
    ],
)  # fmt: skip
def test_switching_on_from_the_list_asks_for_it_as_well(
    editor: Client, rule: RuleMaker, fields: dict[str, str], reply_text: Any
) -> None:
    bare = rule(keywords=("a",), replies=(reply_text,), enabled=False, **fields)
    page: Any = editor.post(LIST, {"action": "switch_on", "_selected_action": [bare.pk]}, follow=True)
    assert "请把 {remark} 写成 {remark|朋友}" in page.content.decode()
    bare.refresh_from_db()
    assert not bare.enabled


def test_a_reply_of_which_nothing_may_be_left_is_saved_with_a_warning(
    editor: Client, account: OfficialAccount
) -> None:
    page: Any = editor.post(f"{LIST}add/", form(account, reply(text="{remark|}")), follow=True)
    warnings = [str(each) for each in page.context["messages"] if each.level_tag == "warning"]
    assert any("{remark|亲爱的朋友}" in each for each in warnings)


def test_a_keyword_that_is_too_long_is_told_its_length_and_nothing_else(
    editor: Client, account: OfficialAccount
) -> None:
    errors = complaints(editor, form(account, reply(text="好"), keywords=["字" * 201]))
    assert "200" in errors
    assert "201" in errors
    assert "关键词不能为空" not in errors


@pytest.mark.parametrize(
    ("keyword", "warned"),
    [
        (("regex", ".*"), True),
        (("regex", ".+"), True),
        (("regex", "(?s)^.*$"), True),
        (("regex", "a*"), True),
        (("regex", "[\\s\\S]"), True),
        (("regex", "退款|"), True),
        (("regex", "^"), True),
        (("regex", "[\\s\\S]*"), True),
        (("regex", "退款|.*"), True),
        (("regex", "\\S"), True),
        (("regex", "[^退]"), True),
        (("regex", "退.*"), False),
        (("regex", "^.{1,20}$"), False),
        (("contains", ".*"), False),
    ],
    ids=str,
)
def test_an_expression_that_fits_every_text_is_saved_with_a_warning(
    editor: Client, account: OfficialAccount, keyword: tuple[str, str], warned: bool
) -> None:
    page: Any = editor.post(f"{LIST}add/", form(account, reply(text="好"), keywords=[keyword]), follow=True)
    assert Rule.objects.exists()
    warnings = [str(each) for each in page.context["messages"] if each.level_tag == "warning"]
    assert any(keyword[1] in each for each in warnings) is warned


def warned_of(client: Client, sent: Any, rule: Rule) -> bool:
    """Returns whether a new rule is saved with a warning that links the earlier rule."""
    page: Any = client.post(f"{LIST}add/", sent, follow=True)
    warnings = [str(each) for each in page.context["messages"] if each.level_tag == "warning"]
    assert Rule.objects.count() == 2
    assert all(escape(rule.name) in each for each in warnings)
    return any(f'href="{LIST}{rule.pk}/change/"' in each for each in warnings)


@pytest.mark.parametrize(
    ("earlier", "later", "warned"),
    [
        ("退", "退款", True),
        ("退款", "退", False),
        (("equals", "退款"), ("equals", " 退款"), True),
        (("equals", "退款"), "退款", False),
        (("starts_with", "退"), ("starts_with", "退款"), True),
        (("starts_with", "退"), "退款", False),
        (("regex", "^退(款|货)"), ("equals", "退货"), True),
        (("regex", "^退(款|货)"), "退货", False),
        (("regex", "退.*款"), ("regex", "退.*款"), True),
        (("regex", "退.*"), ("regex", "退款"), False),
    ],
    ids=str,
)
def test_a_rule_whose_keyword_an_earlier_one_answers_is_saved_and_names_that(
    editor: Client, account: OfficialAccount, rule: RuleMaker, earlier: Any, later: Any, warned: bool
) -> None:
    first = rule(name="<b>售后</b>", keywords=(earlier,))
    assert warned_of(editor, form(account, reply(text="好"), keywords=[later, "发票"]), first) is warned


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"enabled": False}, {}),
        ({"in_shadow": True}, {}),
        ({"weekdays": [1, 2]}, {}),
        ({"opens_at": datetime.time(9)}, {}),
        ({"valid_until": datetime.datetime(2500, 1, 1, tzinfo=datetime.UTC)}, {}),
        ({"new_follower_days": 3}, {}),
        ({"replies": ({"type": "hologram"},)}, {}),
        ({}, {"enabled": ""}),
        ({}, {"trigger": "follow"}),
    ],
    ids=str,
)
def test_of_an_earlier_rule_that_may_leave_the_keyword_to_the_new_one_nothing_is_said(
    editor: Client,
    account: OfficialAccount,
    rule: RuleMaker,
    earlier: dict[str, Any],
    later: dict[str, str],
) -> None:
    first = rule(name="售后", keywords=("退款",), **earlier)
    assert not warned_of(editor, form(account, reply(text="好"), **later), first)


def test_a_rule_that_is_switched_on_behind_another_says_so(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    first = rule(name="欢迎", trigger="follow")
    second = rule(name="首次欢迎", trigger="follow_first", enabled=False, position=1)
    switch = {"action": "switch_on", "_selected_action": [second.pk]}
    page = editor.post(LIST, switch, follow=True).content.decode()
    assert "“首次欢迎”永远不会触发：排在它前面的“欢迎”总会先回复" in page
    assert f"{LIST}{first.pk}/change/" in page


def test_the_warning_is_about_the_keywords_that_were_saved(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    made = rule(keywords=("a",))

    def warns(*keywords: dict[str, Any]) -> bool:
        sent = form(account, keywords=[])
        sent |= {"keywords-TOTAL_FORMS": len(keywords), "keywords-INITIAL_FORMS": made.keywords.count()}
        for number, row in enumerate(keywords):
            sent |= {f"keywords-{number}-{name}": value for name, value in row.items()}
        kept = made.replies.get()
        sent |= {"replies-TOTAL_FORMS": 1, "replies-INITIAL_FORMS": 1}
        reply_form = {**reply(text="好"), "id": kept.pk, "rule": made.pk}
        sent |= {f"replies-0-{name}": value for name, value in reply_form.items()}
        page: Any = editor.post(f"{LIST}{made.pk}/change/", sent, follow=True)
        assert page.redirect_chain
        return any(".*" in str(each) for each in page.context["messages"] if each.level_tag == "warning")

    first = {"id": made.keywords.get().pk, "rule": made.pk, "compare": "contains", "text": "a"}
    assert warns(first, {"rule": made.pk, "compare": "regex", "text": ".*"})
    second = {"id": made.keywords.get(text=".*").pk, "rule": made.pk, "compare": "regex", "text": ".*"}
    assert not warns(first, {**second, "DELETE": "on"})


@pytest.mark.parametrize(
    ("keyword", "is_told"), [("发票、开票", True), ("发票，开票", True), ("发票", False)]
)
def test_several_keywords_in_one_field_are_told_to_be_one(
    editor: Client, account: OfficialAccount, keyword: str, is_told: bool
) -> None:
    page: Any = editor.post(f"{LIST}add/", form(account, reply(text="好"), keywords=[keyword]), follow=True)
    assert Rule.objects.get().keywords.get().text == keyword
    assert ("如果是多个关键词，请逐个添加" in page.content.decode()) == is_told


def test_it_is_warned_of_as_well_when_it_is_switched_on_brought_back_or_imported(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    made = rule(keywords=("a",), enabled=False)
    made.keywords.update(compare="regex", text="退款|.*")
    sent = {"action": "switch_on", "_selected_action": [made.pk]}
    pages: list[Any] = [editor.post(LIST, sent, follow=True)]
    exported = editor.get("/admin/replies/rule/export/").content.decode()
    Rule.objects.all().delete()
    agreed = {"account": account.pk, "rehearsed": exported, "agreed": "1"}
    pages.append(editor.post(IMPORT, agreed, follow=True))
    brought = Rule.objects.get()
    version = brought.history.latest("history_date")
    former = f"{LIST}{brought.pk}/history/{version.pk}/"
    pages.append(editor.post(former, {"account": account.pk}, follow=True))
    for page in pages:
        assert any("退款|.*" in str(each) for each in page.context["messages"] if each.level_tag == "warning")


def test_a_rule_that_is_off_may_be_half_done_and_is_not_switched_on_like_that(
    editor: Client, account: OfficialAccount
) -> None:
    sent = form(account, keywords=[])
    del sent["enabled"]
    assert editor.post(f"{LIST}add/", sent).status_code == 302
    rule = Rule.objects.get()
    editor.post(LIST, {"action": "switch_on", "_selected_action": [rule.pk]})
    rule.refresh_from_db()
    assert not rule.enabled


def test_the_signing_secret_goes_in_and_never_comes_out(editor: Client, account: OfficialAccount) -> None:
    secret = "sixteen-characters"
    sent = form(account, forward_url="https://example.com/hook", new_secret=secret)
    assert editor.post(f"{LIST}add/", sent).status_code == 302
    rule = Rule.objects.get()
    assert rule.forward_secret == secret
    assert secret not in editor.get(f"{LIST}{rule.pk}/change/").content.decode()
    assert secret not in editor.get("/admin/replies/rule/export/").content.decode()


def test_a_new_rule_stands_at_the_end_and_a_dragged_one_where_it_was_put(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    first = rule(keywords=("a",), position=4)
    editor.post(f"{LIST}add/", form(account, reply(text="好"), name="新的"))
    last = Rule.objects.get(name="新的")
    assert last.position == 5
    order = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "_save": "1"}
    for number, (each, position) in enumerate(((first, 1), (last, 0))):
        order |= {f"form-{number}-id": str(each.pk), f"form-{number}-position": str(position)}
    assert editor.post(LIST, order).status_code == 302
    assert [each.name for each in Rule.objects.all()] == ["新的", "规则"]


def test_a_rule_is_begun_from_what_somebody_asked(editor: Client, account: OfficialAccount) -> None:
    page: Any = editor.get(f"{LIST}add/", {"account": str(account.pk), "keyword": EVIL})
    keywords = page.context["inline_admin_formsets"][0].formset.forms
    assert keywords[0]["text"].value() == EVIL
    assert EVIL not in page.content.decode()


def test_an_earlier_version_of_a_rule_is_brought_back_whole(editor: Client, account: OfficialAccount) -> None:
    member = Tag.objects.create(account=account, name="会员")
    sent = form(account, reply(text="七天之内"), name="从前", tags=str(member.pk))
    assert editor.post(f"{LIST}add/", sent).status_code == 302
    edited = Rule.objects.get()
    first = edited.history.first()
    assert first is not None
    edited.name = "现在"
    edited.save()
    edited.tags.clear()
    edited.keywords.all().delete()
    edited.replies.all().delete()
    edited.keywords.create(text="退货")
    version = f"{LIST}{edited.pk}/history/{first.pk}/"
    page: Any = editor.get(version)
    changes = {change.field: (change.old, change.new) for change in page.context["changes"]}
    assert changes["名称"] == ("现在", "从前")
    assert changes["回复"] == ("", "七天之内")
    assert changes["标签"] == ("", "会员")
    assert editor.post(version).status_code == 302
    edited = Rule.objects.get()
    assert edited.name == "从前"
    assert [each.words for each in edited.replies.all()] == ["七天之内"]
    assert not edited.keywords.filter(text="退货").exists()
    assert list(edited.tags.all()) == [member]
    again: Any = editor.get(version)
    assert not again.context["changes"]


def test_a_version_made_by_switching_a_rule_brings_its_tags_back(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    member = Tag.objects.create(account=account, name="会员")
    made = rule(keywords=("a",), tags=[member])
    editor.post(LIST, {"action": "switch_off", "_selected_action": [made.pk]})
    switched = made.history.latest("history_date")
    made.tags.clear()
    editor.post(f"{LIST}{made.pk}/history/{switched.pk}/", {"account": account.pk})
    assert list(made.tags.all()) == [member]


def test_six_hundred_rules_are_put_in_order_on_one_page(editor: Client, account: OfficialAccount) -> None:
    Rule.objects.bulk_create(
        Rule(account=account, name=f"规则 {number}", trigger="default", position=number)
        for number in range(600)
    )
    rules = list(Rule.objects.order_by("position"))
    sent: dict[str, Any] = {"form-TOTAL_FORMS": 600, "form-INITIAL_FORMS": 600, "_save": "1"}
    for number, each in enumerate(rules):
        sent |= {f"form-{number}-id": each.pk, f"form-{number}-position": each.position}
    sent |= {"form-0-position": 599, "form-599-position": 0}
    assert editor.post(LIST, sent).status_code == 302
    assert list(Rule.objects.order_by("position").values_list("pk", flat=True)[:2]) == [
        rules[599].pk, rules[1].pk,
    ]  # fmt: skip


def test_the_history_of_a_rule_tells_what_changed_about_its_parts(editor: Client, rule: RuleMaker) -> None:
    edited = rule(keywords=("退款",), replies=("七天之内",))
    edited.save()
    edited.keywords.create(text="退货")
    kept = edited.replies.get()
    kept.content = {"type": "text", "content": "十天\n之内"}
    kept.save()
    edited.save()
    edited.keywords.get(text="退款").delete()
    page: Any = editor.get(f"{LIST}{edited.pk}/history/")
    changes = [[(change.old, change.new) for change in row.part_changes] for row in page.context["page_obj"]]
    assert changes == [
        [("退款", "")],
        [("", "退货"), ("七天之内", "十天 之内")],
        [("", "退款"), ("", "七天之内")],
    ]
    # Between the tags, because the random token of a form can hold these letters.
    assert "None" not in re.sub(r"<[^>]*>", " ", page.content.decode())


def test_without_tags_the_rule_page_offers_to_add_one(editor: Client, account: OfficialAccount) -> None:
    address = reverse("admin:followers_tag_add")
    assert f'href="{address}"' not in editor.get(f"{LIST}add/").content.decode()
    owner = signed_in("owner", account, "owner")
    assert f'href="{address}"' in owner.get(f"{LIST}add/").content.decode()
    Tag.objects.create(account=account, name="会员")
    assert f'href="{address}"' not in owner.get(f"{LIST}add/").content.decode()


def test_an_auditor_sees_rules_and_changes_none(account: OfficialAccount, rule: RuleMaker) -> None:
    auditor = signed_in("auditor", account, "auditor")
    seen = rule(keywords=("a",))
    assert auditor.get(f"{LIST}{seen.pk}/change/").status_code == 200
    auditor.post(f"{LIST}{seen.pk}/change/", form(account, reply(text="好")))
    auditor.post(LIST, {"action": "switch_off", "_selected_action": [seen.pk]})
    assert auditor.get(f"{LIST}add/").status_code == 403
    assert auditor.get(IMPORT).status_code == 403
    seen.refresh_from_db()
    assert (seen.name, seen.enabled, seen.keywords.count()) == ("规则", True, 1)


def test_rules_of_an_account_are_closed_to_staff_of_others(
    outsider: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    ours = rule(name="机密规则", keywords=("a",))
    for path in (LIST, TESTER, "/admin/replies/rule/never/", "/admin/replies/rule/export/"):
        assert "机密规则" not in outsider.get(path).content.decode()
    assert outsider.get(f"{LIST}{ours.pk}/change/").status_code == 302
    assert outsider.get(f"{LIST}{ours.pk}/replay/").status_code == 404
    stolen = {"account": account.pk, "agreed": "1", "rehearsed": "{}"}
    assert outsider.post(IMPORT, stolen).status_code == 403
    assert outsider.post("/admin/replies/rule/import-platform/", {"account": account.pk}).status_code == 403


def test_the_tester_shows_who_answers_what_is_said_and_why_not_the_others(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    Follower.objects.create(account=account, openid="oVip", remark="老王").tags.add(vip)
    rule(
        name="会员价",
        keywords=("优惠",),
        tags=[vip],
        replies=('<a href="https://a.cn/?a=1&b=2">点</a>' + EVIL,),
    )
    rule(name="普通价", keywords=("优惠",), position=1)
    stranger = editor.get(TESTER, {"what": "text", "value": EVIL + "优惠"}).content.decode()
    assert "由“普通价”回复" in stranger
    assert "粉丝没有它要求的标签" in stranger
    member = editor.get(TESTER, {"what": "text", "value": "优惠", "openid": "老王"}).content.decode()
    assert "由“会员价”回复" in member
    assert '<a class="text-link" href="https://a.cn/?a=1&amp;b=2"' in member
    assert EVIL not in stranger + member


def test_the_tester_does_not_tell_a_name_that_is_withheld(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    rule(keywords=("在吗",), replies=("{remark|朋友}，您好",))
    openid = "oKnown0000000000000000000001"
    Follower.objects.create(account=account, openid=openid, remark="王女士")
    asked = {"what": "text", "value": "在吗", "openid": openid}
    assert "王女士，您好" in editor.get(TESTER, asked).content.decode()
    Withheld.objects.create(account=account, role="editor", what="persons")
    shown = editor.get(TESTER, asked).content.decode()
    assert ("，您好" in shown, "王女士" in shown) == (True, False)


def test_the_tester_takes_every_choice_it_offers(editor: Client) -> None:
    page: Any = editor.get(TESTER)
    for what, _label in page.context["form"].fields["what"].choices:
        assert editor.get(TESTER, {"what": str(what), "value": "x"}).context["trial"]


def test_the_tester_is_given_a_channel_by_its_name(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    channel = Channel.objects.create(account=account, name="展会二维码")
    rule(name="展会", trigger="scan", scene=channel.scene)
    page = editor.get(TESTER).content.decode()
    assert f'<option value="{channel.scene}">展会二维码</option>' in page
    scanned = editor.get(TESTER, {"what": "event:scan", "scene": channel.scene}).content.decode()
    assert "由“展会”回复" in scanned
    assert "由“展会”回复" not in editor.get(TESTER, {"what": "event:scan"}).content.decode()


def test_the_tester_and_the_rule_are_given_a_button_by_its_name_and_take_a_key_from_elsewhere(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    menu = Menu.objects.create(account=account)
    version = Version.objects.create(menu=menu, number=1, state="published", published_at=timezone.now())
    MenuItem.objects.create(
        version=version, uid="aaaa", kind="click", name="今日课程", key="COURSES", position=0, content={}
    )
    asked = rule(name="课程", trigger="event", event="click", event_key="ELSEWHERE")
    offered = '<option value="COURSES">今日课程</option>'
    assert offered in editor.get(TESTER).content.decode()
    page = editor.get(reverse("admin:replies_rule_change", args=[asked.pk])).content.decode()
    assert offered in page
    assert 'value="ELSEWHERE"' in page
    tapped = editor.get(TESTER, {"what": "event:click", "key": "ELSEWHERE"}).content.decode()
    assert "由“课程”回复" in tapped


@pytest.mark.parametrize(
    "asked", [{"what": "telepathy"}, {"what": "text", "openid": "nobody"}, {"what": "text", "at": "?"}]
)
def test_the_tester_says_what_it_does_not_understand(editor: Client, asked: dict[str, str]) -> None:
    page: Any = editor.get(TESTER, asked)
    assert page.status_code == 200
    assert page.context["form"].errors


def test_the_replay_shows_what_a_rule_would_change(
    editor: Client, rule: RuleMaker, received: Callable[..., InboundMessage], platform: Platform
) -> None:
    candidate = rule(keywords=("订单",), enabled=False)
    received(platform.text("订单<b>"), text="订单<b>")
    page = editor.get(f"{LIST}{candidate.pk}/replay/").content.decode()
    assert "订单&lt;b&gt;" in page
    assert "订单<b>" not in page


def test_the_report_names_rules_that_never_answer(editor: Client, rule: RuleMaker) -> None:
    rule(name="宽", keywords=("退",))
    rule(name="窄", keywords=("退款",), position=1)
    page = editor.get("/admin/replies/rule/never/").content.decode()
    assert "窄" in page
    assert "上面的自动回复总会先触发" in page


def test_a_file_is_exported_looked_at_and_imported(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    rule(keywords=("a",))
    exported = editor.get("/admin/replies/rule/export/").content
    Rule.objects.all().delete()
    chosen = {"account": account.pk, "file": SimpleUploadedFile("rules.json", exported)}
    looked: Any = editor.post(IMPORT, chosen)
    assert looked.context["report"].made == ["规则"]
    assert not Rule.objects.exists()
    agreed = {"account": account.pk, "rehearsed": looked.context["text"], "agreed": "1"}
    assert editor.post(IMPORT, agreed).status_code == 302
    assert Rule.objects.get().keywords.get().text == "a"


@pytest.mark.parametrize("file", [b"", b"{", json.dumps({"format": "x"}).encode()])
def test_a_file_that_is_none_of_ours_is_refused_in_words(
    editor: Client, account: OfficialAccount, file: bytes
) -> None:
    chosen = {"account": account.pk, "file": SimpleUploadedFile("rules.json", file)}
    page: Any = editor.post(IMPORT, chosen)
    assert page.context["refused"]
    assert not Rule.objects.exists()


def test_importing_without_a_file_asks_for_one(editor: Client, account: OfficialAccount) -> None:
    page: Any = editor.post(IMPORT, {"account": account.pk})
    assert page.context["refused"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gb18030", "utf-8-sig"])
def test_a_file_in_another_encoding_is_taken_all_the_same(
    editor: Client, account: OfficialAccount, rule: RuleMaker, encoding: str
) -> None:
    rule(keywords=("价格",))
    body = editor.get("/admin/replies/rule/export/").content.decode().encode(encoding)
    Rule.objects.all().delete()
    looked: Any = editor.post(IMPORT, {"account": account.pk, "file": SimpleUploadedFile("rules.json", body)})
    assert looked.context["report"].made == ["规则"]
    agreed = {"account": account.pk, "rehearsed": looked.context["text"], "agreed": "1"}
    assert editor.post(IMPORT, agreed).status_code == 302
    assert Rule.objects.get().keywords.get().text == "价格"


def test_control_characters_of_a_file_stay_outside(
    editor: Client, account: OfficialAccount, rule: RuleMaker
) -> None:
    rule(keywords=("价格",), name="规则甲")
    text = (
        editor.get("/admin/replies/rule/export/").content.decode().replace("规则甲", "规\\u0000则\\ud83d乙")
    )
    Rule.objects.all().delete()
    agreed = {"account": account.pk, "agreed": "1", "file": SimpleUploadedFile("rules.json", text.encode())}
    assert editor.post(IMPORT, agreed).status_code == 302
    assert Rule.objects.get().name == "规则乙"
