"""The moves of a push: those of the table and no others, each made by one of those who try."""

import datetime
from itertools import product

import pytest
from django.db.models import Q
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.official.models import OfficialAccount
from wechat.kernel.work import waking
from wechat.pushes import batches, transitions
from wechat.pushes.models import Push, Receipt
from wechat.pushes.states import MOVES, PushState
from wechat.pushes.transitions import AttemptOutcome

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)
CLOSED = {"failed": "refused", "uncertain": "no_answer", "skipped": "no_window"}


def push(account: OfficialAccount, state: str, **more: object) -> Push:
    now = timezone.now()
    fields = {
        "key": "1", "reason": CLOSED.get(state, ""),
        "due_at": now if state in ("pending", "sending") else None,
        "sent_at": now if state in ("sent", "delivered") else None, "attempts": 1, "tried_at": now,
    }  # fmt: skip
    return Push.objects.create(
        account=account, openid="oA", content={}, kind="template", template="T", state=state,
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
    transitions.save_outcomes(
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
    transitions.save_outcomes([stale])
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


def test_a_claimed_push_is_its_workers_until_the_lease_ends(account: OfficialAccount) -> None:
    def claimed() -> list[Push]:
        return transitions.claim(
            account.pk, "template", bulk=False, in_order=False, limit=5, lease=datetime.timedelta(hours=1)
        )

    row, now = push(account, "pending"), timezone.now()
    assert [each.pk for each in claimed()] == [row.pk]
    row.refresh_from_db()
    assert row.state == "sending"
    assert row.due_at is not None
    assert row.due_at >= now + datetime.timedelta(hours=1)
    assert claimed() == []


def test_of_what_a_stopped_worker_left_only_what_bears_a_repeat_is_sent_again(
    account: OfficialAccount,
) -> None:
    over = timezone.now() - MINUTE
    lost = push(account, "sending", key="lost", due_at=over)
    safe = push(account, "sending", key="safe", due_at=over)
    push(account, "sending", key="held", due_at=timezone.now() + MINUTE)
    push(account, "sending", key="bulk", due_at=over, bulk=True)
    transitions.release_interrupted(Q(pk=safe.pk), bulk=False)
    assert dict(Push.objects.values_list("key", "state")) == {
        "lost": "uncertain", "safe": "pending", "held": "sending", "bulk": "sending",
    }  # fmt: skip
    lost.refresh_from_db()
    assert (lost.reason, lost.due_at) == ("interrupted", None)


@pytest.mark.parametrize(("bulk", "work"), [(True, "pushes.send_bulk"), (False, "pushes.send")])
def test_what_a_person_sends_again_wakes_the_worker_of_its_queue(
    account: OfficialAccount,
    bulk: bool,
    work: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(waking, "wake_now", woken.append)
    row = push(account, "failed", bulk=bulk)
    with django_capture_on_commit_callbacks(execute=True):
        transitions.send_again(row)
    assert woken == [work]


def test_what_waits_and_what_is_being_sent_is_still_open(account: OfficialAccount) -> None:
    for state in PushState:
        push(account, state, key=state, cause="campaign:1", bulk=True)
    assert batches.count_open("campaign:1") == 2
