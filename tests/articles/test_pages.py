import base64
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.approvals.models import Approval, ApprovalLimit
from accounts.official.clients import client_for
from accounts.staff.models import StaffRight
from tests.articles.conftest import picture
from tests.cast import Cast, signed_in
from wechat.articles.models import Article, Draft
from wechat.kernel import work
from wechat.kernel.work.claiming import claim
from wechat.materials.models import Asset
from wechat.sdk.calls import drafts

pytestmark = pytest.mark.django_db

ADD = "/admin/articles/draft/add/"


def filled(account_id: int, cover: Asset | None, **fields: Any) -> dict[str, Any]:
    usual = {
        "kind": "news", "title": "周末活动", "author": "", "digest": "", "content": "<p>到店有礼</p>",
        "source_url": "", "cover": cover.pk if cover else "", "focus_x": "50", "focus_y": "50", "order": "",
        "position": "0",
    }  # fmt: skip
    management = {"articles-TOTAL_FORMS": "1", "articles-INITIAL_FORMS": "0", "account": account_id}
    return management | {f"articles-0-{name}": value for name, value in {**usual, **fields}.items()}


def test_an_article_is_written_and_cleaned(staff: Cast, asset: Asset) -> None:
    client = signed_in(staff.editor)
    client.post(ADD, filled(staff.ours.pk, asset, content="<p onclick=x>到店<script>1</script>有礼</p>"))
    assert Article.objects.get().content == "<p>到店有礼</p>"


def test_what_stands_behind_a_sign_that_only_begins_like_a_tag_is_kept(staff: Cast, asset: Asset) -> None:
    page = SimpleUploadedFile("a.html", b"<p>a<b 3 < 5 <x</p>more <your name>")
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=page))
    kept = "<p>a&lt;b 3 &lt; 5 &lt;x</p><p>more &lt;your name&gt;</p>"
    assert Article.objects.get().content == kept


def test_what_is_missing_is_said_at_its_field(staff: Cast, asset: Asset) -> None:
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, None, content="")).content.decode()
    assert "图文需要封面图" in page
    assert "请填写正文" in page
    assert not Draft.objects.exists()


def test_a_text_that_is_too_long_says_by_how_much(staff: Cast, asset: Asset) -> None:
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, content="好" * 20_000))
    assert "共 20000 个字符" in page.content.decode()


def test_a_markdown_file_becomes_the_text(staff: Cast, asset: Asset) -> None:
    file = SimpleUploadedFile("news.md", "# 标题\n\n正文".encode())
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert Article.objects.get().content == "<h1>标题</h1>\n<p>正文</p>"


WORD_PAGE = (
    '<html><head><meta http-equiv=Content-Type content="text/html; charset=gb2312"></head>'
    "<body><p class=MsoNormal>周末活动</p></body></html>"
)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("周末.htm", WORD_PAGE.encode("gb2312")),
        ("周末.htm", WORD_PAGE.replace("gb2312", "big5").replace("周末活动", "週末活動").encode("big5")),
        ("周末.html", WORD_PAGE.replace("gb2312", "unicode").encode("utf-16")),
        ("周末.html", WORD_PAGE.replace("gb2312", "bz2").encode("utf-8-sig")),
        ("周末.txt", "周末活动\r\n到店".encode("gbk")),
        ("周末.md", "周末活动".encode("gb18030")),
        ("周末.txt", "週末活動\r\n請到門市來".encode("big5")),
        ("周末.html", '<meta charset="shift_jis"><p>週末活動</p>'.encode("cp932")),
        ("周末.html", '<meta charset="iso-8859-1"><p>周末活动</p>'.encode("gbk")),
        ("周末.html", '<meta charset="big5"><p>周末活动</p>'.encode("gbk")),
        ("周末.html", '<meta charset="gb2312"><p>週末活動</p><p>請到門市來</p>'.encode("big5")),
    ],
)
def test_a_file_is_read_in_the_encoding_people_save_it_in(
    staff: Cast, asset: Asset, name: str, body: bytes
) -> None:
    signed_in(staff.editor).post(
        ADD, filled(staff.ours.pk, asset, import_file=SimpleUploadedFile(name, body))
    )
    content = Article.objects.get().content
    assert content.startswith(("<p>周末活动</p>", "<p>週末活動</p>"))


