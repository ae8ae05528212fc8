import base64
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from tests.articles.conftest import picture
from tests.cast import Cast
from wechat.articles.models import Article, Autosave, Draft
from wechat.materials.models import Asset

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]


@pytest.fixture
def cover(staff: Cast, settings: Settings, tmp_path: object) -> Asset:
    settings.MEDIA_ROOT = tmp_path
    asset = Asset(account=staff.ours, name="封面图", content_type="image/png", size=1, due_at=timezone.now())
    asset.file.save("cover.png", ContentFile(picture()), save=False)
    asset.save()
    return asset


@pytest.fixture
def writing(sign_in: SignIn, staff: Cast, cover: Asset) -> Page:
    """The page of a new article whose editor is ready."""
    page = sign_in(staff.editor)
    page.goto("/admin/articles/draft/add/")
    expect(page.locator(".tox-edit-area__iframe")).to_be_visible()
    text_of(page).click()
    return page


def text_of(page: Page) -> Locator:
    """Returns what is written into."""
    return page.frame_locator(".tox-edit-area__iframe").locator("body")


def phone_of(page: Page) -> Locator:
    return page.frame_locator("iframe[title=手机预览]").locator("body")


def saved(page: Page, cover: Asset) -> str:
    """Returns the text as it is kept once the form is filled in and sent."""
    page.get_by_label("标题").first.fill("周末活动")
    page.get_by_role("button", name="选择文件…").first.click()
    page.get_by_role("dialog").get_by_role("option", name="封面图").click()
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_url("**/admin/articles/draft/")
    return Article.objects.get().content


def written(page: Page, *lines: str) -> None:
    for number, line in enumerate(lines):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.type(line)


def test_typed_paragraphs_stay_paragraphs(writing: Page, cover: Asset) -> None:
    written(writing, "第一段", "第二段", "", "第四段")
    content = saved(writing, cover)
    assert content.count("<p>") == 4
    assert content.startswith("<p>第一段</p><p>第二段</p><p>")
    assert Article.objects.get().cover == cover


def test_what_is_marked_becomes_bold_and_nothing_else(writing: Page, cover: Asset) -> None:
    written(writing, "到店有礼", "周末见")
    writing.keyboard.press("Shift+Home")
    writing.get_by_role("button", name="粗体").click()
    assert saved(writing, cover) == "<p>到店有礼</p><p><strong>周末见</strong></p>"


def test_a_heading_goes_to_the_line_with_the_caret(writing: Page, cover: Asset) -> None:
    written(writing, "一", "二", "三")
    writing.keyboard.press("ArrowUp")
    writing.get_by_role("button", name="段落样式").click()
    writing.get_by_text("二级标题").click()
    assert saved(writing, cover) == "<p>一</p><h2>二</h2><p>三</p>"


def test_size_colour_alignment_quote_divider_and_undo_are_there(writing: Page, cover: Asset) -> None:
    written(writing, "大字")
    writing.keyboard.press("Shift+Home")
    writing.get_by_role("button", name="字号").click()
    writing.get_by_text("24px").click()
    writing.get_by_role("button", name="居中对齐").click()
    writing.keyboard.press("End")
    written(writing, "", "引文")
    writing.get_by_role("button", name="引文区块").click()
    writing.get_by_role("button", name="水平分割线").click()
    writing.get_by_role("button", name="撤销").click()
    expect(text_of(writing).locator("hr")).to_have_count(0)
    writing.get_by_role("button", name="重做").click()
    expect(text_of(writing).locator("hr")).to_have_count(1)
    content = saved(writing, cover)
    assert "font-size:24px" in content
    assert "text-align:center" in content
    assert "<blockquote>" in content
    assert "<hr>" in content


def test_a_picture_of_the_library_stands_where_the_caret_was(writing: Page, cover: Asset) -> None:
    written(writing, "前后")
    writing.keyboard.press("ArrowLeft")
    writing.get_by_role("button", name="插入图片").click()
    writing.get_by_role("dialog").get_by_role("option", name="封面图").click()
    expect(text_of(writing).locator("img")).to_have_count(1)
    assert saved(writing, cover) == (f'<p>前<img src="/admin/materials/asset/{cover.pk}/file/" alt="">后</p>')


