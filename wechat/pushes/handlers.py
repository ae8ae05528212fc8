"""The registrations of pushes: send windows, further answers, receipts, agreements and names of causes."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.inbox import answerers, conversation, routing
from wechat.inbox.answerers import Answerer, named
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import InboundEvent, reacts
from wechat.kernel import work
from wechat.pushes import receipts, subscription_quota, windows
from wechat.pushes.conversation import pushed
from wechat.pushes.models import EventTemplate, Push, SendWindow
from wechat.pushes.queueing import queue
from wechat.sdk.messages import (
    Click,
    EnterTempSession,
    Image,
    Link,
    Location,
    Message,
    MiniProgramPage,
    Scan,
    ScanCode,
    Subscribe,
    SubscribeNoticeChange,
    SubscribeNoticePopup,
    SubscribeNoticeSent,
    TemplateSendFinished,
    Text,
    UnknownMessage,
    Unsubscribe,
    Video,
    Voice,
)
from wechat.sdk.stored_content import from_dict, to_dict

Reason, Trigger = Push.Reason, SendWindow.Trigger

# The actions that open a send window; others, such as a view or a picture button, do not.
ACTIONS: tuple[tuple[tuple[type[Message], ...], SendWindow.Trigger], ...] = (
    ((Text, Image, Voice, Video, Location, Link, MiniProgramPage, UnknownMessage), Trigger.MESSAGE),
    ((Click, ScanCode), Trigger.MENU),
    ((Subscribe,), Trigger.FOLLOW),
    ((Scan,), Trigger.SCAN),
    ((EnterTempSession,), Trigger.ENTER),
)

conversation.register(pushed)


answerers.call("api", gettext_lazy("a business system, through the API"))


@named("api", gone=gettext_lazy("a business system that has no access any more"))
def clients(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = ApiClient.objects.filter(pk__in=[each for each in ids if each.isdecimal()])
    return {str(pk): Answerer(name) for pk, name in found.values_list("pk", "name")}


@named("event", gone=gettext_lazy("an automatic message that was deleted"))
def automatic_messages(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = EventTemplate.objects.filter(pk__in=[each for each in ids if each.isdecimal()])
    return {
        str(each.pk): Answerer(
            _("automatic message “%(name)s”") % {"name": each.template},
            reverse("admin:pushes_eventtemplate_change", args=[each.pk]),
        )
        for each in found.select_related("template")
    }


@reacts()
def open_window(event: InboundEvent) -> None:
    trigger = _trigger(event.message)
    if trigger and event.row:
        windows.grant(event.account, event.row.openid, trigger, event.row.sent_at)


@reacts(Unsubscribe)
def close_windows(event: InboundEvent) -> None:
    if event.row:
        windows.close(event.account, event.row.openid, event.row.sent_at)


@reacts()
def answer_late(event: InboundEvent) -> None:
    """Determines the answer to a message that was not answered in time.

    It becomes one of the further answers, all of which ``send_further_answers`` queues.
    """
    row = event.row
    if row is None or not row.late or row.answered_by:
        return
    answer = routing.answer(event)
    if answer is None:
        return
    contents = [*([answer.now] if answer.now else []), *answer.later]
    row.answered_by = answer.by
    row.later = [to_dict(content) for content in contents]
    row.save(update_fields=["answered_by", "later"])


@reacts()
def send_further_answers(event: InboundEvent) -> None:
    if event.row:
        _queue_later(event.account, event.row)


@reacts(TemplateSendFinished)
def note_receipt(event: InboundEvent) -> None:
    message = event.message
    assert isinstance(message, TemplateSendFinished)
    reason = "" if message.delivered else Reason.BLOCKED if message.blocked else Reason.UNDELIVERED
    receipts.store(event.account, message.msg_id, reason, message.status)
    work.wake("pushes.join_receipts")


@reacts(SubscribeNoticeSent)
def note_notice_receipts(event: InboundEvent) -> None:
    message = event.message
    assert isinstance(message, SubscribeNoticeSent)
    for outcome in message.outcomes:
        # Without an outcome the notice stays sent, neither delivered nor failed.
        if outcome.delivered is not None:
            reason = "" if outcome.delivered else Reason.UNDELIVERED
            code = "?" if outcome.error_code is None else outcome.error_code
            receipts.store(event.account, outcome.msg_id, reason, f"{code} {outcome.error_status}")
    work.wake("pushes.join_receipts")


@reacts(SubscribeNoticePopup, SubscribeNoticeChange)
def note_agreements(event: InboundEvent) -> None:
    """Records what a follower agreed to and refused.

    A refusal in the pop-up only declines a further agreement; one in the settings ends all agreements.
    """
    message, row = event.message, event.row
    assert isinstance(message, SubscribeNoticePopup | SubscribeNoticeChange)
    if row is None:
        return
    for number, choice in enumerate(message.choices):
        if choice.status == "accept":
            key = f"{row.key}:{number}"
            subscription_quota.agree(event.account, row.openid, choice.template_id, row.sent_at, key)
        elif isinstance(message, SubscribeNoticeChange):
            subscription_quota.refuse(event.account, row.openid, choice.template_id, row.sent_at)


def _queue_later(account: OfficialAccount, row: InboundMessage) -> None:
    for number, content in enumerate(row.later or []):
        queue(
            account=account,
            openid=row.openid,
            content=from_dict(content),
            key=f"later:{row.pk}:{number}",
            cause=row.answered_by,
            inbound=row,
        )


def _trigger(message: Message) -> SendWindow.Trigger | None:
    # A tap on an entry of a menu message is received as a text, and counts as a tap.
    if isinstance(message, Text) and message.menu_id:
        return Trigger.MENU
    return next((trigger for kinds, trigger in ACTIONS if isinstance(message, kinds)), None)