def test_a_picture_of_another_accounts_library_is_not_lost_without_a_word(staff: Cast, asset: Asset) -> None:
    theirs = Asset.objects.create(
        account=staff.theirs, name="图", content_type="image/png", size=1, file=asset.file.name,
        due_at=timezone.now(),
    )  # fmt: skip
    text = f'<p>甲<img src="/admin/materials/asset/{theirs.pk}/file/"></p>'
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, content=text))
    assert "正文中有一张图片不在本公众号的素材库中" in page.content.decode()
    assert not Draft.objects.exists()


def test_a_picture_of_an_account_that_the_reader_sees_too_is_shared_with_this_one(
    staff: Cast, asset: Asset
) -> None:
    theirs = Asset.objects.create(
        account=staff.theirs, name="图", content_type="image/png", size=1, file=asset.file.name,
        due_at=timezone.now(),
    )  # fmt: skip
    StaffRight.objects.create(user=staff.editor, account=staff.theirs, role="auditor")
    text = f'<p>甲<img src="/admin/materials/asset/{theirs.pk}/file/"></p>'
    editor = signed_in(staff.editor)
    editor.post(ADD, filled(staff.ours.pk, asset, content=text))
    ours = Asset.objects.get(original=theirs)
    assert ours.account == staff.ours
    shown = f'<p>甲<img src="/admin/materials/asset/{ours.pk}/file/"></p>'
    assert Article.objects.get().content == shown
    clean = f"{reverse('admin:articles_clean')}?account={staff.ours.pk}"
    pasted = SimpleUploadedFile("text.html", text.encode())
    assert editor.post(clean, {"text": pasted}).json()["html"] == shown


def test_of_a_saved_page_of_wechat_the_article_is_taken_and_can_be_seen(staff: Cast, asset: Asset) -> None:
    page = SimpleUploadedFile(
        "文章.html",
        '<html><head><title>题</title></head><body><h1 id="activity-name">题</h1><div id="meta">作者</div>'
        '<div class="rich_media_content" id="js_content" style="visibility: hidden; opacity: 0; ">'
        '<p style="text-indent:2em">正文<img data-src="https://mmbiz.qpic.cn/a/640?wx_fmt=png"></p></div>尾'
        '<div id="js_tags_preview_toast">预览时标签不可点</div></body></html>'.encode(),
    )
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=page))
    assert Article.objects.get().content == (
        '<section><p style="text-indent:2em">正文<img src="https://mmbiz.qpic.cn/a/640?wx_fmt=png"></p></section>'
    )


def test_lines_and_pages_of_old_programs_are_lines(staff: Cast, asset: Asset) -> None:
    file = SimpleUploadedFile("a.txt", "第一行\x85第二行\x0c第二页".encode())
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert Article.objects.get().content == "<p>第一行</p><p>第二行</p><p>第二页</p>"


def test_a_text_file_says_what_it_says(staff: Cast, asset: Asset) -> None:
    file = SimpleUploadedFile(
        "a.txt", "如果 a<b 且 c>d\r\n\u3000\u3000<b>不是</b>标签 & 是字\n\tend".encode()
    )
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    blank = "&nbsp;" * 4
    assert Article.objects.get().content == (
        "<p>如果 a&lt;b 且 c&gt;d</p><p>\u3000\u3000&lt;b&gt;不是&lt;/b&gt;标签 &amp; 是字</p>"
        f"<p>{blank}end</p>"
    )


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("合同.docx", b"PK\x03\x04"),
        ("合同.doc", b"\xd0\xcf\x11\xe0"),
        ("图.html", b"\x89PNG\r\n\x1a\n\0\xff"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_what_to_do(
    staff: Cast, asset: Asset, name: str, body: bytes
) -> None:
    file = SimpleUploadedFile(name, body)
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert any(word in page.content.decode() for word in ("另存为 .docx", "另存为 UTF-8"))
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("旧稿.rtf", rb"{\rtf1\ansi\ansicpg936{\fonttbl} \'d6\'dc\par}"),
        ("旧稿.txt", rb"{\rtf1\ansi\ansicpg936{\fonttbl} \'d6\'dc\par}"),
        (
            "网页.htm",
            (
                b"From: <Saved by Blink>\r\nSubject: =?utf-8?Q?a\r\n b?=\r\nMIME-Version: 1.0\r\n"
                b"Content-Type: multipart/related;\r\n\tboundary=x\r\n\r\n--x\r\n\r\n<p>=E5=91=A8</p>"
            ),
        ),
    ],
)
def test_a_text_of_another_program_is_refused_with_what_to_do(
    staff: Cast, asset: Asset, name: str, body: bytes
) -> None:
    file = SimpleUploadedFile(name, body)
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert "请先用原来的软件打开，另存为 .docx" in page.content.decode()
    assert not Draft.objects.exists()


