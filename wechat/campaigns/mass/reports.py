"""The platform's reports on mass sends, joined to their calls in whichever order the two arrive.

Reference: WeChat reference 2.3 MASSSENDJOBFINISH details.
"""

import dataclasses
from typing import Any

from accounts.official.models import OfficialAccount
from wechat.campaigns.models import MassCall, MassReport, MassSend
from wechat.sdk.messages import MassSendFinished

State = MassCall.State

# By precedence: a mass send has the first of these states that belongs to one of its calls.
STATES_OF_CALLS: tuple[tuple[MassSend.State, frozenset[MassCall.State]], ...] = (
    (MassSend.State.SENDING, frozenset({State.WAITING, State.SENDING})),
    (MassSend.State.CONFIRMING, frozenset({State.CONFIRMING})),
    (MassSend.State.ACCEPTED, frozenset({State.ACCEPTED})),
    (MassSend.State.UNCERTAIN, frozenset({State.UNCERTAIN})),
    (MassSend.State.DONE, frozenset({State.DONE, State.DELETING})),
    (MassSend.State.DELETED, frozenset({State.DELETED})),
    (MassSend.State.FAILED, frozenset({State.FAILED})),
)
NOT_BEGUN = [MassSend.State.DRAFT, MassSend.State.SCHEDULED]


def store(account: OfficialAccount, message: MassSendFinished) -> None:
    """Stores the report, ignoring a repeated one, and joins it to its call if that is known."""
    values = {
        "status": message.status[:40],
        "total": message.total,
        "filtered": message.filtered,
        "sent": message.sent,
        "errors": message.errors,
        "check_state": message.check_state or None,
        "checks": [dataclasses.asdict(check) for check in message.checks],
        "urls": [url.url for url in message.urls],
        "succeeded": message.succeeded,
    }
    report = MassReport(account=account, msg_id=message.msg_id, values=values)
    MassReport.objects.bulk_create([report], ignore_conflicts=True)
    join(account.pk, message.msg_id)


def join(account_id: int, msg_id: int) -> bool:
    """Writes the report on its call; returns ``False`` as long as one of the two is missing."""
    report = MassReport.objects.filter(account=account_id, msg_id=msg_id).first()
    call = MassCall.objects.filter(account=account_id, msg_id=msg_id).first()
    if report is None or call is None:
        return False
    values: dict[str, Any] = dict(report.values)
    succeeded = values.pop("succeeded")
    MassCall.objects.filter(pk=call.pk).update(**values)
    state = State.DONE if succeeded else State.FAILED
    # A call that was deleted, or is being deleted, keeps its state.
    ending = MassCall.objects.filter(
        pk=call.pk, state__in=[State.SENDING, State.CONFIRMING, State.ACCEPTED, State.DONE, State.UNCERTAIN]
    )
    ending.update(state=state, due_at=None, finished_at=report.received_at)
    update_state(call.send_id)
    return True


def update_state(send_id: int) -> None:
    """Sets the state of a mass send that has begun from the states of its calls."""
    states = set(MassCall.objects.filter(send=send_id).values_list("state", flat=True))
    found = next((state for state, theirs in STATES_OF_CALLS if theirs & states), None)
    if found is not None:
        MassSend.objects.filter(pk=send_id).exclude(state__in=NOT_BEGUN).update(state=found)
