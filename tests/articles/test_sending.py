import base64
import datetime
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from accounts.approvals.models import Approval, ApprovalLimit
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from tests.articles.conftest import picture
from tests.cast import Cast, message, signed_in
from tests.sdk.platform import Platform, Reply, answer, serving
from tests.simulated import Simulated
from wechat.articles import allowlist, pictures, reading, sending
from wechat.articles.models import Article, ArticlePicture, ArticleReading, Draft
from wechat.inbox import reacting
from wechat.kernel import work
from wechat.kernel.work import policy
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.sdk.calls import drafts

pytestmark = pytest.mark.django_db

Written = Callable[..., Draft]
State, Work = Draft.State, Draft.Work


def settle(draft: Draft, step: Draft.Work | None = None, **more: Any) -> Draft:
    """Asks for a send and lets the worker run until nothing is due, now or a little later."""
    if step is not None:
        sending.ask(draft, step, **more)
    for _again in range(4):
        work.run("articles.work_off")
        Draft.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    draft.refresh_from_db()
    return draft


def publish(staff: Cast, draft: Draft) -> None:
    """Presses the button as the owner, who looked at the page as it is now."""
    address, owner = f"/admin/articles/draft/{draft.pk}/publish/", signed_in(staff.owner)
    assert f'name="revision" value="{draft.revision}"' in owner.get(address).content.decode()
    owner.post(address, {"at": "", "revision": draft.revision})


def read(account: OfficialAccount) -> None:
    reading.ask(account)
    work.run("articles.read")


def fail(known: Simulated, api: str, **fault: Any) -> None:
    known.sim("/faults", {"api": api, "times": 1, **fault})


def test_a_draft_is_saved_with_its_cover_and_crops(account: OfficialAccount, written: Written) -> None:
    draft = settle(written(focus_x=0), Work.SAVE)
    assert (draft.state, draft.error) == (State.SAVED, "")
    (article,) = drafts.get(client_for(account), draft.media_id)
    assert article["title"] == "周末活动"
    assert article["pic_crop_1_1"] == "0.000000_0.000000_0.750000_1.000000"


def test_a_draft_that_did_not_change_is_not_sent_again(known: Simulated, written: Written) -> None:
    draft = settle(written(), Work.SAVE)
    fail(known, "/cgi-bin/draft/update", errcode=45166)
    assert settle(draft, Work.SAVE).error == ""


def test_what_was_changed_is_updated_in_place(account: OfficialAccount, written: Written) -> None:
    draft = settle(written("甲", "乙"), Work.SAVE)
    former = draft.media_id
    draft.articles.filter(title="乙").update(title="丙")
    Draft.objects.filter(pk=draft.pk).update(revision=draft.revision + 1)
    assert settle(draft, Work.SAVE).media_id == former
    assert [each["title"] for each in drafts.get(client_for(account), former)] == ["甲", "丙"]


def test_another_number_of_articles_replaces_the_draft(account: OfficialAccount, written: Written) -> None:
    draft = settle(written("甲", "乙"), Work.SAVE)
    draft.articles.filter(title="乙").delete()
    Draft.objects.filter(pk=draft.pk).update(revision=draft.revision + 1)
    settle(draft, Work.SAVE)
    assert [each.key for each in drafts.page(client_for(account), 0).listed] == [draft.media_id]


def test_pictures_in_the_text_get_addresses_that_wechat_shows(
    account: OfficialAccount, written: Written, asset: Asset
) -> None:
    draft = settle(written(content=f'<p><img src="{pictures.address(asset)}"></p>'), Work.SAVE)
    (article,) = drafts.get(client_for(account), draft.media_id)
    assert "/mmbiz/" in article["content"]


def test_a_moving_picture_is_named_and_not_made_a_still_one(
    account: OfficialAccount, written: Written
) -> None:
    frames, body = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")], io.BytesIO()
    frames[0].save(body, "GIF", save_all=True, append_images=frames[1:])
    moving = pictures.add_to_library(account, body.getvalue())
    draft = settle(written(content=f'<p><img src="{pictures.address(moving)}"></p>'), Work.SAVE)
    assert (draft.state, moving.name in draft.error) == (State.EDITED, True)


