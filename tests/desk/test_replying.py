import datetime
import re
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.desk.conftest import OPENID, Wrote
from tests.locks import somebody_waits
from wechat.desk import staff as names
from wechat.desk import threads
from wechat.desk.models import CannedAnswer, Note, Takeover, Thread
from wechat.inbox import routing
from wechat.materials.models import Asset
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.sdk.messages import Click, Message, Text

pytestmark = pytest.mark.django_db


def act(desk: Client, thread: Thread, action: str, **given: Any) -> Any:
    """Presses a button as the page's script does, with the conversation before one's eyes."""
    return desk.post(
        f"/admin/desk/thread/{thread.pk}/",
        {"do": action, "newest": thread.newest_id, **given},
        headers={"X-Requested-With": "fetch"},
    )


def answer_to(account: OfficialAccount, message: Message) -> routing.Answer | None:
    return routing.answer(routing.InboundEvent(account, message))


def text(content: str, *, at: datetime.datetime | None = None) -> Text:
    moment = int((at or timezone.now()).timestamp())
    return Text(to="gh_0", openid=OPENID, create_time=moment, msg_id=1, content=content)


def test_a_reply_is_sent_once_however_often_the_form_arrives(desk: Client, staff: Cast, wrote: Wrote) -> None:
    thread = wrote()
    for _again in range(2):
        assert act(desk, thread, "reply", text="您好，在的", token="form1").status_code == 200
    push = Push.objects.get()
    assert push.content == {"type": "text", "content": "您好，在的"}
    assert push.cause == names.mark(staff.service)


