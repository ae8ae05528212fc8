from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.articles.conftest import picture
from tests.cast import Cast
from wechat.articles.models import Article
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


def test_an_article_is_written_in_the_editor(sign_in: SignIn, staff: Cast, cover: Asset) -> None:
    page = sign_in(staff.editor)
    page.goto("/admin/articles/draft/add/")
    page.get_by_label("标题").first.fill("周末活动")
    text = page.get_by_role("textbox", name="正文")
    text.click()
    page.keyboard.type("到店有礼")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="加粗").click()
    page.get_by_role("button", name="插入图片").click()
    page.get_by_role("dialog").get_by_role("option", name="封面图").click()
    page.get_by_role("button", name="选择文件…").first.click()
    page.get_by_role("dialog").get_by_role("option", name="封面图").click()
    expect(page.get_by_alt_text("封面预览")).to_have_count(2)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("周末活动").first).to_be_visible()
    article = Article.objects.get()
    assert "到店有礼" in article.content or f"asset/{cover.pk}/file/" in article.content
    assert article.cover == cover


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


def test_a_page_pasted_from_word_is_clean_at_once(sign_in: SignIn, staff: Cast, cover: Asset) -> None:
    page = sign_in(staff.editor)
    page.goto("/admin/articles/draft/add/")
    text = page.get_by_role("textbox", name="正文")
    text.click()
    page.evaluate(
        """html => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/html", html);
            const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(paste);
        }""",
        WORD,
    )
    expect(text).to_contain_text("第二段")
    shown = text.inner_html()
    assert "到店有礼" in shown
    assert not any(each in shown for each in ("Mso", "mso-", "o:p", "<!--", "script", "onclick"))
    assert "text-align: center" in shown


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
