"""Articles in mass sends: they leave the draft box, go out once, and can be deleted."""

import pytest
from django.utils import timezone

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from tests.campaigns.mass_cast import SENDALL, Writer, a_minute_later, followers, received, run_due, settle
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.articles.models import Article, Draft
from wechat.campaigns.mass import planning, reports
from wechat.campaigns.models import MassSend
from wechat.kernel import work
from wechat.sdk.calls import drafts, mass
from wechat.sdk.errors import ApiError
from wechat.sdk.messages import ArticleCheck, ArticleUrl, MassSendFinished

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(account: OfficialAccount, known: Simulated, written: Writer) -> MassSend:
    """Makes a send of an article that is in WeChat's drafts, for everybody."""
    followers(account, known, 2)
    state = known.get("/state")
    article = {"title": "周末活动", "content": "<p>到店有礼</p>"}
    kept = {"media_id": "DRAFT", "articles": [article], "updated_at": 1}
    state["accounts"][account.appid]["newsroom"]["drafts"] = {"DRAFT": kept}
    known.put("/state", state)
    draft = Draft.objects.create(account=account, state="saved", media_id="DRAFT", saved_revision=1)
    Article.objects.create(draft=draft, **article)
    return written(content={"type": "mpnews"}, draft=draft)


def test_the_draft_is_gone_with_the_send_on_both_sides(
    account: OfficialAccount, known: Simulated, send: MassSend
) -> None:
    assert settle(send).state == "accepted"
    assert send.draft is not None
    send.draft.refresh_from_db()
    assert (send.draft.state, send.draft.media_id, send.draft.is_changed) == ("edited", "", True)
    with pytest.raises(ApiError):
        drafts.get(client_for(account), "DRAFT")
    assert len(received(account, known, of=2)) == 2
    assert send.calls.get().msg_data_id is not None


def test_after_a_lost_answer_it_is_still_one_send(
    account: OfficialAccount, known: Simulated, send: MassSend
) -> None:
    known.sim("/faults", {"api": SENDALL, "times": 1, "drop_answer": True})
    assert a_minute_later(settle(send), known).state == "accepted"
    assert len(received(account, known, of=2)) == 2


def test_what_was_changed_here_is_not_sent_as_it_was(send: MassSend) -> None:
    Draft.objects.update(revision=2)
    send = settle(send)
    assert (send.state, send.error, send.calls.count()) == ("failed", "draft", 0)


def test_an_article_that_was_changed_and_saved_after_it_was_planned_is_not_sent(
    send: MassSend, staff: Cast
) -> None:
    planning.plan(send, timezone.now(), None)
    Draft.objects.update(revision=2, saved_revision=2)
    run_due()
    send.refresh_from_db()
    assert (send.state, send.calls.count()) == ("failed", 0)
    page = signed_in(staff.owner).get(f"/admin/campaigns/masssend/{send.pk}/change/").content.decode()
    assert "图文在定时群发之后被修改" in page


def test_what_waits_at_wechats_door_is_not_sent_changed_either(
    account: OfficialAccount, known: Simulated, send: MassSend, staff: Cast
) -> None:
    planning.plan(send, timezone.now(), None)
    work.run("campaigns.mass_begin")
    Draft.objects.update(revision=2, saved_revision=2)
    run_due()
    send.refresh_from_db()
    assert (send.state, send.calls.get().tried_at) == ("failed", None)
    assert received(account, known) == []
    page = signed_in(staff.owner).get(f"/admin/campaigns/masssend/{send.pk}/change/").content.decode()
    assert "图文在定时群发之后被修改" in page


def test_the_originality_check_is_kept(account: OfficialAccount, send: MassSend) -> None:
    call = settle(send).calls.get()
    event = MassSendFinished(
        to="gh", openid="o", create_time=0, msg_id=call.msg_id or 0, status="err(30003)", check_state=3,
        checks=(ArticleCheck(idx=1, audit=2, original_url="http://mp.weixin.qq.com/s/1"),),
        urls=(ArticleUrl(idx=1, url="http://mp.weixin.qq.com/s/2"),),
    )  # fmt: skip
    reports.store(account, event)
    call.refresh_from_db()
    assert (call.state, call.check_state, call.checks[0]["audit"]) == ("failed", 3, 2)
    assert call.urls == ["http://mp.weixin.qq.com/s/2"]


def test_it_is_deleted_there_and_the_cards_stay(
    account: OfficialAccount, known: Simulated, send: MassSend, staff: Cast
) -> None:
    send = settle(send)
    received(account, known, of=2)
    assert send.may_be_deleted_there
    owner, at = signed_in(staff.owner), f"/admin/campaigns/masssend/{send.pk}/delete-there/"
    # Nobody deletes it by mistake.
    owner.post(at)
    assert send.calls.get().state != "deleting"
    owner.post(at, {"word": "删除"})
    run_due()
    send.refresh_from_db()
    assert send.state == "deleted"
    assert mass.status(client_for(account), send.calls.get().msg_id or 0) == "DELETE"
    assert len(received(account, known)) == 2


def test_it_is_deleted_there_though_the_sends_of_the_day_are_used_up(
    known: Simulated, send: MassSend, staff: Cast, written: Writer
) -> None:
    send = settle(send)
    known.sim("/faults", {"api": SENDALL, "errcode": 45009})
    another = settle(written())
    assert another.calls.get().errcode == 45009
    at = f"/admin/campaigns/masssend/{send.pk}/delete-there/"
    signed_in(staff.owner).post(at, {"word": "删除"})
    run_due()
    send.refresh_from_db()
    assert (send.state, another.calls.get().state) == ("deleted", "waiting")
