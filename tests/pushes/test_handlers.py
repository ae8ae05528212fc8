from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.platform import Platform
from tests.working import react_to_due, react_to_late
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.pushes import handlers, subscription_quota, windows
from wechat.pushes.conversation import pushed
from wechat.pushes.models import Push, Receipt
from wechat.sdk.content import Text
from wechat.sdk.messages import (
    SubscribeNoticeChange,
    SubscribeNoticePopup,
    SubscribeNoticeSent,
    TemplateSendFinished,
    Unsubscribe,
)
from wechat.sdk.stored_content import to_dict

pytestmark = pytest.mark.django_db(transaction=True)

Recorded = Callable[..., InboundMessage]


@pytest.fixture(autouse=True)
def _only_pushes_react() -> Iterator[None]:
    with routing.replaced():
        routing.reacts()(handlers.open_window)
        routing.reacts(Unsubscribe)(handlers.close_windows)
        routing.reacts()(handlers.answer_late)
        routing.reacts()(handlers.send_further_answers)
        routing.reacts(TemplateSendFinished)(handlers.note_receipt)
        routing.reacts(SubscribeNoticeSent)(handlers.note_notice_receipts)
        routing.reacts(SubscribeNoticePopup, SubscribeNoticeChange)(handlers.note_agreements)
        yield


def left(account: OfficialAccount) -> int:
    return windows.left(account, "oA", timezone.now()).left


@pytest.mark.parametrize(
    ("event", "key", "allowed"),
    [
        ("subscribe", "", 3),
        ("SCAN", "1001", 3),
        ("CLICK", "V1001", 3),
        ("scancode_push", "rselfmenu_0_1", 3),
        ("scancode_waitmsg", "rselfmenu_0_0", 3),
        ("VIEW", "https://example.com", 0),
        ("pic_weixin", "rselfmenu_1_2", 0),
        ("location_select", "rselfmenu_2_0", 0),
        ("LOCATION", "", 0),
        ("TEMPLATESENDJOBFINISH", "", 0),
    ],
)
def test_only_the_actions_the_platform_counts_open_a_window(
    recorded: Recorded, platform: Platform, account: OfficialAccount, event: str, key: str, allowed: int
) -> None:
    recorded(platform.event("oA", event, f"<EventKey><![CDATA[{key}]]></EventKey>"))
    react_to_due()
    assert left(account) == allowed


def test_a_text_allows_five_messages_for_two_days(
    recorded: Recorded, platform: Platform, account: OfficialAccount
) -> None:
    row = recorded(platform.text("你好", openid="oA"))
    react_to_due()
    allowance = windows.left(account, "oA", timezone.now())
    assert allowance == windows.Allowance((windows.Left(5, row.sent_at + timedelta(hours=48)),))


def test_a_tap_in_a_menu_message_counts_as_a_tap(
    recorded: Recorded, platform: Platform, account: OfficialAccount
) -> None:
    recorded(platform.message("oA", "text", "<Content>满意</Content><bizmsgmenuid>101</bizmsgmenuid>"))
    react_to_due()
    assert left(account) == 3


def test_leaving_closes_every_window_also_for_what_is_handled_after_it(
    recorded: Recorded, platform: Platform, account: OfficialAccount
) -> None:
    now = timezone.now()
    recorded(platform.event("oA", "unsubscribe"), sent_at=now)
    react_to_due()
    recorded(platform.text("1", openid="oA"), sent_at=now - timedelta(seconds=5))
    react_to_due()
    assert left(account) == 0


def test_a_message_handled_twice_allows_no_more(
    recorded: Recorded, platform: Platform, account: OfficialAccount
) -> None:
    row = recorded(platform.text("1", openid="oA"))
    react_to_due()
    windows.spend_each(account, ["oA"], timezone.now())
    InboundMessage.objects.filter(pk=row.pk).update(due_at=timezone.now())
    react_to_due()
    assert left(account) == 4


def test_further_answers_are_queued_once_and_in_order(recorded: Recorded, platform: Platform) -> None:
    contents = [to_dict(Text("一")), to_dict(Text("二"))]
    row = recorded(platform.text("1"), later=contents, answered_by="rule:12")
    for _ in range(2):
        InboundMessage.objects.filter(pk=row.pk).update(due_at=timezone.now())
        react_to_due()
    pushes = Push.objects.order_by("pk")
    assert [push.content for push in pushes] == contents
    assert {(push.cause, push.inbound_id, push.openid) for push in pushes} == {("rule:12", row.pk, "oA")}


def test_an_answer_that_was_late_is_kept_though_another_reaction_fails(
    recorded: Recorded, platform: Platform
) -> None:
    @routing.answers(order=1)
    def answer(event: InboundEvent) -> Answer:
        return Answer("rule:3", Text("现在"))

    @routing.reacts()
    def fails(event: InboundEvent) -> None:
        raise RuntimeError("not now")

    recorded(platform.text("hi"), late=True)
    react_to_late()
    row = InboundMessage.objects.get()
    assert (row.answered_by, row.error) == ("rule:3", "RuntimeError: not now")
    assert Push.objects.get().content["content"] == "现在"


def test_an_answer_that_was_late_is_sent_and_the_log_says_by_whom(
    recorded: Recorded, platform: Platform
) -> None:
    asked: list[str] = []

    @routing.answers(order=1)
    def slow(event: InboundEvent) -> Answer:
        asked.append(event.message.text)
        return Answer("rule:7", Text("久等了"), later=(Text("还有"),))

    row = recorded(platform.text("查询"), late=True)
    for _ in range(2):
        InboundMessage.objects.filter(pk=row.pk).update(due_at=timezone.now())
        react_to_late()
    row.refresh_from_db()
    assert [push.content["content"] for push in Push.objects.order_by("pk")] == ["久等了", "还有"]
    assert (row.answered_by, row.answer, asked) == ("rule:7", None, ["查询"])


