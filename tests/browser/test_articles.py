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