@pytest.mark.parametrize("name", ["方案.doc", "方案.pages", "方案.pdf", "方案.odt"])
def test_a_large_file_of_another_program_is_refused_with_what_to_do(
    staff: Cast, asset: Asset, name: str
) -> None:
    file = SimpleUploadedFile(name, bytes(3 * 1024 * 1024))
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert "另存为 .docx" in page.content.decode()


def test_a_page_of_an_english_word_keeps_its_quotation_marks(staff: Cast, asset: Asset) -> None:
    body = WORD_PAGE.replace("gb2312", "windows-1252").replace("周末活动", "“Hi” – café").encode("cp1252")
    file = SimpleUploadedFile("weekend.htm", body)
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert Article.objects.get().content == "<p>“Hi” – café</p>"


@pytest.mark.parametrize("text", ["![" * 60_000, "|a" * 300 + "\n" + "|-" * 300 + "\n" + "|a\n" * 300])
def test_markdown_that_would_take_minutes_is_refused_with_what_to_do(
    staff: Cast, asset: Asset, text: str
) -> None:
    file = SimpleUploadedFile("long.md", text.encode())
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert any(word in page.content.decode() for word in ("请分成几篇", "拆分表格"))
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "text",
    [">" * 500 + " 文", "".join(f"{'  ' * n}- 文\n" for n in range(200)), "- >" * 13 + "文\n" * 20_000],
    ids=["quotations", "lists", "quotations of many lines"],
)
def test_markdown_that_is_nested_too_deep_is_refused_with_what_to_do(
    staff: Cast, asset: Asset, text: str
) -> None:
    file = SimpleUploadedFile("deep.md", text.encode())
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert "嵌套过深" in page.content.decode()
    assert not Draft.objects.exists()


TEMPLATE = (
    '<section style="border-bottom:1px dashed #07c160;background:#f5f5f5;'
    'box-shadow:0 2px 8px rgba(0,0,0,.1)">标题</section>\n'
    '<section><svg viewBox="0 0 10 10" style="width:100%">'
    '<rect width="10" height="10" fill="#07c160"></rect></svg></section>\n'
    '<img data-src="https://mmbiz.qpic.cn/sz_mmbiz_jpg/abc/640?wx_fmt=jpeg" data-w="1080">'
)


def test_what_is_saved_is_read_back_at_the_platform(staff: Cast, asset: Asset) -> None:
    """Lines, boxes, a drawing and a picture that WeChat has, from the form to the platform's draft."""
    lines = "<div>第一段。</div><div>第二段。</div><div><br></div><div>第三段</div>"
    client = signed_in(staff.editor)
    client.post(ADD, filled(staff.ours.pk, asset, content=lines + TEMPLATE))
    client.post(f"/admin/articles/draft/{Draft.objects.get().pk}/save/")
    work.run("articles.work_off")
    (article,) = drafts.get(client_for(staff.ours), Draft.objects.get().media_id)
    content = str(article["content"])
    assert content.startswith("<p>第一段。</p><p>第二段。</p><p><br></p><p>第三段</p>")
    for kept in (
        "border-bottom:1px dashed #07c160",
        "background:#f5f5f5",
        "box-shadow:0 2px 8px",
        '<svg viewBox="0 0 10 10"',
        'fill="#07c160"',
        'src="https://mmbiz.qpic.cn/sz_mmbiz_jpg/abc/640?wx_fmt=jpeg"',
    ):
        assert kept in content


def test_what_was_left_out_of_a_text_is_said_once_it_is_saved(staff: Cast, asset: Asset) -> None:
    text = '<p>到店<a href="https://example.com/">看看</a><video src="a.mp4"></video></p>'
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, content=text), follow=True)
    shown = page.content.decode()
    assert "以下内容微信不显示，已去掉" in shown
    assert "example.com" in shown
    assert Article.objects.get().content == "<p>到店<a>看看</a></p>"


