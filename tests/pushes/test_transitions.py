"""The moves of a push: those of the table and no others, each made by one of those who try."""

import datetime
from itertools import product

import pytest
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.pushes import transitions
from wechat.pushes.models import Push, Receipt
from wechat.pushes.states import MOVES, PushState
from wechat.pushes.transitions import AttemptOutcome

pytestmark = pytest.mark.django_db

CLOSED = {"failed": "refused", "uncertain": "no_answer", "skipped": "no_window"}


def push(account: OfficialAccount, state: str, **more: object) -> Push:
    now = timezone.now()
    fields = {
        "reason": CLOSED.get(state, ""), "due_at": now if state in ("pending", "sending") else None,
        "sent_at": now if state in ("sent", "delivered") else None, "attempts": 1, "tried_at": now,
    }  # fmt: skip
    return Push.objects.create(
        account=account, openid="oA", key="1", content={}, kind="template", template="T", state=state,
        **{**fields, **more},
    )  # fmt: skip


def in_state(account: OfficialAccount) -> str:
    return Push.objects.values_list("state", flat=True).get()


@pytest.mark.parametrize(
    ("before", "after"),
    list(product(PushState, ["pending", "sent", "failed", "uncertain", "skipped"])),
)
def test_an_outcome_is_kept_where_the_table_has_the_move(
    account: OfficialAccount, before: str, after: str
) -> None:
    row, now = push(account, before), timezone.now()
    transitions.keep(
        [
            AttemptOutcome(
                push_id=row.pk, attempts=1, state=PushState(after), reason=CLOSED.get(after, ""),
                due_at=now if after == "pending" else None, sent_at=now if after == "sent" else None,
            )
        ]
    )  # fmt: skip
    was_tried = before in ("sending", "uncertain")
    assert in_state(account) == (after if was_tried and after in MOVES[before] else before)


@pytest.mark.parametrize("before", ["sending", "uncertain"])
def test_an_attempt_that_was_taken_over_changes_nothing_of_the_newer_one(
    account: OfficialAccount, before: str
) -> None:
    """Its answer came after its lease had ended and another worker had begun anew."""
    row = push(account, before, attempts=2)
    stale = AttemptOutcome(push_id=row.pk, attempts=1, state=PushState.FAILED, reason="refused", errcode=1)
    transitions.keep([stale])
    row.refresh_from_db()
    assert (row.state, row.attempts, row.errcode) == (before, 2, None)


@pytest.mark.parametrize("before", PushState)
def test_only_what_was_sent_is_delivered(account: OfficialAccount, before: str) -> None:
    push(account, before, msgid=7)
    receipt = Receipt.objects.create(account=account, msgid=7, status="success")
    assert transitions.join_receipts([receipt]) == {receipt.pk}
    assert in_state(account) == ("delivered" if before == "sent" else before)


@pytest.mark.parametrize("before", PushState)
def test_a_person_sends_again_what_did_not_surely_arrive(account: OfficialAccount, before: str) -> None:
    row = push(account, before)
    assert transitions.may_repeat(row) == transitions.send_again(row)
    assert in_state(account) == ("pending" if before in ("failed", "uncertain", "skipped") else before)


@pytest.mark.parametrize("before", PushState)
@pytest.mark.parametrize("was_tried", [True, False])
def test_only_what_was_never_tried_is_taken_back(
    account: OfficialAccount, before: str, was_tried: bool
) -> None:
    tried_at = timezone.now() - datetime.timedelta(seconds=5) if was_tried else None
    row = push(account, before, cause="campaign:1", bulk=True, tried_at=tried_at)
    gone = [row.pk] if before == "pending" and not was_tried else []
    assert transitions.take_back(account.pk, "campaign:1") == gone
    assert Push.objects.exists() is not bool(gone)
