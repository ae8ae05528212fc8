from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.cast import Cast, signed_in
from wechat.articles.models import Article, Draft
from wechat.materials.models import Asset

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


def test_a_file_in_another_encoding_is_refused(staff: Cast, asset: Asset) -> None:
    file = SimpleUploadedFile("news.html", "标题".encode("gbk"))
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    assert "UTF-8" in page.content.decode()


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
    owner.post(f"{address}/publish/", {"at": ""})
    draft.refresh_from_db()
    assert draft.work == Draft.Work.PUBLISH


def test_what_is_being_published_cannot_be_edited(staff: Cast, written: Callable[..., Draft]) -> None:
    draft = written()
    Draft.objects.filter(pk=draft.pk).update(work="publish", due_at=timezone.now())
    page = signed_in(staff.owner).get(f"/admin/articles/draft/{draft.pk}/change/").content.decode()
    assert 'name="_save"' not in page


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


@pytest.mark.parametrize("deed", ["save", "preview", "publish", "forget", "withdraw"])
def test_an_outsider_finds_nothing(staff: Cast, written: Callable[..., Draft], deed: str) -> None:
    client: Client = signed_in(staff.outsider)
    assert client.post(f"/admin/articles/draft/{written().pk}/{deed}/").status_code == 404