@pytest.mark.parametrize("form", ["WEBP", "BMP"])
def test_a_pasted_picture_in_a_format_of_browsers_or_windows_becomes_one_for_wechat(
    staff: Cast, asset: Asset, form: str
) -> None:
    source = f"data:image/{form.lower()};base64,{base64.b64encode(picture(form=form)).decode()}"
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, content=f'<p>图<img src="{source}"></p>'))
    kept = Asset.objects.exclude(pk=asset.pk).get()
    assert kept.content_type in {"image/png", "image/jpeg"}
    assert f"/admin/materials/asset/{kept.pk}/file/" in Article.objects.get().content


def test_another_accounts_picture_is_no_cover(staff: Cast, asset: Asset) -> None:
    theirs = Asset.objects.create(
        account=staff.theirs,
        name="别家",
        file="x.png",
        content_type="image/png",
        size=1,
        due_at=timezone.now(),
    )
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, theirs))
    assert not Draft.objects.exists()


def test_an_editor_saves_and_a_publisher_publishes(staff: Cast, written: Callable[..., Draft]) -> None:
    draft = written()
    address = f"/admin/articles/draft/{draft.pk}"
    editor = signed_in(staff.editor)
    assert editor.post(f"{address}/publish/", {"at": ""}).status_code == 403
    assert editor.post(f"{address}/save/").status_code == 302
    Draft.objects.filter(pk=draft.pk).update(work="", due_at=None)
    owner = signed_in(staff.owner)
    assert "发布不等于群发" in owner.get(f"{address}/publish/").content.decode()
    owner.post(f"{address}/publish/", {"at": "", "revision": draft.revision})
    draft.refresh_from_db()
    assert draft.work == Draft.Work.PUBLISH
    # Asked from a page that is an old one by now.
    for page in ("publish", "preview"):
        late: Any = owner.post(f"{address}/{page}/", {"at": "", "wechat_id": "linxiao"}, follow=True)
        assert "状态已变化" in late.content.decode()
    draft.refresh_from_db()
    assert draft.work == Draft.Work.PUBLISH


def test_what_is_being_published_cannot_be_edited(staff: Cast, written: Callable[..., Draft]) -> None:
    draft = written()
    Draft.objects.filter(pk=draft.pk).update(work="publish", due_at=timezone.now())
    page = signed_in(staff.owner).get(f"/admin/articles/draft/{draft.pk}/change/").content.decode()
    assert 'name="_save"' not in page


def test_what_was_changed_since_it_was_shown_is_not_published(
    staff: Cast, written: Callable[..., Draft]
) -> None:
    draft, owner = written("看过的"), signed_in(staff.owner)
    address = f"/admin/articles/draft/{draft.pk}/publish/"
    assert "看过的" in owner.get(address).content.decode()
    Article.objects.update(title="没看过的")
    Draft.objects.update(revision=2)
    for asked in ({"revision": "1"}, {}):
        page = owner.post(address, {"at": "", **asked}).content.decode()
        assert "内容已被修改" in page
        assert "没看过的" in page
        assert Draft.objects.get().work == ""
    owner.post(address, {"at": "", "revision": "2"})
    assert Draft.objects.get().work == "publish"


@pytest.mark.parametrize("hours", [0, 24])
def test_the_lease_of_a_worker_is_no_time_of_publication(
    staff: Cast, written: Callable[..., Draft], hours: int
) -> None:
    draft, owner = written(), signed_in(staff.owner)
    planned = timezone.localtime() + datetime.timedelta(hours=hours)
    asked: dict[str, Any] = {"at": planned.strftime("%Y-%m-%dT%H:%M") if hours else ""}
    asked["revision"] = draft.revision
    owner.post(f"/admin/articles/draft/{draft.pk}/publish/", asked)
    Draft.objects.update(due_at=timezone.now())
    (leased,) = claim(Draft.objects.all(), lease=datetime.timedelta(hours=3), limit=1)
    assert leased.due_at is not None
    html = owner.get("/admin/articles/draft/").content.decode()
    assert timezone.localtime(leased.due_at).strftime("%m-%d %H:%M") not in html
    assert (f"将于 {planned:%m-%d %H:%M}" in html, "data-moving>" in html) == (bool(hours), not hours)


def test_a_time_that_has_passed_is_refused(staff: Cast, written: Callable[..., Draft]) -> None:
    draft = written()
    at = f"/admin/articles/draft/{draft.pk}/publish/"
    page = signed_in(staff.owner).post(at, {"at": "2020-01-01T08:00"})
    assert "at" in page.context["form"].errors
    draft.refresh_from_db()
    assert draft.work == ""