def shown(account: OfficialAccount, written: Written, body: bytes) -> Image.Image:
    """Returns a picture that is too large for articles, as WeChat has it after a draft with it is saved."""
    large = pictures.add_to_library(account, body + bytes(pictures.MOST_BYTES))
    settle(written(content=f'<p><img src="{pictures.address(large)}"></p>'), Work.SAVE)
    return Image.open(
        io.BytesIO(requests.get(ArticlePicture.objects.get(asset=large).url, timeout=60).content)
    )


def as_file(picture: Image.Image, form: str, **more: Any) -> bytes:
    body = io.BytesIO()
    picture.save(body, form, **more)
    return body.getvalue()


def test_what_shines_through_a_large_picture_is_the_white_of_the_page(
    account: OfficialAccount, written: Written
) -> None:
    glass = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    glass.paste((255, 0, 0, 255), (0, 0, 20, 40))
    sent = shown(account, written, as_file(glass, "PNG"))
    assert (sent.format, sent.getpixel((35, 20))) == ("JPEG", (255, 255, 255))


def test_a_large_photo_of_a_telephone_does_not_move(account: OfficialAccount, written: Written) -> None:
    photo = Image.new("RGB", (40, 40), "#4488aa")
    body = as_file(photo, "MPO", save_all=True, append_images=[photo.copy()])
    sent = shown(account, written, body)
    assert (sent.format, getattr(sent, "n_frames", 1)) == ("JPEG", 1)


def test_colours_of_a_printer_become_those_of_a_screen(account: OfficialAccount, written: Written) -> None:
    printed = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    sent = shown(account, written, as_file(printed, "JPEG", icc_profile=b"of a printer"))
    assert (sent.mode, "icc_profile" in sent.info) == ("RGB", False)


def test_a_pasted_picture_moves_to_the_library(account: OfficialAccount, known: Simulated) -> None:
    source = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    text = pictures.move_inline_pictures(account, f'<p><img src="{source}"></p>', ())
    assert text == f'<p><img src="{pictures.address(Asset.objects.get())}"></p>'


def test_a_pasted_picture_that_is_none_is_refused(account: OfficialAccount) -> None:
    source = f"data:image/png;base64,{base64.b64encode(b'no picture').decode()}"
    with pytest.raises(ValidationError):
        pictures.move_inline_pictures(account, f'<img src="{source}">', ())


def test_a_picture_of_another_site_is_fetched_into_the_library(
    known: Simulated, written: Written, settings: Any
) -> None:
    settings.DEBUG = True
    elsewhere = f"{known.base}/static/samples/tea.jpg"
    draft = settle(written(content=f'<p><img src="{elsewhere}"></p>'), Work.SAVE)
    assert draft.error == ""
    assert allowlist.LIBRARY.search(Article.objects.get().content)


def test_a_picture_that_cannot_be_fetched_is_named(written: Written) -> None:
    draft = settle(written(content='<p><img src="http://127.0.0.1:1/a.png"></p>'), Work.SAVE)
    assert draft.state == State.EDITED
    assert "http://127.0.0.1:1/a.png" in draft.error


