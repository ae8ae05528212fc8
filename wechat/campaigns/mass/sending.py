"""The background work on the calls of mass sends: sending, following up, deleting at the platform.

A call is stored as *sending* before the platform is called. After a lost answer it is retried under the
same ``clientmsgid``: the platform then returns the message id of the first attempt.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from wechat.articles import sending as articles
from wechat.campaigns.mass import planning, reports
from wechat.campaigns.mass.bodies import BodyNotReady, body_of
from wechat.campaigns.models import MassCall, MassPreview, MassSend
from wechat.kernel import work
from wechat.sdk.calls import mass
from wechat.sdk.calls.mass import Accepted
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, Cause, TransportError, WeChatError

State = MassCall.State

# The platform refuses a repeat within a minute.
A_MINUTE = datetime.timedelta(seconds=61)
# The platform knows a ``clientmsgid`` for a day; the longest pause and clock differences are subtracted.
REMEMBERED = datetime.timedelta(hours=22)


class _Calls(work.Kind[MassCall]):
    """The kind of work on mass calls.

    It also updates the state of the mass send when a call is given up before it was worked on.
    """

    def gave_up_unworked(self, row: MassCall) -> None:
        reports.update_state(row.send_id)


# The states in which something is due.
DUE = (State.WAITING, State.SENDING, State.CONFIRMING, State.ACCEPTED, State.DELETING)
CALLS = _Calls(
    "campaigns.mass_send",
    lambda: MassCall.objects.select_related("account"),
    label=gettext_lazy("Mass sends"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
    retry=[A_MINUTE, *(datetime.timedelta(seconds=seconds) for seconds in (120, 600, 3600, 3600))],
    # What sends may have to wait for, following and deleting do not.
    divided_by="state",
    parts={**{each.value: each.label for each in DUE}, State.WAITING.value: State.SENDING.label},
    by_day=True,
)
PREVIEWS = work.Kind(
    "campaigns.mass_preview",
    lambda: MassPreview.objects.select_related("send__account", "send__draft", "send__asset"),
    label=gettext_lazy("Previews of mass sends"),
    lease=datetime.timedelta(minutes=2),
    # Somebody waits for the preview with the phone in hand.
    queue=work.INTERACTIVE,
    subject="send__account_id",
)
FOLLOW_AFTER = datetime.timedelta(minutes=10)
FOLLOW_FOR = datetime.timedelta(days=3)
SENT_BEFORE, TOO_FAST, UNKNOWN_MEDIA = 45065, 45066, 40007
CONFIRMING = (89504, 89505)


@CALLS.together
def work_on(calls: Sequence[MassCall]) -> None:
    """Does the next step of each call, and updates the states of their mass sends."""
    for call in calls:
        CALLS.attempt(call, _step)
        reports.update_state(call.send_id)


def _step(call: MassCall) -> None:
    STEPS[State(call.state)](client_for(call.account), call)


# Calls that WeChat refused for good without accepting anything.
NOT_ACCEPTED = Q(state=State.FAILED, tried_at=None, msg_id=None)


def try_again(calls: QuerySet[MassCall]) -> int:
    """Retries the calls that WeChat never accepted, for the same recipients; returns the number of calls."""
    refused = list(calls.filter(NOT_ACCEPTED))
    for call in refused:
        call.settle(
            state=State.WAITING, due_at=timezone.now(), finished_at=None, attempts=0, errcode=None, error=""
        )
        reports.update_state(call.send_id)
    work.wake(CALLS.name)
    return len(refused)


def delete(send: MassSend) -> int:
    """Schedules the deletion of a mass send at the platform; returns the number of calls to delete."""
    out = MassCall.objects.filter(send=send, state__in=[State.ACCEPTED, State.DONE])
    work.wake(CALLS.name)
    return out.update(state=State.DELETING, due_at=timezone.now(), attempts=0, errcode=None, error="")


def _hand_over(client: Client, call: MassCall) -> None:
    if call.tried_at and call.tried_at + REMEMBERED < timezone.now():
        call.give_up(call.error, state=State.UNCERTAIN)
        return
    lost_before = call.tried_at
    if lost_before is None and _send_of(call).is_article_changed:
        call.give_up("changed")
        return
    state = State.CONFIRMING if call.state == State.CONFIRMING else State.SENDING
    call.settle(state=state, tried_at=lost_before or timezone.now())
    try:
        accepted = _called(client, call)
    except ApiError as error:
        _refused(call, error, lost_before)
    except TransportError as error:
        if not error.outcome_unknown:
            call.settle(tried_at=lost_before)
        raise
    else:
        _accepted(call, accepted)


def _send_of(call: MassCall) -> MassSend:
    return MassSend.objects.select_related("draft").get(pk=call.send_id)


def _called(client: Client, call: MassCall) -> Accepted:
    body: mass.Body = call.body
    send = _send_of(call)
    if body["msgtype"] == "mpvideo":
        title, words = str(send.content.get("title", "")), str(send.content.get("description", ""))
        body = mass.video(mass.video_for_mass(client, body["mpvideo"]["media_id"], title, words))
    if call.tag_id is not None or send.target == MassSend.Target.ALL:
        return mass.send_all(client, body, call.clientmsgid, tag_id=call.tag_id)
    # Without recipients WeChat refuses the call; it must never become a message to everybody.
    return mass.send(client, body, call.clientmsgid, planning.recipients(call))


def _accepted(call: MassCall, accepted: Accepted) -> None:
    now = timezone.now()
    call.done(
        state=State.ACCEPTED,
        msg_id=accepted.msg_id,
        msg_data_id=accepted.msg_data_id or None,
        accepted_at=now,
        due_at=now + FOLLOW_AFTER,
    )
    draft = _send_of(call).draft
    if draft is not None and call.body["msgtype"] == "mpnews":
        articles.mark_mass_sent(draft)
    # The report may have arrived before the message id was known here.
    reports.join(call.account_id, accepted.msg_id)


def _refused(call: MassCall, error: ApiError, lost_before: datetime.datetime | None) -> None:
    """Records what a refusal means for the call.

    Raises ``error`` again if it does not decide about this very send.
    """
    in_a_minute = timezone.now() + A_MINUTE
    if error.errcode == SENT_BEFORE and error.msg_id:
        _accepted(call, Accepted(error.msg_id))
    elif error.errcode == TOO_FAST:
        call.settle(due_at=in_a_minute)
    elif error.errcode in CONFIRMING:
        call.again(error, in_a_minute, counts=False, state=State.CONFIRMING, msg_id=error.msg_id or None)
    elif error.errcode == SENT_BEFORE or (lost_before and error.errcode == UNKNOWN_MEDIA):
        # A draft that is gone after a lost answer was probably sent.
        call.give_up(error, state=State.UNCERTAIN)
    else:
        call.settle(state=State.SENDING if lost_before else State.WAITING, tried_at=lost_before)
        raise error


def _follow(client: Client, call: MassCall) -> None:
    """Asks the platform for the state of a call whose report has not arrived, or was not joined."""
    assert call.msg_id is not None
    if reports.join(call.account_id, call.msg_id):
        return
    now = timezone.now()
    ended = ENDED.get(_status(client, call.msg_id))
    if ended is not None:
        state, status = ended
        call.done(state=state, status=status, finished_at=now)
    elif call.accepted_at and call.accepted_at + FOLLOW_FOR < now:
        call.done(state=State.UNCERTAIN, finished_at=now)
    else:
        call.done(due_at=now + FOLLOW_AFTER)


def _status(client: Client, msg_id: int) -> str:
    """Returns the platform's status of a mass send; the empty text if it does not know the send."""
    try:
        return mass.status(client, msg_id)
    except WeChatError as error:
        if error.cause == Cause.ROW:
            return ""
        raise


def _delete(client: Client, call: MassCall) -> None:
    assert call.msg_id is not None
    mass.delete(client, call.msg_id)
    call.done(state=State.DELETED)


ENDED = {
    status: (state, status)
    for status, state in (
        ("SEND_SUCCESS", State.DONE),
        ("SEND_FAIL", State.FAILED),
        ("DELETE", State.DELETED),
    )
}
STEPS: Mapping[MassCall.State, Callable[[Client, MassCall], None]] = {
    State.WAITING: _hand_over,
    State.SENDING: _hand_over,
    State.CONFIRMING: _hand_over,
    State.ACCEPTED: _follow,
    State.DELETING: _delete,
}


@PREVIEWS.each
def send_preview(preview: MassPreview) -> None:
    """Sends a preview to one colleague, who may see it twice after a lost answer."""
    try:
        body = body_of(preview.send)
    except BodyNotReady as missing:
        raise ValidationError(missing.mark) from missing
    mass.preview(client_for(preview.send.account), body, wechat_id=preview.wechat_id)
    preview.done()
