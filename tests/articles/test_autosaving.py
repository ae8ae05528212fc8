"""Tests of autosaving articles while they are written."""

import datetime
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.articles.test_pages import ADD, filled
from tests.cast import Cast, signed_in
from tests.forms import posted
from wechat.articles.models import Article, Autosave, Draft
from wechat.kernel import work
from wechat.materials.models import Asset

pytestmark = pytest.mark.django_db


def address(account_id: int, draft: Draft | None = None, token: object = "") -> str:
    place = f"draft={draft.pk}" if draft else f"token={token}"
    return f"/admin/articles/draft/autosave/?account={account_id}&{place}"


def kept(who: User, at: str, text: str, version: int = 0, seen: int = 1, **fields: str) -> Any:
    articles = [{"id": "", "title": "题", "content": text, **fields}]
    sent = json.dumps({"version": version, "seen": seen, "articles": articles})
    return signed_in(who).post(at, {"articles": SimpleUploadedFile("articles.json", sent.encode())})


def test_a_text_is_kept_as_it_would_be_saved_and_offered_again(
    staff: Cast, written: Callable[..., Draft]
) -> None:
    at = address(staff.ours.pk, written())
    payload = kept(staff.editor, at, "<div>写到一半<video src=x></video></div>").json()
    assert payload["articles"][0]["html"] == "<p>写到一半</p>"
    assert payload["articles"][0]["dropped"]
    offered = signed_in(staff.owner).get(at).json()
    assert (offered["version"], offered["articles"][0]["content"]) == (1, "<p>写到一半</p>")
    assert offered["who"] == staff.editor.username


def test_a_window_does_not_undo_what_another_one_kept(staff: Cast, written: Callable[..., Draft]) -> None:
    at = address(staff.ours.pk, written())
    kept(staff.editor, at, "<p>甲</p>")
    refused = kept(staff.owner, at, "<p>乙</p>")
    assert refused.status_code == 409
    assert staff.editor.username in refused.json()["error"]
    assert Autosave.objects.get().articles[0]["content"] == "<p>甲</p>"
    assert kept(staff.owner, at, "<p>乙</p>", version=refused.json()["version"]).status_code == 200
    assert Autosave.objects.get().articles[0]["content"] == "<p>乙</p>"


def test_nothing_is_kept_over_what_was_saved_since(staff: Cast, written: Callable[..., Draft]) -> None:
    draft = written()
    Draft.objects.update(revision=2)
    refused = kept(staff.editor, address(staff.ours.pk, draft), "<p>旧</p>")
    assert (refused.status_code, refused.json()["version"]) == (409, None)
    assert not Autosave.objects.exists()


def test_the_page_of_a_new_article_is_offered_to_who_wrote_it_alone(staff: Cast, asset: Asset) -> None:
    token = uuid.uuid4()
    kept(staff.editor, address(staff.ours.pk, token=token), "<p>新</p>", seen=0)
    another_page = address(staff.ours.pk, token=uuid.uuid4())
    assert signed_in(staff.editor).get(another_page).json()["token"] == str(token)
    assert signed_in(staff.owner).get(another_page).json() == {}


def test_what_is_saved_is_kept_no_longer(staff: Cast, asset: Asset) -> None:
    token = str(uuid.uuid4())
    kept(staff.editor, address(staff.ours.pk, token=token), "<p>新</p>", seen=0)
    signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset) | {"page": token, "seen": "0"})
    assert Article.objects.get().content == "<p>到店有礼</p>"
    assert not Autosave.objects.exists()


def test_what_is_thrown_away_is_gone(staff: Cast, written: Callable[..., Draft]) -> None:
    at = address(staff.ours.pk, written())
    kept(staff.editor, at, "<p>甲</p>")
    signed_in(staff.editor).delete(at)
    assert signed_in(staff.editor).get(at).json() == {}


def test_a_page_that_is_older_than_what_was_saved_asks_before_it_overwrites(
    staff: Cast, written: Callable[..., Draft]
) -> None:
    draft, editor = written(), signed_in(staff.editor)
    path, mine = f"/admin/articles/draft/{draft.pk}/change/", {"articles-0-content": "<p>改</p>"}
    older = posted(editor.get(path), **mine)
    editor.post(path, posted(editor.get(path), **{"articles-0-content": "<p>先</p>"}))
    page = editor.post(path, older)
    assert "有人改动了：周末活动：“正文”（现为：先）" in page.content.decode()
    assert Article.objects.get().content == "<p>先</p>"
    assert 'name="seen" value="2"' in page.content.decode()
    editor.post(path, posted(page))
    assert Article.objects.get().content == "<p>改</p>"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"version": "x"}', b'{"articles": [1]}', b"\xff",
        b'{"version": 1e999, "seen": 0, "articles": []}', b"[" * 1100,
    ],
)  # fmt: skip
def test_what_no_page_sends_is_refused(staff: Cast, written: Callable[..., Draft], body: bytes) -> None:
    at = address(staff.ours.pk, written())
    answer = signed_in(staff.editor).post(at, {"articles": SimpleUploadedFile("articles.json", body)})
    assert answer.status_code == 409
    assert not Autosave.objects.exists()


def test_characters_that_postgres_does_not_hold_are_left_out(
    staff: Cast, written: Callable[..., Draft]
) -> None:
    kept(staff.editor, address(staff.ours.pk, written()), "<p>甲\0</p>", title="题\0\ud800\x0b")
    assert Autosave.objects.get().articles[0] == {
        "id": "", "title": "题", "author": "", "digest": "", "source_url": "", "content": "<p>甲</p>",
    }  # fmt: skip


def test_what_nobody_came_back_for_is_deleted(staff: Cast, written: Callable[..., Draft]) -> None:
    kept(staff.editor, address(staff.ours.pk, written()), "<p>甲</p>")
    Autosave.objects.update(saved_at=timezone.now() - datetime.timedelta(days=31))
    work.run("kernel.forget_old")
    assert not Autosave.objects.exists()


@pytest.mark.parametrize("who", ["outsider", "auditor"])
def test_who_may_not_write_here_reads_and_keeps_nothing(
    staff: Cast, written: Callable[..., Draft], who: str
) -> None:
    at = address(staff.ours.pk, written())
    assert signed_in(getattr(staff, who)).get(at).status_code == 403
    assert kept(getattr(staff, who), at, "<p>甲</p>").status_code == 403