def test_a_wrong_wechat_id_is_refused(staff: Cast, written: Callable[..., Draft]) -> None:
    page = signed_in(staff.owner).post(
        f"/admin/articles/draft/{written().pk}/preview/", {"wechat_id": "王芳"}
    )
    assert "微信号由 6 至 20 位" in page.content.decode()


def test_an_article_is_taken_back_once_the_word_is_typed(staff: Cast, written: Callable[..., Draft]) -> None:
    draft, owner = written(), signed_in(staff.owner)
    Draft.objects.filter(pk=draft.pk).update(state="published", article_id="A1")
    at = f"/admin/articles/draft/{draft.pk}/withdraw/"
    assert "请输入“删除”" in owner.get(at).content.decode()
    for typed in ({}, {"word": "好"}):
        owner.post(at, typed)
        assert Draft.objects.get(pk=draft.pk).work == ""
    owner.post(at, {"word": " 删除 "})
    assert Draft.objects.get(pk=draft.pk).work == "withdraw"


@pytest.mark.parametrize("action", ["save", "preview", "publish", "forget", "withdraw"])
def test_an_outsider_finds_nothing(staff: Cast, written: Callable[..., Draft], action: str) -> None:
    client: Client = signed_in(staff.outsider)
    assert client.post(f"/admin/articles/draft/{written().pk}/{action}/").status_code == 404


def test_what_was_pasted_comes_back_as_it_will_be_saved(staff: Cast, asset: Asset) -> None:
    address = f"/admin/articles/draft/clean/?account={staff.ours.pk}"
    source = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    pasted = f"<div>文<img src='{source}'></div><script></script>"
    file = SimpleUploadedFile("text.html", pasted.encode())
    answer = signed_in(staff.editor).post(address, {"text": file}).json()
    kept = Asset.objects.exclude(pk=asset.pk).get()
    assert answer["html"] == f'<p>文<img src="/admin/materials/asset/{kept.pk}/file/"></p>'
    assert "脚本" in answer["dropped"]


@pytest.mark.parametrize(("page", "field"), [("clean", "text"), ("picture", "file")])
def test_what_is_no_picture_is_refused_with_a_sentence(
    staff: Cast, asset: Asset, page: str, field: str
) -> None:
    body = b"<p><img src='data:image/png;base64,QUJD'></p>" if page == "clean" else b"ABC"
    address = f"/admin/articles/draft/{page}/?account={staff.ours.pk}"
    answer = signed_in(staff.editor).post(address, {field: SimpleUploadedFile("a.png", body)})
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert signed_in(staff.editor).post(address).status_code == 400


@pytest.mark.parametrize("page", ["clean", "picture"])
@pytest.mark.parametrize("who", ["outsider", "auditor"])
def test_who_may_not_write_here_puts_nothing_into_the_library(
    staff: Cast, asset: Asset, page: str, who: str
) -> None:
    address = f"/admin/articles/draft/{page}/?account={staff.ours.pk}"
    files = {
        "text": SimpleUploadedFile("text.html", b"<p>1</p>"),
        "file": SimpleUploadedFile("a.png", picture()),
    }
    assert signed_in(getattr(staff, who)).post(address, files).status_code == 403
    assert not Asset.objects.exclude(pk=asset.pk).exists()


def test_a_text_that_was_refused_comes_back_clean(staff: Cast, asset: Asset) -> None:
    text = "<p>到店</p><svg><script>alert(1)</script></svg><noscript><img src=x onerror=alert(1)></noscript>"
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, None, content=text))
    shown = page.content.decode()
    assert "&lt;p&gt;到店&lt;/p&gt;" in shown
    assert "alert(1)" not in shown


def test_beyond_the_limit_articles_wait_for_a_second_person(
    staff: Cast, written: Callable[..., Draft]
) -> None:
    ApprovalLimit.objects.create(
        account=staff.ours, action="article_publication", role="owner", alone_up_to=1
    )
    draft = written("一", "二")
    signed_in(staff.owner).post(f"/admin/articles/draft/{draft.pk}/publish/", {"at": "", "revision": 1})
    draft.refresh_from_db()
    assert draft.work == ""
    approval = Approval.objects.get()
    signed_in(staff.superuser).post(f"/admin/approvals/approval/{approval.pk}/", {"agreed": "1"})
    draft.refresh_from_db()
    assert draft.work == "publish"