def test_a_reply_whose_answer_was_lost_is_not_refused_when_it_took_the_last_place(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    act(desk, thread, "reply", text="您好", token="a")
    windows.exhaust(account, OPENID, timezone.now())
    assert act(desk, thread, "reply", text="您好", token="a").status_code == 200
    assert Push.objects.count() == 1


def test_what_was_written_into_a_reply_whose_answer_was_lost_is_not_dropped(
    desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    act(desk, thread, "reply", text="您好", token="a")
    refused = act(desk, thread, "reply", text="您好，七天内可退", token="a")
    assert (refused.status_code, "已经发出" in refused.json()["error"]) == (422, True)
    given = {"text": "您好，七天内可退", "token": refused.json()["token"], "seen": Push.objects.get().pk}
    assert act(desk, thread, "reply", **given).status_code == 200
    assert Push.objects.latest("pk").content["content"] == "您好，七天内可退"


def test_after_a_reply_nobody_waits_and_the_conversation_is_the_writers(
    desk: Client, staff: Cast, wrote: Wrote
) -> None:
    thread = wrote()
    act(desk, thread, "reply", text="您好", token="a")
    thread.refresh_from_db()
    assert thread.waiting_since is None
    assert thread.assignee == staff.service


def test_the_rules_are_silent_while_a_person_talks(
    account: OfficialAccount, desk: Client, staff: Cast, wrote: Wrote
) -> None:
    act(desk, wrote(), "reply", text="您好", token="a")
    answer = answer_to(account, text("价格"))
    assert answer == routing.Answer(names.mark(staff.service))
    after = Takeover.objects.get().until + datetime.timedelta(seconds=1)
    assert answer_to(account, text("价格", at=after)) is None


def test_a_menu_is_answered_while_a_person_talks(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    act(desk, wrote(), "take")
    now = int(timezone.now().timestamp())
    assert answer_to(account, Click(to="gh_0", openid=OPENID, create_time=now, event_key="menu")) is None


def test_the_rules_answer_again_when_they_are_given_back(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    act(desk, thread, "take")
    act(desk, thread, "give_back")
    assert answer_to(account, text("价格")) is None


def test_nothing_is_queued_when_nothing_may_be_sent(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    windows.exhaust(account, OPENID, timezone.now())
    refused = act(desk, thread, "reply", text="您好", token="a")
    assert refused.status_code == 422
    assert "微信目前不允许" in refused.json()["error"]
    assert not Push.objects.exists()


def test_the_second_of_two_who_reply_at_once_is_told(staff: Cast, wrote: Wrote) -> None:
    thread = wrote()
    first, second = signed_in(staff.service), signed_in(staff.owner)
    assert act(first, thread, "reply", text="您好", token="a", seen="0").status_code == 200
    refused = act(second, thread, "reply", text="在的", token="b", seen="0")
    assert refused.status_code == 422
    assert "service" in refused.json()["error"]
    seen = Push.objects.get().pk
    assert act(second, thread, "reply", text="在的", token="b", seen=str(seen)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_reply_in_the_same_moment_the_second_is_told(staff: Cast, wrote: Wrote) -> None:
    thread, answers = wrote(), []

    def reply() -> None:
        answers.append(act(signed_in(staff.service), thread, "reply", text="在的", token="b", seen="0"))
        connection.close()

    second = threading.Thread(target=reply)
    with transaction.atomic():
        # As the first does, whose message is not to be seen yet.
        Thread.objects.select_for_update().get(pk=thread.pk)
        second.start()
        while second.is_alive() and not somebody_waits():
            pass
        Push.objects.create(
            account=staff.ours, openid=OPENID, key="desk:1:a", content={"type": "text", "content": "您好"},
            cause=names.mark(staff.owner), due_at=timezone.now(),
        )  # fmt: skip
    second.join()
    assert (answers[0].status_code, "owner" in answers[0].json()["error"]) == (422, True)


def test_of_several_messages_at_once_none_is_lost(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    content = {"type": "text", "content": "您好"}
    canned = CannedAnswer.objects.create(account=account, shortcut="hi", content=content)
    picture = Asset.objects.create(
        account=account, name="菜单", content_type="image/png", size=1, state="uploaded", media_id="M1"
    )
    offered = {"text": "看这张图", "picture": picture.pk, "canned": canned.pk}
    for missing in ("", *offered):
        several = {name: value for name, value in offered.items() if name != missing}
        refused = act(desk, thread, "reply", token="a", **several)
        assert refused.status_code == 422
        assert "请依次发送" in refused.json()["error"]
    assert not Push.objects.exists()
    for number, (name, value) in enumerate(offered.items()):
        assert act(desk, thread, "reply", token=f"{number}", **{name: value}).status_code == 200
    assert Push.objects.count() == 3


def test_what_arrived_after_the_page_was_made_is_neither_answered_nor_closed(
    desk: Client, wrote: Wrote
) -> None:
    wrote("第一句")
    page = desk.get(f"/admin/desk/thread/?who={OPENID}").content.decode()
    (shown,) = set(re.findall(r'name="newest" value="(\d+)"', page))
    thread = wrote("第二句")
    for action in ("reply", "close"):
        act(desk, thread, action, text="您好", token="a", newest=shown)
        thread.refresh_from_db()
        assert (thread.is_open, threads.unread(thread)) == (True, 1)
        assert thread.waiting_since is not None
        assert thread.answered_id > 0
    act(desk, thread, "close", newest=str(thread.newest_id))
    thread.refresh_from_db()
    assert (thread.is_open, thread.waiting_since) == (False, None)


def test_an_empty_or_overlong_reply_is_refused_with_what_to_change(desk: Client, wrote: Wrote) -> None:
    thread = wrote()
    assert "请填写" in act(desk, thread, "reply", text="  ", token="a").json()["error"]
    assert "字节" in act(desk, thread, "reply", text="好" * 700, token="a").json()["error"]


def test_a_canned_answer_speaks_to_the_follower_by_remark(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    Follower.objects.create(account=account, openid=OPENID, remark="李女士")
    canned = CannedAnswer.objects.create(
        account=account, shortcut="hi", content={"type": "text", "content": "{remark}您好"}
    )
    act(desk, thread, "reply", canned=str(canned.pk), token="a")
    assert Push.objects.get().content["content"] == "李女士您好"


def test_another_accounts_canned_answer_cannot_be_used(desk: Client, staff: Cast, wrote: Wrote) -> None:
    theirs = CannedAnswer.objects.create(
        account=staff.theirs, shortcut="hi", content={"type": "text", "content": "秘密"}
    )
    assert act(desk, wrote(), "reply", canned=str(theirs.pk), token="a").status_code == 422
    assert not Push.objects.exists()


def test_a_note_is_in_the_conversation_and_never_sent(desk: Client, staff: Cast, wrote: Wrote) -> None:
    thread = wrote()
    act(desk, thread, "note", text="<b>VIP</b> 客户")
    assert Note.objects.get().author == staff.service
    page = desk.get(f"/admin/desk/thread/?who={OPENID}")
    assert "&lt;b&gt;VIP&lt;/b&gt; 客户" in page.content.decode()
    assert not Push.objects.exists()


def test_a_note_that_arrives_twice_is_kept_once_and_nothing_written_since_is_lost(
    desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    for _again in range(2):
        assert act(desk, thread, "note", text="老客户", token="a").status_code == 200
    refused = act(desk, thread, "note", text="老客户，要发票", token="a")
    assert (refused.status_code, "已经保存" in refused.json()["error"]) == (422, True)
    act(desk, thread, "note", text="老客户，要发票", token="b")
    assert Note.objects.count() == 2


def test_a_conversation_is_assigned_only_to_somebody_who_may_answer(
    desk: Client, staff: Cast, wrote: Wrote
) -> None:
    thread = wrote()
    for chosen, expected in ((staff.owner, staff.owner), (staff.outsider, None), (staff.editor, None)):
        act(desk, thread, "assign", to=str(chosen.pk))
        thread.refresh_from_db()
        assert thread.assignee == expected


@pytest.mark.parametrize("who", ["auditor", "editor"])
def test_whoever_only_reads_may_do_nothing(staff: Cast, wrote: Wrote, who: str) -> None:
    client = signed_in(getattr(staff, who))
    assert client.get("/admin/desk/thread/").status_code == 200
    assert act(client, wrote(), "reply", text="您好", token="a").status_code == 403


def test_an_outsider_finds_nothing(staff: Cast, wrote: Wrote) -> None:
    thread = wrote("秘密的问题")
    client = signed_in(staff.outsider)
    assert act(client, thread, "close").status_code == 404
    page = client.get(f"/admin/desk/thread/?who={OPENID}&box=all")
    assert "秘密的问题" not in page.content.decode()


def test_a_plain_form_works_without_a_script(desk: Client, wrote: Wrote) -> None:
    thread = wrote()
    answer = desk.post(
        f"/admin/desk/thread/{thread.pk}/",
        {"do": "reply", "text": "", "token": "a", "box": "mine"},
        follow=True,
    )
    assert answer.status_code == 200
    assert "请填写" in answer.content.decode()


def test_a_plain_form_that_is_refused_comes_back_as_it_was_filled_in(
    account: OfficialAccount, desk: Client, wrote: Wrote
) -> None:
    thread = wrote()
    picture = Asset.objects.create(
        account=account, name="菜单", content_type="image/png", size=1, state="uploaded", media_id="M1"
    )
    given = {"do": "reply", "text": "看这张图", "picture": picture.pk, "token": "a", "box": "all"}
    address = f"/admin/desk/thread/{thread.pk}/"
    page: Any = desk.post(address, given, follow=True)
    for shown in ("请依次发送", "看这张图</textarea>", f'<option value="{picture.pk}" selected>'):
        assert shown in page.content.decode()
    again = desk.get(f"/admin/desk/thread/?who={OPENID}").content.decode()
    assert "看这张图" not in again


def test_the_live_parts_are_sent_only_when_they_changed(desk: Client, wrote: Wrote) -> None:
    wrote("第一句")
    address = f"/admin/desk/thread/live/?who={OPENID}&looks=1"
    desk.get(address)
    have = desk.get(address).json()["have"]
    assert desk.get(f"{address}&have={have}").status_code == 204
    wrote("第二句")
    assert "第二句" in desk.get(f"{address}&have={have}").json()["parts"]["conversation"]


def test_two_who_look_at_the_same_conversation_see_each_other(staff: Cast, wrote: Wrote) -> None:
    wrote()
    address = f"/admin/desk/thread/live/?who={OPENID}"
    signed_in(staff.service).get(f"{address}&writes=1")
    assert "service 正在输入" in signed_in(staff.owner).get(address).json()["parts"]["head"]


def test_a_message_that_nobody_has_seen_is_not_put_off(desk: Client, wrote: Wrote) -> None:
    thread = wrote("在吗")
    wrote("急，今天就要")
    answer = act(desk, thread, "put_off", pause="week")
    assert (answer.status_code, "期间" in answer.json()["error"]) == (422, True)
    thread.refresh_from_db()
    assert not thread.is_put_off
    assert act(desk, thread, "put_off", pause="week").status_code == 200
    thread.refresh_from_db()
    assert thread.is_put_off