def test_the_text_is_formatted_and_left_with_the_keyboard_alone(writing: Page, cover: Asset) -> None:
    keys, way_out = writing.keyboard, writing.get_by_text("Alt+F10 到工具栏，Esc 离开正文")
    expect(way_out).to_be_visible()
    expect(text_of(writing)).to_have_attribute("aria-label", "正文。键盘操作：Alt+F10 到工具栏，Esc 离开正文")
    written(writing, "题目")
    keys.press("Alt+Shift+2")
    written(writing, "", "正文", "")
    keys.press("Alt+F10")
    for _group in ("段落样式", "粗体", "左对齐"):
        keys.press("Tab")
    expect(writing.get_by_role("button", name="左对齐")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    written(writing, "甲", "")
    keys.press("Tab")
    keys.type("乙")
    # In a list and in a table Tab stays in the text.
    keys.press("Escape")
    expect(way_out).to_be_focused()
    keys.press("Shift+Tab")
    keys.press("Control+End")
    keys.press("Control+Shift+F")
    expect(writing.locator(".tox-fullscreen").first).to_be_visible()
    writing.evaluate("tinymce.activeEditor.notificationManager.open({ text: '提示', type: 'warning' })")
    keys.press("Escape")
    expect(writing.get_by_text("提示", exact=True)).to_have_count(0)
    keys.press("Escape")
    expect(writing.locator(".tox-fullscreen")).to_have_count(0)
    keys.press("Escape")
    expect(way_out).to_be_focused()
    assert saved(writing, cover) == "<h2>题目</h2><p>正文</p><ul><li>甲<ul><li>乙</li></ul></li></ul>"


def test_a_link_to_another_site_is_said_to_go_and_one_to_a_published_article_stays(
    writing: Page, cover: Asset, staff: Cast
) -> None:
    address = "https://mp.weixin.qq.com/s/abc"
    published = Draft.objects.create(
        account=staff.ours, state=Draft.State.PUBLISHED, article_id="a", urls=[address]
    )
    Article.objects.create(draft=published, title="上周的文章")
    written(writing, "看看")
    for href, is_reported in (("https://example.com/", True), (address, False)):
        writing.keyboard.press("Shift+Home")
        writing.get_by_role("button", name="插入/编辑链接").click()
        window = writing.get_by_role("dialog")
        if is_reported:
            window.get_by_label("地址").fill(href)
        else:
            window.get_by_role("button", name="链接清单").click()
            writing.get_by_text("上周的文章").click()
        with writing.expect_response("**/draft/clean/*"):
            window.get_by_role("button", name="保存").click()
        if is_reported:
            expect(writing.get_by_role("alert").get_by_text("example.com")).to_be_visible()
            writing.get_by_role("alert").get_by_role("button").click()
    expect(writing.get_by_role("alert").get_by_text("example.com")).to_have_count(0)
    writing.get_by_label("标题").first.fill("周末活动")
    published.delete()
    assert saved(writing, cover) == f'<p><a href="{address}">看看</a></p>'


def test_a_phone_shows_the_text_while_it_is_written(writing: Page) -> None:
    written(writing, "到店有礼")
    writing.get_by_label("标题").first.fill("周末活动")
    expect(phone_of(writing)).to_contain_text("到店有礼")
    expect(phone_of(writing)).to_contain_text("周末活动")


KEPT_HERE = "Object.keys(localStorage).some((key) => key.startsWith('article-text:'))"


def test_a_text_that_was_not_saved_is_offered_again(writing: Page, cover: Asset) -> None:
    written(writing, "差点丢了")
    writing.wait_for_function(f"() => {KEPT_HERE}")
    writing.goto("/admin/articles/draft/add/")
    writing.get_by_role("button", name="恢复").click()
    expect(text_of(writing)).to_have_text("差点丢了")
    assert saved(writing, cover) == "<p>差点丢了</p>"
    writing.wait_for_function(f"() => !{KEPT_HERE}")


def test_what_is_written_is_kept_on_the_server_and_comes_back_after_a_crash(
    writing: Page, cover: Asset
) -> None:
    writing.get_by_label("标题").first.fill("周末活动")
    text_of(writing).click()
    written(writing, "写到一半")
    expect(writing.get_by_text("已自动保存").first).to_be_visible()
    # Another computer, where this browser kept nothing.
    writing.evaluate("localStorage.clear()")
    writing.goto("/admin/articles/draft/add/")
    expect(writing.get_by_role("alert")).to_contain_text("《周末活动》")
    writing.get_by_role("button", name="恢复").click()
    expect(text_of(writing)).to_have_text("写到一半")
    expect(writing.get_by_label("标题").first).to_have_value("周末活动")
    assert saved(writing, cover) == "<p>写到一半</p>"
    assert not Autosave.objects.exists()


def test_the_phone_shows_the_text_as_it_will_be_sent(writing: Page) -> None:
    text_of(writing).evaluate(
        "(body, html) => { body.innerHTML = html }",
        '<p style="position:fixed">到店<a href="https://example.com/">看看</a></p>',
    )
    text_of(writing).click()
    writing.keyboard.press("Control+End")
    writing.keyboard.type("。")
    expect(writing.get_by_text("已自动保存").first).to_be_visible()
    expect(phone_of(writing)).to_contain_text("到店看看。")
    expect(phone_of(writing).locator("a[href]")).to_have_count(0)
    expect(writing.locator(".editor-dropped")).to_contain_text("example.com")


def test_two_windows_on_one_article_are_told_of_each_other(writing: Page, staff: Cast) -> None:
    draft = Draft.objects.create(account=staff.ours)
    Article.objects.create(draft=draft, title="周末活动", content="<p>原文</p>")
    first, second = writing, writing.context.new_page()
    for page in (first, second):
        page.goto(f"/admin/articles/draft/{draft.pk}/change/")
        expect(text_of(page)).to_have_text("原文")
    for page, line in ((first, "甲"), (second, "乙")):
        text_of(page).click()
        page.keyboard.press("Control+End")
        page.keyboard.type(line)
        if page is first:
            expect(page.get_by_text("已自动保存").first).to_be_visible()
    expect(second.get_by_role("alert")).to_contain_text("也在另一个窗口里编辑")
    second.get_by_role("button", name="保留这里的内容").click()
    expect(second.get_by_text("已自动保存").first).to_be_visible()
    assert Autosave.objects.get().articles[0]["content"] == "<p>原文乙</p>"


def test_without_the_server_the_text_stays_in_the_browser_and_is_kept_later(writing: Page) -> None:
    writing.route("**/draft/autosave/*", lambda route: route.abort())
    written(writing, "断网")
    expect(writing.get_by_text("没有网络").first).to_be_visible()
    assert writing.evaluate(KEPT_HERE)
    writing.unroute("**/draft/autosave/*")
    expect(writing.get_by_text("已自动保存").first).to_be_visible()


def test_an_article_that_is_moved_keeps_its_text_and_can_be_written_on(writing: Page, cover: Asset) -> None:
    written(writing, "第一篇")
    # As dragging the article to another place in the list does.
    writing.locator(".article-editor").evaluate("(editor) => editor.parentElement.append(editor)")
    expect(text_of(writing)).to_have_text("第一篇")
    text_of(writing).click()
    writing.keyboard.press("Control+End")
    writing.keyboard.type("写完")
    assert saved(writing, cover) == "<p>第一篇写完</p>"


def test_every_article_of_a_draft_has_an_editor_of_its_own(writing: Page) -> None:
    writing.get_by_text("再添加一个图文").click()
    expect(writing.locator(".tox-edit-area__iframe")).to_have_count(2)
    expect(writing.locator("iframe[title=手机预览]")).to_have_count(2)


PASTE = """(body, data) => {
    const clipboardData = new DataTransfer();
    for (const [type, text] of Object.entries(data)) clipboardData.setData(type, text);
    body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_plain_text_is_pasted_line_by_line(writing: Page, cover: Asset) -> None:
    text_of(writing).evaluate(PASTE, {"text/plain": "甲\n乙\n\n丙"})
    expect(text_of(writing)).to_contain_text("丙")
    assert saved(writing, cover) == "<p>甲<br>乙</p><p>丙</p>"


def test_a_box_of_a_layout_tool_is_pasted_with_its_look_and_the_rest_is_said(
    writing: Page, cover: Asset
) -> None:
    box = (
        '<section style="position:absolute;background:#f5f5f5;border:1px solid red;box-shadow:0 0 3px red">盒'
        '</section><svg viewBox="0 0 9 9"><foreignObject><section>画</section></foreignObject></svg>'
    )
    text_of(writing).evaluate(PASTE, {"text/html": box})
    expect(writing.get_by_role("alert").get_by_text("position")).to_be_visible()
    content = saved(writing, cover)
    assert 'style="background:#f5f5f5;border:1px solid red;box-shadow:0 0 3px red"' in content
    assert "<foreignObject><section>画</section></foreignObject>" in content


def test_a_pasted_picture_goes_to_the_library_whatever_its_format(
    writing: Page, cover: Asset, staff: Cast
) -> None:
    text_of(writing).evaluate(
        """(body, source) => {
            const clipboardData = new DataTransfer();
            const bytes = Uint8Array.from(atob(source), (character) => character.charCodeAt(0));
            clipboardData.items.add(new File([bytes], "图.webp", { type: "image/webp" }));
            const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            body.dispatchEvent(paste);
        }""",
        base64.b64encode(picture(form="WEBP")).decode(),
    )
    expect(text_of(writing).locator("img[src^='/admin/']")).to_have_count(1)
    kept = Asset.objects.exclude(pk=cover.pk).get()
    assert (kept.account, kept.content_type) == (staff.ours, "image/jpeg")
    assert f"asset/{kept.pk}/file/" in saved(writing, cover)


@pytest.mark.parametrize("form", ["BMP", "PNG"])
def test_a_dropped_picture_goes_to_the_library(writing: Page, cover: Asset, staff: Cast, form: str) -> None:
    text_of(writing).evaluate(
        """(body, [source, type]) => {
            const dataTransfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(source), (character) => character.charCodeAt(0));
            dataTransfer.items.add(new File([bytes], "图", { type }));
            const at = { bubbles: true, cancelable: true, clientX: 20, clientY: 20, dataTransfer };
            for (const name of ["dragenter", "dragover", "drop"]) body.dispatchEvent(new DragEvent(name, at));
        }""",
        [base64.b64encode(picture(form=form)).decode(), f"image/{form.lower()}"],
    )
    expect(text_of(writing).locator("img[src^='/admin/']")).to_have_count(1)
    kept = Asset.objects.exclude(pk=cover.pk).get()
    assert (kept.account, kept.content_type) == (staff.ours, "image/png")
    assert f"asset/{kept.pk}/file/" in saved(writing, cover)


def test_on_a_phone_a_list_names_no_box_that_its_reader_has_not(
    sign_in: SignIn, staff: Cast, cover: Asset
) -> None:
    page = sign_in(staff.auditor)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/admin/materials/asset/")
    expect(page.locator("#result_list td").first).to_have_attribute("data-label", "")
    expect(page.locator("#result_list [data-label='名称']")).to_contain_text("封面图")


def test_the_pictures_of_a_picture_message_are_chosen_in_order(
    sign_in: SignIn, staff: Cast, cover: Asset
) -> None:
    page = sign_in(staff.editor)
    page.goto("/admin/articles/draft/add/")
    page.locator("select[name='articles-0-kind']").select_option("newspic")
    page.get_by_label("标题").first.fill("新品九宫格")
    page.get_by_role("button", name="封面图").click()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("新品九宫格").first).to_be_visible()
    assert Article.objects.get().pictures == [cover.pk]


WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style></head>
<body><!--StartFragment--><p class=MsoNormal style="mso-pagination:widow-orphan;text-align:center"><b>到店有礼</b><o:p></o:p></p>
<p class=MsoNormal onclick="alert(1)">第二段</p><script>alert(1)</script><!--EndFragment--></body></html>"""  # noqa: E501


