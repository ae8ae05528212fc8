"""The worker's side of a mass send's calls: handed over, followed, deleted at the platform.

A call is *sending* in Postgres before the platform is asked. A lost answer is asked again under the same
``clientmsgid``: the platform then names the send of the first attempt.
"""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from accounts import retrying
from accounts.clients import client_for
from wechat.articles import sending as articles
from wechat.campaigns.mass import planning, reports
from wechat.campaigns.mass.bodies import NotReady, body_of
from wechat.campaigns.models import MassCall, MassPreview, MassSend
from wechat.kernel import due
from wechat.sdk.api import mass
from wechat.sdk.api.mass import Accepted
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, TransportError, WeChatError

State = MassCall.State

LEASE = datetime.timedelta(minutes=2)
# The platform refuses a repeat within a minute.
A_MINUTE = datetime.timedelta(seconds=61)
# A day there, less the longest pause and the clocks' difference.
REMEMBERED = datetime.timedelta(hours=22)
FOLLOW_AFTER = datetime.timedelta(minutes=10)
FOLLOW_FOR = datetime.timedelta(days=3)
SENT_BEFORE, TOO_FAST, UNKNOWN_MEDIA = 45065, 45066, 40007
CONFIRMING = (89504, 89505)


def work_off_due() -> int:
    """Do what is due until nothing is; how many calls were worked on."""
    begun = planning.begin_due()
    called = due.work_off(MassCall.objects.select_related("account"), work_on, lease=LEASE)
    return begun + called + _preview_due()


def work_on(call: MassCall) -> None:
    """One step of a claimed call."""
    STEPS[State(call.state)](client_for(call.account), call)
    reports.tell_state(call.send_id)


def is_due() -> bool:
    now = timezone.now()
    return any(
        rows.filter(due_at__lte=now).exists()
        for rows in (MassSend.objects, MassCall.objects, MassPreview.objects)
    )


def delete(send: MassSend) -> int:
    """Have it deleted at the platform; how many parts of it."""
    out = MassCall.objects.filter(send=send, state__in=[State.ACCEPTED, State.DONE])
    return out.update(state=State.DELETING, due_at=timezone.now(), attempts=0, errcode=None, error="")


def _hand_over(client: Client, call: MassCall) -> None:
    if call.tried_at and call.tried_at + REMEMBERED < timezone.now():
        _keep(call, state=State.UNCERTAIN, due_at=None, finished_at=timezone.now())
        return
    lost_before = call.tried_at
    call.attempts += 1
    state = State.CONFIRMING if call.state == State.CONFIRMING else State.SENDING
    tried_at = lost_before or timezone.now()
    MassCall.objects.filter(pk=call.pk).update(state=state, attempts=call.attempts, tried_at=tried_at)
    call.state, call.tried_at = state, tried_at
    try:
        accepted = _called(client, call)
    except ApiError as error:
        _refused(call, error, lost=lost_before is not None)
    except TransportError as error:
        _unanswered(call, error, lost_before)
    else:
        _accepted(call, accepted)


def _called(client: Client, call: MassCall) -> Accepted:
    body: mass.Body = call.body
    if body["msgtype"] == "mpvideo":
        send = MassSend.objects.get(pk=call.send_id)
        title, words = str(send.content.get("title", "")), str(send.content.get("description", ""))
        body = mass.video(mass.video_for_mass(client, body["mpvideo"]["media_id"], title, words))
    if call.recipients.exists() and call.tag_id is None:
        return mass.send(client, body, call.clientmsgid, planning.recipients(call))
    return mass.send_all(client, body, call.clientmsgid, tag_id=call.tag_id)


def _accepted(call: MassCall, accepted: Accepted) -> None:
    now = timezone.now()
    _keep(
        call,
        state=State.ACCEPTED,
        msg_id=accepted.msg_id,
        msg_data_id=accepted.msg_data_id or None,
        accepted_at=now,
        due_at=now + FOLLOW_AFTER,
        errcode=None,
        error="",
    )
    draft = MassSend.objects.select_related("draft").get(pk=call.send_id).draft
    if draft is not None and call.body["msgtype"] == "mpnews":
        articles.left_the_box(draft)
    # It may have been reported before its number was known here.
    reports.join(call.account_id, accepted.msg_id)