def test_a_picture_in_a_format_that_wechat_does_not_take_is_named(written: Written, settings: Any) -> None:
    settings.DEBUG = True
    site = Platform()
    site.open_routes["/formula.svg"] = lambda request: Reply(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with serving(site) as base:
        draft = settle(written(content=f'<p><img src="{base}/formula.svg"></p>'), Work.SAVE)
    assert (draft.state, f"{base}/formula.svg" in draft.error) == (State.EDITED, True)


def test_a_picture_that_is_sent_on_to_nonsense_is_named(written: Written, settings: Any) -> None:
    settings.DEBUG = True
    site = Platform()
    site.open_routes["/a.png"] = lambda request: Reply(b"", status=302, headers={"Location": "http://["})
    with serving(site) as base:
        draft = settle(written(content=f'<p><img src="{base}/a.png"></p>'), Work.SAVE)
    assert (draft.state, f"{base}/a.png" in draft.error) == (State.EDITED, True)


def test_an_article_waits_for_its_cover(account: OfficialAccount, written: Written) -> None:
    late = Asset(account=account, name="新封面", content_type="image/png", size=1, due_at=timezone.now())
    late.file.save("late.png", ContentFile(picture()), save=False)
    late.save()
    draft = written(cover=late)
    sending.ask(draft, Work.SAVE)
    work.run("articles.work_off")
    draft.refresh_from_db()
    assert draft.work == Work.SAVE
    work.run("materials.upload")
    assert settle(draft).state == State.SAVED


def test_publishing_ends_with_an_address(written: Written) -> None:
    draft = settle(written(), Work.PUBLISH)
    assert draft.state == State.PUBLISHED
    assert draft.article_id
    assert draft.urls[0].startswith("http")


def test_a_draft_is_published_once_though_the_answer_is_lost(
    account: OfficialAccount, known: Simulated, written: Written
) -> None:
    fail(known, "/cgi-bin/freepublish/submit", drop_answer=True)
    assert settle(written("只发一次"), Work.PUBLISH).state == State.PUBLISHED
    assert len(list(drafts.every_published(client_for(account)))) == 1


def test_a_draft_is_published_though_the_first_call_never_arrived(
    account: OfficialAccount, known: Simulated, written: Written
) -> None:
    fail(known, "/cgi-bin/freepublish/submit", http_status=502)
    assert settle(written("再来一次"), Work.PUBLISH).state == State.PUBLISHED
    assert len(list(drafts.every_published(client_for(account)))) == 1


def test_a_worker_that_died_in_the_middle_is_followed_by_one_that_finds_out(
    account: OfficialAccount, written: Written
) -> None:
    draft = settle(written("中断"), Work.SAVE)
    drafts.submit(client_for(account), draft.media_id)
    Draft.objects.filter(pk=draft.pk).update(
        state=State.PUBLISHING, submitted_at=timezone.now(), work=Work.PUBLISH, due_at=timezone.now()
    )
    assert settle(draft).state == State.PUBLISHED
    assert len(list(drafts.every_published(client_for(account)))) == 1


def test_a_publication_that_was_refused_says_why_and_can_be_edited(
    account: OfficialAccount, known: Simulated, written: Written
) -> None:
    known.sim(f"/accounts/{account.appid}/publishing", {"outcome": 4})
    draft = settle(written(), Work.PUBLISH)
    assert (draft.state, draft.publish_status) == (State.REFUSED, 4)
    assert draft.may_be_edited
    known.sim(f"/accounts/{account.appid}/publishing", {"outcome": 0})
    assert settle(draft, Work.PUBLISH).state == State.PUBLISHED


def test_a_publication_that_takes_a_day_uses_up_no_calls_of_the_day(
    account: OfficialAccount, known: Simulated, written: Written
) -> None:
    """WeChat answers a hundred questions a day about publications."""
    known.sim(f"/accounts/{account.appid}/publishing", {"outcome": sending.RUNNING})
    draft, begun = written(), timezone.now()
    with time_machine.travel(begun, tick=False) as clock:
        sending.ask(draft, Work.PUBLISH)
        for _look in range(30):
            work.run("articles.work_off")
            draft.refresh_from_db()
            assert draft.due_at is not None
            clock.move_to(draft.due_at)
    assert (draft.state, draft.error) == (State.PUBLISHING, "")
    assert draft.due_at is not None
    assert draft.due_at > begun + datetime.timedelta(days=1)
    assert known.get("/calls")["counts"]["/cgi-bin/freepublish/get"] < 30


def test_the_days_calls_for_previews_are_no_others(known: Simulated, written: Written) -> None:
    known.sim("/faults", {"api": "/cgi-bin/message/mass/preview", "errcode": 45009})
    shown = settle(written(), Work.PREVIEW, preview_to="colleague")
    assert (shown.work, shown.errcode) == (Work.PREVIEW, 45009)
    assert settle(written("另一篇"), Work.PUBLISH).state == State.PUBLISHED


def test_a_reading_longer_than_the_calls_of_a_day_goes_on_where_it_stopped(
    account: OfficialAccount, known: Simulated
) -> None:
    state = known.get("/state")
    state["accounts"][account.appid]["newsroom"]["publications"] = {
        str(number): {
            "publish_id": str(number), "msg_data_id": str(number), "article_id": f"ARTICLE{number}",
            "articles": [{"title": f"第 {number} 篇", "content": "<p>好</p>"}], "updated_at": number,
            "status": 0,
        }
        for number in range(1, 46)
    }  # fmt: skip
    known.put("/state", state)
    quota = {"api": "/cgi-bin/freepublish/batchget", "daily_limit": 2}
    known.sim(f"/accounts/{account.appid}/quota", quota)
    read(account)
    assert Draft.objects.count() == 40
    known.sim("/clock", {"advance": 86_400})
    with time_machine.travel(policy.next_quota_day(timezone.now()) + datetime.timedelta(minutes=1)):
        work.run("articles.read")
    row = ArticleReading.objects.get()
    assert (Draft.objects.count(), row.found, row.due_at) == (45, 45, None)
    assert row.read_at is not None


def test_a_draft_with_odd_values_is_read_as_far_as_it_can_be(account: OfficialAccount, settings: Any) -> None:
    site = Platform()
    odd = {
        "title": "周末\ud83d\0", "author": None, "digest": 7, "content": "<p>好\ud83d\x0b</p>",
        "thumb_media_id": None, "article_type": "newspic", "need_open_comment": "0",
        "image_info": {"image_list": [None, {"image_media_id": None}, {"image_media_id": "P" * 300}]},
    }  # fmt: skip
    item = {"media_id": "M", "update_time": "1772330000", "content": {"news_item": [odd, None]}}
    body = json.dumps({"total_count": 1, "item": [item]}).encode()
    site.open_routes = {
        "/cgi-bin/stable_token": lambda request: answer(access_token="token", expires_in=7200),
        "/cgi-bin/draft/batchget": lambda request: Reply(body),
        "/cgi-bin/freepublish/batchget": lambda request: answer(total_count=0, item=None),
    }
    with serving(site) as settings.WECHAT_API_BASE:
        read(account)
        work.run("articles.read")
    kept = Article.objects.get()
    assert (kept.title, kept.author, kept.digest, kept.content) == ("周末", "", "7", "<p>好</p>")
    assert (kept.platform_cover, kept.platform_pictures, kept.comments) == ("", ["P" * 300], False)


def test_the_platforms_word_is_acted_on_at_once(account: OfficialAccount, written: Written) -> None:
    draft = settle(written(), Work.SAVE)
    later = timezone.now() + datetime.timedelta(hours=1)
    Draft.objects.filter(pk=draft.pk).update(
        state=State.PUBLISHING,
        submitted_at=timezone.now(),
        publish_id="77",
        work=Work.FOLLOW,
        due_at=later,
    )
    body = (
        "<xml><ToUserName>gh_0</ToUserName><FromUserName>oHelper</FromUserName><CreateTime>1764000000</CreateTime>"
        "<MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>77</publish_id>"
        "<publish_status>0</publish_status></PublishEventInfo></xml>"
    )
    row = message(account, kind="event", event="publishjobfinish", body=body, handled_at=None)
    reacting.react_to([row])
    draft.refresh_from_db()
    assert draft.due_at is not None
    assert draft.due_at < later


def test_a_planned_publication_waits_and_can_be_taken_back(written: Written) -> None:
    draft = written()
    sending.ask(draft, Work.PUBLISH, at=timezone.now() + datetime.timedelta(hours=2))
    work.run("articles.work_off")
    sending.cancel_publication(draft)
    draft.refresh_from_db()
    assert (draft.state, draft.work) == (State.EDITED, Work.NONE)


def test_a_plan_is_not_replaced_by_what_was_asked_for_at_the_same_time(written: Written) -> None:
    draft = written()
    assert sending.ask(draft, Work.PUBLISH, at=timezone.now() + datetime.timedelta(hours=2))
    assert not sending.ask(draft, Work.SAVE)
    draft.refresh_from_db()
    assert draft.work == Work.PUBLISH


def test_a_plan_that_is_taken_back_while_a_worker_saves_the_draft_is_not_carried_out(
    staff: Cast, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, owner, add = written(), signed_in(staff.owner), drafts.add
    pages: list[str] = []

    def add_slowly(*asked: Any) -> str:
        page: Any = owner.post(f"/admin/articles/draft/{draft.pk}/forget/", follow=True)
        pages.append(page.content.decode())
        return add(*asked)

    monkeypatch.setattr(drafts, "add", add_slowly)
    draft = settle(draft, Work.PUBLISH)
    assert "已取消定时发布" in pages[0]
    assert (draft.state, draft.work, draft.may_be_edited) == (State.SAVED, Work.NONE, True)
    client = client_for(draft.account)
    assert [each.key for each in drafts.page(client, 0).listed] == [draft.media_id]
    assert list(drafts.every_published(client)) == []


def test_what_is_being_published_is_no_plan_any_more(staff: Cast, written: Written) -> None:
    draft = written()
    Draft.objects.filter(pk=draft.pk).update(
        state=State.PUBLISHING, submitted_at=timezone.now(), work=Work.PUBLISH, due_at=timezone.now()
    )
    page: Any = signed_in(staff.owner).post(f"/admin/articles/draft/{draft.pk}/forget/", follow=True)
    assert "状态已变化" in page.content.decode()
    assert "已取消定时发布" not in page.content.decode()


def gone(draft: Draft) -> Draft:
    """Deletes the draft as WeChat's own page does."""
    drafts.delete(client_for(draft.account), draft.media_id)
    return draft


def test_what_was_changed_is_saved_anew_once_the_draft_is_gone_at_wechat(written: Written) -> None:
    draft = gone(settle(written(), Work.SAVE))
    Draft.objects.filter(pk=draft.pk).update(revision=draft.revision + 1)
    draft = settle(draft, Work.SAVE)
    assert (draft.error, draft.is_changed) == ("", False)
    assert [each.key for each in drafts.page(client_for(draft.account), 0).listed] == [draft.media_id]


def test_a_picture_that_wechat_does_not_know_is_no_reason_to_save_a_second_draft(
    known: Simulated, written: Written
) -> None:
    draft = settle(written(), Work.SAVE)
    Draft.objects.filter(pk=draft.pk).update(revision=draft.revision + 1)
    fail(known, "/cgi-bin/draft/update", errcode=40007)
    draft = settle(draft, Work.SAVE)
    assert (draft.errcode, len(drafts.page(client_for(draft.account), 0).listed)) == (40007, 1)


@pytest.mark.parametrize("step", [Work.PREVIEW, Work.PUBLISH])
def test_a_draft_that_is_gone_at_wechat_says_so_and_can_be_saved_again(
    staff: Cast, written: Written, step: Draft.Work
) -> None:
    draft = settle(gone(settle(written(), Work.SAVE)), step, preview_to="linxiao")
    assert (draft.state, draft.media_id) == (State.EDITED, "")
    page = signed_in(staff.owner).get(f"/admin/articles/draft/{draft.pk}/change/").content.decode()
    assert "请重新保存" in page
    assert list(drafts.every_published(client_for(draft.account))) == []
    assert settle(draft, Work.PUBLISH).state == State.PUBLISHED


def test_what_was_published_is_taken_back(account: OfficialAccount, written: Written) -> None:
    draft = settle(written(), Work.PUBLISH)
    assert settle(draft, Work.WITHDRAW).state == State.WITHDRAWN
    assert list(drafts.every_published(client_for(account))) == []


def test_a_refused_text_stays_here_with_the_platforms_word(known: Simulated, written: Written) -> None:
    fail(known, "/cgi-bin/draft/add", errcode=45166)
    draft = settle(written(), Work.SAVE)
    assert (draft.state, draft.errcode) == (State.EDITED, 45166)


def test_a_picture_message_is_sent_in_the_order_of_its_pictures(
    account: OfficialAccount, written: Written, asset: Asset
) -> None:
    draft = settle(written(kind="newspic", cover=None, pictures=[asset.pk]), Work.SAVE)
    (article,) = drafts.get(client_for(account), draft.media_id)
    assert article["image_info"]["image_list"] == [{"image_media_id": asset.media_id}]


def test_drafts_made_at_wechat_are_read_and_ours_are_not_overwritten(
    account: OfficialAccount, written: Written, asset: Asset
) -> None:
    ours = settle(written("我们的"), Work.SAVE)
    client = client_for(account)
    drafts.add(client, [{"title": "那边写的", "content": "<p>好</p>", "thumb_media_id": asset.media_id}])
    Draft.objects.filter(pk=ours.pk).update(revision=ours.revision + 1, platform_time=1)
    read(account)
    assert {str(draft) for draft in Draft.objects.all()} == {"我们的", "那边写的"}
    ours.refresh_from_db()
    assert ours.changed_there
    read(account)
    assert Draft.objects.count() == 2


def test_an_approval_of_what_was_edited_at_wechat_since_is_void(
    staff: Cast, asset: Asset, written: Written
) -> None:
    ApprovalLimit.objects.create(
        account=staff.ours, action="article_publication", role="owner", alone_up_to=0
    )
    draft = settle(written("说好的"), Work.SAVE)
    publish(staff, draft)
    other = {"title": "改过的", "content": "<p>好</p>", "thumb_media_id": asset.media_id}
    drafts.update(client_for(draft.account), draft.media_id, 0, other)
    Draft.objects.filter(pk=draft.pk).update(platform_time=1)
    read(draft.account)
    draft.refresh_from_db()
    assert (str(draft), draft.is_changed) == ("改过的", False)
    approval = Approval.objects.get()
    signed_in(staff.superuser).post(f"/admin/approvals/approval/{approval.pk}/", {"agreed": "1"})
    draft.refresh_from_db()
    assert draft.work == Work.NONE


def test_an_article_that_was_read_before_its_publication_was_known_is_there_once(
    account: OfficialAccount, written: Written
) -> None:
    draft = written()
    sending.ask(draft, Work.PUBLISH)
    work.run("articles.work_off")
    read(account)
    assert Draft.objects.count() == 2
    assert settle(draft).state == State.PUBLISHED
    read(account)
    assert Draft.objects.get() == draft


@pytest.mark.parametrize("is_ours", [True, False])
def test_an_older_article_of_the_same_title_is_not_taken_for_the_one_whose_answer_was_lost(
    account: OfficialAccount, written: Written, asset: Asset, is_ours: bool
) -> None:
    client, now = client_for(account), timezone.now()
    if is_ours:
        settle(written("周报"), Work.PUBLISH)
    else:
        article = {"title": "周报", "content": "<p>好</p>", "thumb_media_id": asset.media_id}
        drafts.submit(client, drafts.add(client, [article]))
    draft = settle(written("周报"), Work.SAVE)
    submitted = now if is_ours else now + datetime.timedelta(hours=1)
    Draft.objects.filter(pk=draft.pk).update(
        state=State.PUBLISHING, submitted_at=submitted, work=Work.PUBLISH, due_at=now
    )
    # It has left the box and is listed nowhere yet.
    gone(draft)
    assert settle(draft).state == State.PUBLISHING
    with time_machine.travel(now + datetime.timedelta(hours=26)):
        draft = settle(draft)
    assert (draft.state, draft.media_id, draft.may_be_edited) == (State.EDITED, "", True)


def test_what_a_killed_worker_was_reading_is_read_within_seconds(
    account: OfficialAccount, asset: Asset
) -> None:
    client = client_for(account)
    drafts.add(client, [{"title": "那边写的", "content": "<p>好</p>", "thumb_media_id": asset.media_id}])
    reading.ask(account)
    # Nobody hears of that worker again.
    assert reading.READINGS.claim()
    assert work.run("articles.read") == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=16)):
        assert work.run("articles.read") == 2, "drafts, and then publications"
    assert str(Draft.objects.get()) == "那边写的"


def test_a_draft_read_from_wechat_can_be_published(account: OfficialAccount, asset: Asset) -> None:
    client = client_for(account)
    drafts.add(client, [{"title": "那边写的", "content": "<p>好</p>", "thumb_media_id": asset.media_id}])
    read(account)
    assert settle(Draft.objects.get(), Work.PUBLISH).state == State.PUBLISHED


def test_a_file_in_an_article_is_in_use(written: Written, asset: Asset) -> None:
    written("用了封面")
    assert any("用了封面" in place for place in usage.uses(asset))