def test_an_answer_that_is_still_worked_out_holds_up_no_other_message(
    recorded: Recorded, platform: Platform
) -> None:
    late, prompt = recorded(platform.text("slow"), late=True), recorded(platform.text("hello"))
    react_to_due()
    for row in (late, prompt):
        row.refresh_from_db()
    assert (late.handled_at, prompt.handled_at is None) == (None, False)
    assert react_to_late() == 1


def test_a_late_message_nobody_answers_is_left_unanswered(recorded: Recorded, platform: Platform) -> None:
    row = recorded(platform.text("?"), late=True)
    react_to_late()
    row.refresh_from_db()
    assert row.answered_by == ""
    assert not Push.objects.exists()


def test_the_conversation_shows_what_was_pushed_newest_first(
    account: OfficialAccount, asked: Callable[..., Push]
) -> None:
    for text in ("一", "二", "三"):
        asked(text)
    asked("别人", openid="oB")
    shown = list(pushed(account, "oA", None, 2))
    assert [bubble.part.text for bubble in shown] == ["三", "二"]
    older = list(pushed(account, "oA", shown[-1].at, 2))
    assert [bubble.part.text for bubble in older] == ["一"]


# --- what the platform reports, and what followers agree to


def event_of(name: str, inner: str) -> str:
    return (
        "<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oA</FromUserName><CreateTime>1764000000"
        f"</CreateTime><MsgType>event</MsgType><Event>{name}</Event>{inner}</xml>"
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [("success", ""), ("failed:user block", "blocked"), ("failed: system failed", "undelivered")],
)
def test_a_report_of_a_template_message_is_noted_once(
    recorded: Callable[..., InboundMessage], status: str, reason: str
) -> None:
    recorded(
        event_of("TEMPLATESENDJOBFINISH", f"<MsgID>3428411849815982087</MsgID><Status>{status}</Status>")
    )
    react_to_due()
    InboundMessage.objects.update(due_at=timezone.now())
    react_to_due()
    assert list(Receipt.objects.values_list("msgid", "reason")) == [(3428411849815982087, reason)]


def test_a_report_of_notices_is_noted_for_each(recorded: Callable[..., InboundMessage]) -> None:
    listed = "".join(
        f"<List><TemplateId>W</TemplateId><MsgID>{number}</MsgID><ErrorCode>{code}</ErrorCode>"
        f"<ErrorStatus>x</ErrorStatus></List>"
        for number, code in ((1, 0), (2, 43101))
    )
    recorded(event_of("subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{listed}</SubscribeMsgSentEvent>"))
    react_to_due()
    found = Receipt.objects.order_by("msgid").values_list("msgid", "reason")
    assert list(found) == [(1, ""), (2, "undelivered")]


def test_a_report_of_a_notice_without_a_code_counts_by_its_status_and_without_both_not_at_all(
    recorded: Callable[..., InboundMessage],
) -> None:
    listed = "".join(
        f"<List><TemplateId>W</TemplateId><MsgID>{number}</MsgID>{outcome}</List>"
        for number, outcome in enumerate(
            (
                "<ErrorStatus>success</ErrorStatus>",
                "<ErrorStatus>failed</ErrorStatus>",
                "<ErrorCode>none</ErrorCode>",
                "",
            ),
            start=1,
        )
    )
    recorded(event_of("subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{listed}</SubscribeMsgSentEvent>"))
    react_to_due()
    found = Receipt.objects.order_by("msgid").values_list("msgid", "reason")
    assert list(found) == [(1, ""), (2, "undelivered")]


def test_agreements_of_the_pop_up_count_once(
    recorded: Callable[..., InboundMessage], account: OfficialAccount
) -> None:
    listed = "".join(
        f"<List><TemplateId>{template}</TemplateId><SubscribeStatusString>{status}</SubscribeStatusString>"
        f"<PopupScene>1</PopupScene></List>"
        for template, status in (("V", "accept"), ("W", "reject"))
    )
    recorded(
        event_of("subscribe_msg_popup_event", f"<SubscribeMsgPopupEvent>{listed}</SubscribeMsgPopupEvent>")
    )
    for _ in range(2):
        react_to_due()
        InboundMessage.objects.update(due_at=timezone.now())
    assert subscription_quota.left(account, "oA", ["V", "W"]) == {"V": 1, "W": 0}


def test_the_id_of_a_template_may_have_any_length(
    recorded: Callable[..., InboundMessage], account: OfficialAccount
) -> None:
    template = "V" * 300
    for name, status in (("popup", "accept"), ("change", "reject")):
        listed = (
            f"<List><TemplateId>{template}</TemplateId>"
            f"<SubscribeStatusString>{status}</SubscribeStatusString></List>"
        )
        element = f"SubscribeMsg{name.title()}Event"
        row = recorded(event_of(f"subscribe_msg_{name}_event", f"<{element}>{listed}</{element}>"))
        react_to_due()
        row.refresh_from_db()
        assert (row.error, row.due_at) == ("", None)
    assert subscription_quota.left(account, "oA", [template]) == {template: 0}


def test_a_refusal_in_the_settings_ends_the_agreements(
    recorded: Callable[..., InboundMessage], account: OfficialAccount
) -> None:
    subscription_quota.agree(account, "oA", "V", timezone.now() - timedelta(minutes=1), "earlier")
    listed = "<List><TemplateId>V</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>"
    recorded(
        event_of("subscribe_msg_change_event", f"<SubscribeMsgChangeEvent>{listed}</SubscribeMsgChangeEvent>")
    )
    react_to_due()
    assert subscription_quota.left(account, "oA", ["V"]) == {"V": 0}