def _refused(call: MassCall, error: ApiError, *, lost: bool) -> None:
    told = {"errcode": error.errcode, "error": str(error)}
    if error.errcode == SENT_BEFORE and error.msg_id:
        _accepted(call, Accepted(error.msg_id))
    elif error.errcode == TOO_FAST:
        _keep(call, due_at=timezone.now() + A_MINUTE)
    elif error.errcode in CONFIRMING:
        _keep(
            call,
            state=State.CONFIRMING,
            due_at=timezone.now() + A_MINUTE,
            msg_id=error.msg_id or None,
            **told,
        )
    elif again := retrying.again_at(error, call.attempts - 1):
        _keep(call, state=State.WAITING, due_at=again, tried_at=call.tried_at if lost else None, **told)
    elif error.errcode == SENT_BEFORE or (lost and error.errcode == UNKNOWN_MEDIA):
        # A draft that is gone after a lost answer was probably sent.
        _keep(call, state=State.UNCERTAIN, due_at=None, finished_at=timezone.now(), **told)
    else:
        _keep(call, state=State.FAILED, due_at=None, finished_at=timezone.now(), **told)


def _unanswered(call: MassCall, error: TransportError, lost_before: datetime.datetime | None) -> None:
    pauses = retrying.PAUSES
    pause = max(A_MINUTE, pauses[min(call.attempts, len(pauses)) - 1])
    tried_at = call.tried_at if error.outcome_unknown else lost_before
    _keep(call, due_at=timezone.now() + pause, tried_at=tried_at, error=str(error))


def _follow(client: Client, call: MassCall) -> None:
    """The report has not come, or not been joined: the platform is asked."""
    assert call.msg_id is not None
    if reports.join(call.account_id, call.msg_id):
        return
    now = timezone.now()
    try:
        status = mass.status(client, call.msg_id)
    except WeChatError:
        status = ""
    ended = {"SEND_SUCCESS": State.DONE, "SEND_FAIL": State.FAILED, "DELETE": State.DELETED}.get(status)
    if ended is not None:
        _keep(call, state=ended, due_at=None, status=status, finished_at=now)
    elif call.accepted_at and call.accepted_at + FOLLOW_FOR < now:
        _keep(call, state=State.UNCERTAIN, due_at=None, finished_at=now)
    else:
        _keep(call, due_at=now + FOLLOW_AFTER)


def _delete(client: Client, call: MassCall) -> None:
    assert call.msg_id is not None
    call.attempts += 1
    MassCall.objects.filter(pk=call.pk).update(attempts=call.attempts)
    try:
        mass.delete(client, call.msg_id)
    except WeChatError as error:
        again = retrying.again_at(error, call.attempts - 1)
        code = error.errcode if isinstance(error, ApiError) else None
        state = State.DELETING if again else State.DONE
        _keep(call, state=state, due_at=again, errcode=code, error=str(error))
    else:
        _keep(call, state=State.DELETED, due_at=None, errcode=None, error="")


STEPS: Mapping[MassCall.State, Callable[[Client, MassCall], None]] = {
    State.WAITING: _hand_over,
    State.SENDING: _hand_over,
    State.CONFIRMING: _hand_over,
    State.ACCEPTED: _follow,
    State.DELETING: _delete,
}


def _keep(call: MassCall, **changes: Any) -> None:
    """Only the attempt on record may speak."""
    MassCall.objects.filter(pk=call.pk, attempts=call.attempts, state=call.state).update(**changes)


def _preview_due() -> int:
    waiting = MassPreview.objects.select_related("send__account", "send__draft", "send__asset")
    return due.work_off(waiting, _send_preview, lease=LEASE)


def _send_preview(preview: MassPreview) -> None:
    """A repeat after a lost answer is seen by one colleague."""
    changes: dict[str, Any] = {"attempts": preview.attempts + 1, "due_at": None, "errcode": None, "error": ""}
    try:
        mass.preview(client_for(preview.send.account), body_of(preview.send), wechat_id=preview.wechat_id)
    except NotReady as missing:
        changes |= {"error": missing.mark}
    except WeChatError as error:
        code = error.errcode if isinstance(error, ApiError) else None
        again = retrying.again_at(error, preview.attempts)
        changes |= {"due_at": again, "errcode": code, "error": str(error)}
    MassPreview.objects.filter(pk=preview.pk).update(**changes)