def test_a_page_pasted_from_word_is_clean_at_once(writing: Page, faults: list[str]) -> None:
    text_of(writing).evaluate(PASTE, {"text/html": WORD})
    expect(text_of(writing)).to_contain_text("第二段")
    shown = text_of(writing).inner_html()
    assert "到店有礼" in shown
    assert not any(each in shown for each in ("Mso", "mso-", "o:p", "<!--", "script", "onclick"))
    assert "text-align: center" in shown
    # What was pasted is not run either while it is being read.
    assert all("inline event handler" in each for each in faults)
    faults.clear()


def test_a_picture_is_found_and_picked_with_the_keyboard_alone(
    sign_in: SignIn, staff: Cast, cover: Asset
) -> None:
    other = Asset.objects.create(
        account=staff.ours, name="海报", content_type="image/png", size=1, file=cover.file.name,
        due_at=timezone.now(),
    )  # fmt: skip
    page = sign_in(staff.editor)
    page.goto("/admin/articles/draft/add/")
    page.get_by_role("button", name="选择文件…").first.press("Enter")
    window = page.get_by_role("dialog")
    expect(window.get_by_role("option")).to_have_count(2)
    page.keyboard.type("封面")
    expect(window.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(window).to_have_count(0)
    expect(page.locator(".pick-now").first).to_have_text("封面图")
    assert page.locator("select[name='articles-0-cover']").input_value() == str(cover.pk)
    page.get_by_role("button", name="移除文件").first.click()
    assert page.locator("select[name='articles-0-cover']").input_value() == ""
    assert other.name not in page.locator(".pick-now").first.inner_text()


def test_a_file_is_uploaded_where_it_is_picked(sign_in: SignIn, staff: Cast, cover: Asset) -> None:
    page = sign_in(staff.editor)
    page.goto("/admin/articles/draft/add/")
    page.get_by_role("button", name="选择文件…").first.click()
    upload = page.get_by_role("dialog").locator("input[type=file]")
    large = b"\x89PNG\r\n\x1a\n" + bytes(11 * 1024 * 1024)
    upload.set_input_files({"name": "大图.png", "mimeType": "image/png", "buffer": large})
    expect(page.get_by_role("alert")).to_contain_text("10.0 MB")
    upload.set_input_files({"name": "伪装.png", "mimeType": "image/png", "buffer": b"<html>"})
    expect(page.get_by_role("alert")).to_contain_text("PNG")
    upload.set_input_files({"name": "新图.png", "mimeType": "image/png", "buffer": picture()})
    expect(page.locator(".pick-now").first).to_have_text("新图")
    assert Asset.objects.filter(name="新图", account=staff.ours).exists()
